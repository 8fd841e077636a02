"""The section `datazone:`: the domain, project and glossary, and whether assets are published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, PrivateAttr

from spheresync.config.context import ContextTerm
from spheresync.config.sections import TargetSection
from spheresync.model import Digest, digest_json

_DOMAIN = re.compile(r"dzd[-_][a-zA-Z0-9_-]{1,36}", re.ASCII)
_PROJECT = re.compile(r"[a-zA-Z0-9_-]{1,36}", re.ASCII)
LONGEST_NAME = 256
"""Characters of the name of a glossary or term (reference: aws-catalogs.md 4)."""


class Publish(StrEnum):
    """When what was written is shown to everybody who looks for data in the domain."""

    NEVER = "never"
    REVIEW = "review"
    ALWAYS = "always"


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise ValueError("must be the id of a domain, such as dzd_4x7k2m9p1q3r5s")
    return text


def _project(text: str) -> str:
    if not _PROJECT.fullmatch(text):
        raise ValueError("must be the id of a project: at most 36 letters, digits, _ or -")
    return text


def _glossary(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("must be one line of text, such as SAP Datasphere")
    if len(text) > LONGEST_NAME:
        raise ValueError(f"has {len(text)} characters, {LONGEST_NAME} at most")
    return text


class DataZone(TargetSection):
    """`domain_id`, `project_id`: where assets are; needed once `targets` has datazone. `glossary`: where terms are.

    `publish`: whether what was written is published, each time with a second person's word or at once.
    """

    domain_id: Annotated[str, AfterValidator(_domain)] | None = None
    project_id: Annotated[str, AfterValidator(_project)] | None = None
    glossary: Annotated[str, AfterValidator(_glossary)] = "SAP Datasphere"
    publish: Publish = Publish.NEVER

    _terms: Mapping[str, ContextTerm] = PrivateAttr(default_factory=dict)

    def with_terms(self, terms: Mapping[str, ContextTerm]) -> DataZone:
        """The same, knowing what terms mean: what a term is in DataZone goes by that."""
        copy = self.model_copy()
        copy._terms = terms  # noqa: SLF001 -- its own
        return copy

    @property
    def terms(self) -> Mapping[str, ContextTerm]:
        """The terms that context files define, by name."""
        return self._terms

    @property
    def digest(self) -> Digest:
        meant = [[name, term.model_dump(mode="json")] for name, term in sorted(self._terms.items())]
        return digest_json([super().digest, meant])
