"""What a look at a target found that others have changed, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from spheresync.model import (
    AssetId,
    ChangeSetId,
    DestinationName,
    JsonValue,
    PhysicalName,
    Problem,
    TargetName,
)


class DriftKind(StrEnum):
    """What others did to an object; declared by gravity."""

    DATABASE_DELETED = "database_deleted"
    TABLE_DELETED = "table_deleted"
    MARKER_LOST = "marker_lost"  # our marker is gone, so the object is nobody's of this installation
    TAKEN_OVER = "taken_over"  # it carries the marker of another installation or asset
    COLUMNS = "columns"
    PARAMETERS = "parameters"
    DESCRIPTION = "description"
    COMMENTS = "comments"
    OTHER = "other"  # table type, storage, partition keys and further members


class DriftEffect(StrEnum):
    """What becomes of it when the repair is applied; declared by weight."""

    RECREATE = "recreate"
    RESTORE = "restore"
    CONFLICT = "conflict"  # not ours any more: never touched
    WAITS = "left: another edit of the table stays"
    REPORT = "report"
    KEEP = "keep"
    NOT_OURS = "kept: not ours"


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
    `changed_by` says so, where the target does not tell. `stays`: some of it will be there after the repair.
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
    def table(self) -> str:
        return f"{self.container}.{self.name}"


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


@dataclass(frozen=True, slots=True)
class DriftStanding:
    """How many objects of a target are known to have drifted, and when it was looked at last."""

    drifted: int
    looked_at: str | None
