"""What the sections of targets share that have a glossary: its name, and what its terms mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, PrivateAttr

from spheresync.config.context import ContextTerm
from spheresync.config.sections import TargetSection
from spheresync.model import Digest, digest_json

LONGEST_NAME = 256
"""Characters of the name of a glossary or term (reference: aws-catalogs.md 4)."""


def _glossary(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("must be one line of text, such as SAP Datasphere")
    if len(text) > LONGEST_NAME:
        raise ValueError(f"has {len(text)} characters, {LONGEST_NAME} at most")
    return text


class GlossarySection(TargetSection):
    """`glossary`: where terms are, by its name."""

    glossary: Annotated[str, AfterValidator(_glossary)] = "SAP Datasphere"

    _terms: Mapping[str, ContextTerm] = PrivateAttr(default_factory=dict)

    def with_terms(self, terms: Mapping[str, ContextTerm]) -> Self:
        """The same, knowing what terms mean: what a term is in the catalog goes by that."""
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
