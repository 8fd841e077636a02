"""The words of the product as frozen types.

Pure values: nothing here does I/O, and every step of the flow speaks in these types. JSON shapes stay at the
edges that read or write them; `canonical_json` is the one spelling under which values are digested.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Generic, NewType, TypeAlias, TypeVar

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

SpaceName = NewType("SpaceName", str)
"""A space's technical name, exactly as in Datasphere."""
TechnicalName = NewType("TechnicalName", str)
"""An asset's or column's technical name, exactly as in Datasphere: case-sensitive, may hold dots, slashes, spaces."""
PhysicalName = NewType("PhysicalName", str)
"""A name in a target: `[a-z0-9_]{1,128}`."""
Digest = NewType("Digest", str)
"""Lower-case hex of a hash over canonical JSON or raw bytes."""
TargetName = NewType("TargetName", str)
DestinationName = NewType("DestinationName", str)
ChangeSetId = NewType("ChangeSetId", str)
RunId = NewType("RunId", str)

GLUE = TargetName("glue")
DEFAULT_DESTINATION = DestinationName("default")


class AssetKind(StrEnum):
    """The kinds of Datasphere object, spelled as in configuration and tool arguments."""

    ANALYTIC_MODEL = "analytic_model"
    VIEW = "view"
    LOCAL_TABLE = "local_table"
    REMOTE_TABLE = "remote_table"
    DATA_FLOW = "data_flow"
    REPLICATION_FLOW = "replication_flow"
    TRANSFORMATION_FLOW = "transformation_flow"
    TASK_CHAIN = "task_chain"


class Tier(StrEnum):
    """How fresh an asset is kept; declared in order of urgency."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


class Role(StrEnum):
    """What a column is for; where several apply, the first declared wins (CONTRACT.md)."""

    KEY = "key"
    MEASURE = "measure"
    DIMENSION = "dimension"
    ATTRIBUTE = "attribute"


class AssetStatus(StrEnum):
    """Where an asset of the local catalog stands."""

    PENDING = "pending"  # known, in scope, and some target does not hold its present definition
    SYNCED = "synced"  # every target holds its present definition
    FAILED = "failed"  # its definition could not be read; what targets hold is kept
    EXCLUDED = "excluded"  # out of scope by `scope:` or by a rule
    CONFLICT = "conflict"  # the target holds a foreign object of that name
    MISSING = "missing"  # no longer listed; counted, not yet retired
    RETIRED = "retired"  # marked as retired in the targets
    DELETED = "deleted"  # deleted from the targets
    HELD = "held"  # a revert holds it


class Action(StrEnum):
    """What a change set does with one asset in one target (CONTRACT.md)."""

    CREATE = "create"
    UPDATE = "update"
    METADATA_ONLY = "metadata_only"
    RETIRE = "retire"
    DELETE = "delete"
    FORGET = "forget"
    ADOPT = "adopt"
    UNCHANGED = "unchanged"
    HELD = "held"
    CONFLICT = "conflict"

    @property
    def changes_something(self) -> bool:
        """Whether applying it writes to the target or to what is managed there."""
        return self not in {Action.UNCHANGED, Action.HELD, Action.CONFLICT}

    @property
    def removes(self) -> bool:
        """Whether the deletion guards count it."""
        return self in {Action.RETIRE, Action.DELETE}


class Strategy(StrEnum):
    """How much of the object an item rewrites; decided by which fingerprints moved."""

    FULL = "full"  # schema moved, or the object is new
    DELTA = "delta"  # content moved: semantics, view text, hierarchies, kind
    METADATA_ONLY = "metadata_only"  # labels, descriptions, owners, tags
    DELETE = "delete"
    NONE = "none"


class Severity(StrEnum):
    """How much a reader of the target is affected; declared in ascending order."""

    NONE = "none"
    ADDITIVE = "additive"
    COMPATIBLE = "compatible"
    BREAKING = "breaking"
    DESTRUCTIVE = "destructive"


class RunState(StrEnum):
    """States of a run (CONTRACT.md)."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"

    @property
    def ended(self) -> bool:
        return self not in {RunState.QUEUED, RunState.RUNNING}


@dataclass(frozen=True, slots=True, order=True)
class AssetId:
    """An asset's natural key: technical names never change in Datasphere (reference: datasphere-api.md 8)."""

    space: SpaceName
    name: TechnicalName

    def __str__(self) -> str:
        return f"{self.space}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> AssetId:
        """Split `SPACE/NAME` at the first slash; names may hold slashes.

        Raises:
            ValueError: there is no slash, or one side is empty.
        """
        space, slash, name = text.partition("/")
        if not (slash and space and name):
            raise ValueError(f"{text!r} is not of the form SPACE/NAME")
        return cls(SpaceName(space), TechnicalName(name))


@dataclass(frozen=True, slots=True)
class SourceType:
    """A column's type as the source spells it, with its facets.

    `name` is qualified (`Edm.Decimal`, `cds.String`). `scale` is None where the source gives none, and the words
    `variable` or `floating` where the source says so.
    """

    name: str
    length: int | None = None  # characters; None also for MaxLength="max"
    precision: int | None = None
    scale: int | str | None = None
    collection: bool = False

    def __str__(self) -> str:
        leading: int | str | None = self.length if self.precision is None else self.precision
        if leading is None and isinstance(self.scale, int):
            leading = "*"  # alone, the scale would read as the precision
        facets = [str(facet) for facet in (leading, self.scale) if facet is not None]
        spelled = f"{self.name}({','.join(facets)})" if facets else self.name
        return f"Collection({spelled})" if self.collection else spelled


#: A text in several languages: (BCP 47 tag or "" for the tenant's default, text), sorted by tag.
Labels: TypeAlias = tuple[tuple[str, str], ...]


def default_label(labels: Labels) -> str:
    """The label a reader without a language sees: the default one, else English, else the first."""
    by_language = dict(labels)
    for language in ("", "en"):
        if by_language.get(language):
            return by_language[language]
    return next((text for _, text in labels if text), "")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an asset, normalised.

    `name` is the name in Datasphere (the original name where the property carries one); `edm_property` the name in the
    EDMX document it came from. `semantics` holds further facts as sorted (name, value) pairs, such as
    `("calendar", "year_month")` or `("currency", "true")`.
    """

    name: TechnicalName
    type: SourceType
    edm_property: str = ""
    key: bool = False
    nullable: bool = True
    labels: Labels = ()
    role: Role = Role.ATTRIBUTE
    aggregation: str | None = None
    semantics: tuple[tuple[str, str], ...] = ()
    pii: str | None = None

    @property
    def label(self) -> str:
        return default_label(self.labels)


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A levelled hierarchy: column names from the top level down. The order of levels counts."""

    name: str
    labels: Labels
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input parameter of a view or model."""

    name: str
    type: SourceType
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset of Datasphere, normalised once, whatever document it came from.

    `provenance` names the documents that the facts came from, as sorted (fact, document) pairs.
    `facts` holds further facts of the asset as sorted (name, value) pairs (dimension type, entity set, ...).
    """

    id: AssetId
    kind: AssetKind
    labels: Labels
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...] = ()
    hierarchies: tuple[Hierarchy, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    owner: str | None = None
    view_definition: str | None = None
    provenance: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        return default_label(self.labels)


@dataclass(frozen=True, slots=True)
class SpaceEntry:
    """A space as the catalog lists it."""

    name: SpaceName
    label: str


@dataclass(frozen=True, slots=True)
class AssetEntry:
    """An asset as the catalog lists it, before its definition is read. URLs are as served."""

    id: AssetId
    label: str
    relational_metadata_url: str | None
    analytical_metadata_url: str | None
    supports_analytical_queries: bool
    has_parameters: bool

    @property
    def kind(self) -> AssetKind:
        """An analytic model has only analytical URLs (reference: datasphere-api.md 2.2)."""
        if self.relational_metadata_url is None and self.analytical_metadata_url is not None:
            return AssetKind.ANALYTIC_MODEL
        return AssetKind.VIEW


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was kept as it was: `code` for programs, `message` and `remedy` for people."""

    subject: str  # "SPACE", "SPACE/NAME", "tenant" ...
    code: str  # a SourceFault, TargetFault or guard name
    message: str
    remedy: str = ""


_T_co = TypeVar("_T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Listing(Generic[_T_co]):
    """Items of one scope, with whether they are all of them. Only a complete listing may count a miss."""

    scope: str  # "tenant" for spaces, the space's name for assets
    items: tuple[_T_co, ...]
    complete: bool
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RawDefinition:
    """The documents of one asset as served, undecoded. `digest` covers the entry and every document."""

    entry: AssetEntry
    documents: tuple[tuple[str, bytes], ...]  # (surface: "relational" | "analytical", body)
    digest: Digest
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Three digests of one normalised asset (DESIGN.md decision 4)."""

    schema: Digest  # column names, order, types, keys, nullability
    content: Digest  # kind, roles, aggregation, semantics, hierarchies, parameters, view text, facts
    metadata: Digest  # labels in every language, owner


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """What a target should hold of an asset.

    `container` and `name` address it (Glue: database and table). `body` is the target's own request shape as
    canonical JSON; `digest` is over `body` without the digest itself. Plan, run and state treat it as opaque.
    """

    container: PhysicalName
    name: PhysicalName
    body: bytes
    digest: Digest


@dataclass(frozen=True, slots=True)
class LiveObject:
    """What a target holds under a name. `owner`/`source` are our markers, None where there are none.

    `changed_at` is when the target says it was last written, `created_by` who it says made it.
    """

    container: PhysicalName
    name: PhysicalName
    version: str | None
    body: bytes
    owner: str | None
    source: str | None
    digest: Digest | None  # the digest our marker claims
    intact: bool  # our fields still have that digest
    changed_at: str | None = None
    created_by: str | None = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs, addressed as in `columns.AMOUNT.type` or `parameters.spheresync.label`."""

    path: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asked; carried down to the audit row."""

    kind: str  # "user" | "service" | "scheduler"
    id: str
    roles: frozenset[str] = field(default_factory=frozenset)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value: sorted keys, no white space, UTF-8."""
    return _CANONICAL.encode(value).encode("utf-8", "surrogatepass")


def digest_of(data: bytes, *, size: int = 16) -> Digest:
    """BLAKE2b of `data` in hex; `size` in bytes."""
    return Digest(hashlib.blake2b(data, digest_size=size).hexdigest())


def digest_json(value: object) -> Digest:
    return digest_of(canonical_json(value))


def utc_now() -> datetime:
    return datetime.now(UTC)


def isoformat(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z` and microseconds, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def freeze_pairs(pairs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pairs.items()))
