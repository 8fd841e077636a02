"""The section `datazone:`: the domain, project and glossary, and whether assets are published."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from spheresync.config.glossary import GlossarySection

_DOMAIN = re.compile(r"dzd[-_][a-zA-Z0-9_-]{1,36}", re.ASCII)
_PROJECT = re.compile(r"[a-zA-Z0-9_-]{1,36}", re.ASCII)


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


class DataZone(GlossarySection):
    """`domain_id`, `project_id`: where assets are; needed once `targets` has datazone. `glossary`: where terms are.

    `publish`: whether what was written is published, each time with a second person's word or at once.
    """

    domain_id: Annotated[str, AfterValidator(_domain)] | None = None
    project_id: Annotated[str, AfterValidator(_project)] | None = None
    publish: Publish = Publish.NEVER

    @property
    def home(self) -> str:
        """Domain and project as one text: no id holds a slash."""
        return f"{self.domain_id}/{self.project_id}"
