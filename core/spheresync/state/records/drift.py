"""What a look at a target found that others have changed, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from spheresync.model import (
    AssetId,
    ChangeSetId,
    DestinationName,
    JsonValue,
    PhysicalName,
    Problem,
    TargetKey,
    TargetName,
)

WHOLE: Mapping[str, JsonValue] = {"assets": [], "spaces": [], "tiers": []}
"""The scope of a look at everything."""


class DriftKind(StrEnum):
    """What others did to an object; declared by gravity."""

    DATABASE_DELETED = "database_deleted"
    TABLE_DELETED = "table_deleted"
    OBJECT_DELETED = "object_deleted"  # of a target that adds to tables: a data set, an asset with our form
    UNPUBLISHED = "unpublished"
    MARKER_LOST = "marker_lost"  # our marker is gone, so the object is nobody's of this installation
    TAKEN_OVER = "taken_over"  # it carries the marker of another installation or asset
    COLUMNS = "columns"
    PARAMETERS = "parameters"
    TAGS = "tags"  # LF-Tags
    DESCRIPTION = "description"
    COMMENTS = "comments"
    OTHER = "other"  # table type, storage, partition keys and further members


_GONE = frozenset(
    {DriftKind.DATABASE_DELETED, DriftKind.TABLE_DELETED, DriftKind.OBJECT_DELETED, DriftKind.UNPUBLISHED}
)


class DriftEffect(StrEnum):
    """What becomes of it when the repair is applied; declared by weight."""

    RECREATE = "recreate"
    RESTORE = "restore"
    CONFLICT = "conflict"  # not ours any more: never touched
    WAITS = "left: another edit of the table stays"
    REPORT = "report"
    KEEP = "keep"
    NOT_OURS = "kept: not ours"


class PendingRepair(IntEnum):
    """What is left to do about an object that drifted."""

    NOTHING = 0  # the policies keep what others did
    TO_TELL = 1  # it is not as it should be, and the policies leave it so
    TO_MEND = 2  # looked at anew in each sync, and written when the way is free
    TO_MEND_IN_PART = 3  # what the policies only report stays after that


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """One field, from what was written to what was found; `policy` None where no policy has a say."""

    path: str
    kind: DriftKind
    written: JsonValue
    found: JsonValue
    policy: str | None
    effect: DriftEffect


@dataclass(frozen=True, slots=True)
class TableDrift:
    """One object that is not as it was last written.

    `kinds` by gravity, the first with its `policy`; `fields` the first of `fields_total`. `changed_at` is None, and
    `changed_by` says so, where the target does not tell. `stays`: some of it will be there after the table is written.
    """

    asset: AssetId
    target: TargetName
    destination: DestinationName
    container: PhysicalName
    name: PhysicalName
    kinds: tuple[DriftKind, ...]
    policy: str | None
    effect: DriftEffect
    reason: str
    remedy: str
    fields: tuple[FieldDrift, ...]
    fields_total: int
    changed_at: str | None
    changed_by: str
    stays: bool

    @property
    def key(self) -> TargetKey:
        """The target and the destination that it is of."""
        return TargetKey(self.target, self.destination)

    @property
    def table(self) -> str:
        return f"{self.container}.{self.name}"

    @property
    def is_gone(self) -> bool:
        """Whether the object was not there any more."""
        return self.kinds[0] in _GONE

    @property
    def rest(self) -> PendingRepair:
        """What is left to do about it."""
        reported = any(field.effect is DriftEffect.REPORT for field in self.fields)
        if self.effect in {DriftEffect.RECREATE, DriftEffect.RESTORE, DriftEffect.CONFLICT}:
            return PendingRepair.TO_MEND_IN_PART if reported else PendingRepair.TO_MEND
        kept = self.effect in {DriftEffect.KEEP, DriftEffect.NOT_OURS}
        return PendingRepair.NOTHING if kept and not self.is_gone else PendingRepair.TO_TELL


@dataclass(frozen=True, slots=True)
class DriftLook:
    """One look at a target. `scope` is canonical JSON; `summary` counts tables; `change_set_id` is the repair."""

    id: str
    at: str
    actor: str
    scope: bytes
    target: TargetName
    summary: Mapping[str, int]
    problems: tuple[Problem, ...]
    findings: tuple[Problem, ...]
    change_set_id: ChangeSetId | None

    @property
    def compared(self) -> int:
        """How many tables were compared with what was written."""
        return self.summary.get("compared", 0)

    @property
    def not_compared(self) -> int:
        """How many could not be."""
        return self.summary.get("not_compared", 0)

    @property
    def drifted(self) -> int:
        """How many of those compared others had changed."""
        return self.summary.get("drifted", 0)


@dataclass(frozen=True, slots=True)
class DriftSummary:
    """How many objects of each target are known to have drifted, and the looks that say so.

    `drifted` is of now; targets of which nothing has drifted are left out. `look` is the last one, `whole` the last one
    at everything: what that could not look at nobody has seen since, whatever part was looked at later.
    """

    by_target: Mapping[TargetKey, int]
    look: DriftLook | None = None
    whole: DriftLook | None = None

    @property
    def drifted(self) -> int:
        """How many objects of all targets."""
        return sum(self.by_target.values())

    @property
    def looked_at(self) -> str | None:
        """When the target was looked at last."""
        return None if self.look is None else self.look.at

    @property
    def unseen(self) -> DriftLook | None:
        """The look that tells what could not be looked at; None where nothing is known to be so."""
        return next((look for look in (self.look, self.whole) if look is not None and look.problems), None)
