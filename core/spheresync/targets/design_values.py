"""The values in which designs of targets answer: what a target is like, what stands in it, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from spheresync.model import (
    Address,
    Column,
    DesiredObject,
    Digest,
    FieldChange,
    PhysicalName,
    TargetName,
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """How the objects of a target differ from those of others; the program asks this instead of the target's name.

    Attributes:
        depends_on: the target whose objects this one adds to (Lake Formation tags the tables of Glue), None where there
            is none; `doctor` checks that it is configured.
        binds: an asset may be bound to an object that others made (`bind` of a mapping rule): `annotate` says what
            stands of it there.
        marked: what we made says by a mark of ours that it is ours, and which digest it should have.
        goes_with_base: what stands there is gone once the object of the target that it depends on is.
        access: its changes may change who sees what, so they are shown apart and a second person may be asked; all of
            them do, unless `changes_access` says otherwise.
        selective: it has something for some assets only (`unwanted_because`); of others nothing is missed there.
        removed_first: its part is deleted before that of the target that it depends on, which would do so unseen.
        lineage: it takes OpenLineage events (`targets.protocol.TakesLineage`).
        own_ids: its objects have ids of their own, and do not stand at the address of what they add to.
    """

    depends_on: TargetName | None = None
    binds: bool = False
    marked: bool = True
    goes_with_base: bool = False
    access: bool = False
    selective: bool = False
    removed_first: bool = False
    lineage: bool = False
    own_ids: bool = False


class PermissionReach(StrEnum):
    """What the calls of a permission are about."""

    OUR_TABLES = "our_tables"
    BOUND_TABLES = "bound_tables"
    WHERE_BOUND = "where_bound"  # as EVERYTHING, and needed only where rules bind tables
    EVERYTHING = "everything"  # IAM knows no resource for these calls, or none that could be named beforehand


@dataclass(frozen=True, slots=True)
class PermissionGroup:
    """Calls of AWS that a target makes, as IAM spells them, for one statement of a policy."""

    sid: str
    actions: tuple[str, ...]
    reach: PermissionReach


@dataclass(frozen=True, slots=True)
class BaseObject:
    """What a target that depends on another one goes by of it.

    `columns`: the name there of each column of the source that it has; `types` its type there. `bound`: others made it.
    `digest` is over what is ours of it, so that whoever depends on it looks again when that changes.
    """

    address: Address
    digest: Digest
    columns: Mapping[str, str]
    bound: bool = False
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarkPaths:
    """Where our marks stand in a body, as field changes spell paths."""

    owner: str
    source: str
    digest: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What a body says of itself by our marks, None where it says nothing.

    `bound_by` stands in the place of `owner` where others made the object. `retired_object` is the `container.name`
    that was marked as retired: a copy carries the mark of another object.
    """

    owner: str | None = None
    bound_by: str | None = None
    source: str | None = None
    kind: str | None = None
    digest: Digest | None = None
    retired: bool = False
    retired_at: str | None = None
    retired_object: str | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """`body` is what to write. `kept` are edits of others that stand; `ours_moved` our fields that others changed."""

    body: bytes
    kept: tuple[FieldChange, ...]
    ours_moved: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class LastWritten:
    """`proven`: the body is what we wrote. Else its texts are left out, since none of them is known to be ours."""

    body: bytes
    proven: bool


@dataclass(frozen=True, slots=True)
class RequiredObject:
    """What must exist before an object is written (Glue: its database). Those of lower waves are made first.

    `parts`: what of it must be there, where it may be there without (the values of an LF-Tag, the meaning of a term);
    `lacks` says of one that is there why it may not be as it should.
    """

    wave: int
    operation: str
    desired: DesiredObject
    parts: frozenset[str] = frozenset()
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class PhysicalColumn:
    """A column that goes into the target, with its name and type there; `exact` unless the target lacks its type."""

    column: Column
    name: PhysicalName
    type: str
    comment: str
    reason: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class ExplainedColumn:
    name: str
    physical: str
    source_type: str
    physical_type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`names` says how container and object got theirs; `findings` what a person may want to change."""

    names: tuple[str, ...]
    columns: tuple[ExplainedColumn, ...]
    findings: tuple[str, ...]
