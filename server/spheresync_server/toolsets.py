"""Toolsets: parts of the tools, for servers that are to offer less (`serve --toolsets`)."""

from __future__ import annotations

from enum import StrEnum

from spheresync.errors import UsageError


class Toolset(StrEnum):
    """A part of the tools; `get_sync_status` is in each."""

    CATALOG = "catalog"
    CHANGES = "changes"
    RUNS = "runs"
    AUDIT = "audit"
    GOVERNANCE = "governance"
    ADMIN = "admin"


EVERY_TOOLSET = frozenset(Toolset)


def toolsets_in(text: str | None) -> frozenset[Toolset]:
    """The toolsets that a comma list names; every one where nothing is given.

    Raises:
        UsageError: a word is none.
    """
    if text is None:
        return EVERY_TOOLSET
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in set(Toolset)]
    if unknown or not words:
        told = f"there is no toolset {', '.join(unknown)}." if unknown else "--toolsets names none."
        raise UsageError(told, remedy=f"Valid, with commas between them: {', '.join(Toolset)}.")
    return frozenset(map(Toolset, words))
