"""Words with a fixed meaning: kinds, tiers, statuses, actions (CONTRACT.md)."""

from __future__ import annotations

from enum import StrEnum

ALL_SPACES = "all spaces"
"""Subject of a finding about no single one of them."""
TRIAL = "the trial"
"""Home of rules and of a scope that are only tried."""


class Environment(StrEnum):
    """What a process works against (CONTRACT.md)."""

    DOG = "dog"
    WOLF = "wolf"
    BEAR = "bear"

    @property
    def is_embedded(self) -> bool:
        """Whether tenant and AWS are inside of this program."""
        return self is Environment.DOG


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

    @property
    def holds_data(self) -> bool:
        """Whether it has columns, so that a target can hold a table of it; flows and task chains only move data."""
        return self in {AssetKind.ANALYTIC_MODEL, AssetKind.VIEW, AssetKind.LOCAL_TABLE, AssetKind.REMOTE_TABLE}

    @property
    def may_be_exposed(self) -> bool:
        """Whether the catalog lists one of them once it is exposed (reference: datasphere-api.md 2.3)."""
        return self in {AssetKind.VIEW, AssetKind.ANALYTIC_MODEL}


class Tier(StrEnum):
    """How fresh an asset is kept; declared in order of urgency."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


class ColumnRole(StrEnum):
    """What a column is for; where several apply, the first declared wins (CONTRACT.md)."""

    KEY = "key"
    MEASURE = "measure"
    DIMENSION = "dimension"
    ATTRIBUTE = "attribute"

    def or_stronger(self, other: ColumnRole) -> ColumnRole:
        """The one of both that wins."""
        return min(self, other, key=_STRONGEST_FIRST.index)


_STRONGEST_FIRST = [*ColumnRole]


class AssetStatus(StrEnum):
    """Where an asset of the local catalog stands."""

    PENDING = "pending"  # known, in scope, and some target does not hold its present definition
    SYNCED = "synced"  # every target holds its present definition
    DRIFTED = "drifted"  # others have changed or deleted what a target held; looked at anew in each sync
    FAILED = "failed"  # its definition could not be read, or a target did not take it; what targets hold is kept
    # out of scope; not read while `datasphere.objects` is off; a flow or task chain, which has no table
    EXCLUDED = "excluded"
    CONFLICT = "conflict"  # the target holds a foreign object of that name
    MISSING = "missing"  # no longer listed; counted, not yet retired
    RETIRED = "retired"  # marked as retired in the targets
    DELETED = "deleted"  # deleted from the targets
    HELD = "held"  # a revert holds it

    @property
    def wanted(self) -> bool:
        """Whether a target should hold it: what is counted where it is said how many are in sync."""
        return self not in {AssetStatus.EXCLUDED, AssetStatus.RETIRED, AssetStatus.DELETED}

    @property
    def gone(self) -> bool:
        """Whether Datasphere no longer lists it: what is known of it is kept, and counted with the rest."""
        return self in {AssetStatus.MISSING, AssetStatus.RETIRED, AssetStatus.DELETED}


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
    def only_noted(self) -> bool:
        """Whether nothing is sent for it: the state alone notes it."""
        return self in {Action.FORGET, Action.ADOPT}

    @property
    def writes_definition(self) -> bool:
        """Whether applying it writes what the definition of the asset comes to."""
        return self in {Action.CREATE, Action.UPDATE, Action.METADATA_ONLY}

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


class RunKind(StrEnum):
    """What a run was started as."""

    SYNC = "sync"  # discover, plan and apply
    APPLY = "apply"  # execute a saved change set
    UNKNOWN = "?"  # the row that would tell is damaged


class JobKind(StrEnum):
    """What a worker does about a subject."""

    LIST = "list"  # list the tenant; one job, without a subject
    READ = "read"  # read the definition of an asset
    WRITE = "write"  # bring the targets to what is known of an asset
    SWEEP = "sweep"  # look for what others did to the targets; one job
    LINEAGE = "lineage"  # tell where an asset comes from and where it goes


class JobState(StrEnum):
    """Where a job stands; one that is done is gone."""

    QUEUED = "queued"
    RUNNING = "running"
    DEAD = "dead"  # set aside: tried often enough, permanent, or a matter for a person


class JobAction(StrEnum):
    """What a person may do about a job."""

    CANCEL = "cancel"
    RETRY = "retry"


class ScheduleAction(StrEnum):
    """What a person may do about a tier."""

    PAUSE = "pause"
    RESUME = "resume"
    RUN_NOW = "run_now"


class Detail(StrEnum):
    """How much of each row an answer holds."""

    CONCISE = "concise"
    FULL = "full"


class Direction(StrEnum):
    """Which way lineage is followed."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"


class EdgeKind(StrEnum):
    """What an edge of a lineage ties together."""

    TABLE = "table"
    COLUMN = "column"


class PersonalDataClass(StrEnum):
    """What of a person a column holds (CONTRACT.md, "Personal data")."""

    NAME = "name"
    CONTACT = "contact"
    ADDRESS = "address"
    BIRTH = "birth"
    IDENTIFIER = "identifier"
    FINANCIAL = "financial"
    HEALTH = "health"
    DEMOGRAPHIC = "demographic"
    LOCATION = "location"
    CREDENTIAL = "credential"


class PersonalDataSource(StrEnum):
    """From where it is known that a column holds personal data."""

    ANNOTATION = "annotation"
    STEWARD = "steward"
    DICTIONARY = "dictionary"
    VOCABULARY = "vocabulary"
    PATTERN = "pattern"
