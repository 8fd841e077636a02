"""How people call a target and what it holds: words of sentences that are alike for all targets. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from spheresync.model import FieldChange, TargetName

ACCESS_REACH = "access_reach"
"""Code of findings that say who gains or loses what by changes of access."""


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One object whose write or delete changes who sees what. What is new or deleted may tell no fields."""

    deleted: bool
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class AccessAccount:
    """What changes of access come to; `look`: what to look at besides that they carry `access: true`."""

    text: str
    look: str = ""


class TargetWords(Protocol):
    """The words of one kind of target."""

    @property
    def name(self) -> TargetName: ...

    @property
    def service(self) -> str:
        """The service as people call it."""
        return self.name

    @property
    def object_word(self) -> str:
        """What one of its objects is called."""
        return "table"

    @property
    def named_word(self) -> str:
        """The same beside objects of other targets."""
        return self.object_word

    @property
    def missing_text(self) -> str:
        """What somebody else did where an object of ours is not there any more."""
        return f"somebody else has deleted the {self.object_word}"

    @property
    def conflict_remedy(self) -> str:
        """What to do where an object that is not ours stands where ours should."""
        return (
            "Give the asset another name or database by `prefix:` or a mapping rule (by another `bind:` where one "
            "binds it to that table), or move the table out of the way if it is yours; the next sync looks again."
        )

    @property
    def taken_remedy(self) -> str:
        """What to do where an object that was ours carries our mark no more."""
        return (
            "To keep the table as it is now, give the asset another name by a mapping rule, or move that table out of "
            "the way. Where the marker is put back it is ours again: the next sync writes it as the asset is, and what "
            "others made of it may be lost."
        )
