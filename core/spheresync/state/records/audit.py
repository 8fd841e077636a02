"""The audit log: events to append, entries, and the outcome of a verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from spheresync.errors import TargetFault
from spheresync.model import (
    Action,
    JsonValue,
    Principal,
    RunId,
    RunKind,
    RunState,
)


class AuditAction(StrEnum):
    """What an entry says was done, where it is no action of a change set."""

    PREVIEW = "preview"
    RUN_SYNC = "run_sync"
    RUN_APPLY = "run_apply"
    RUN_UNKNOWN = "run_?"  # of a run whose row is damaged
    CANCEL = "cancel"
    GUARD_LIFTED = "guard_lifted"
    SCHEDULE = "schedule"
    CREATE_DATABASE = "create_database"
    USE_DATABASE = "use_database"
    CREATE_LF_TAG = "create_lf_tag"
    CREATE_DATA_SOURCE = "create_data_source"
    USE_DATA_SOURCE = "use_data_source"
    CREATE_FOLDER = "create_folder"
    USE_FOLDER = "use_folder"
    EXTEND_LF_TAG = "extend_lf_tag"
    USE_LF_TAG = "use_lf_tag"
    CREATE_IN_DATAZONE = "create_in_datazone"
    UPDATE_IN_DATAZONE = "update_in_datazone"
    USE_IN_DATAZONE = "use_in_datazone"
    CREATE_IN_GLUE_CONTEXT = "create_in_glue_context"
    UPDATE_IN_GLUE_CONTEXT = "update_in_glue_context"
    USE_IN_GLUE_CONTEXT = "use_in_glue_context"
    REBUILD = "rebuild"
    RENAME = "rename"
    CLEAR_LOST_ROWS = "clear_lost_rows"
    DETECT_DRIFT = "detect_drift"
    APPROVE = "approve"
    PROMOTE = "promote"
    REVERT = "revert"
    RELEASE = "release"
    BACKUP = "backup"
    RESTORE = "restore"
    RETENTION = "retention"
    LOGIN = "login"
    LOGOUT = "logout"
    TOOL_CALL = "tool_call"

    @property
    def writes_to_aws(self) -> bool:
        """Whether something in AWS was made or changed by it, beside the objects of assets."""
        return self.value.startswith(("create_", "update_", "extend_"))

    @classmethod
    def of_run(cls, kind: RunKind) -> AuditAction:
        """What the end of a run of that kind is entered as."""
        return cls(f"run_{kind}")


class AuditOutcome(StrEnum):
    """How it ended, where no state of a run and no fault of a target says it."""

    DONE = "done"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
    REFUSED = "refused"
    ALREADY = "already"  # it was so before
    REQUESTED = "requested"
    PAUSE = "pause"
    RESUME = "resume"
    RUN_NOW = "run_now"
    CANCEL = "cancel"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What is to be written down about one action; the state adds number, time and chain.

    `actor` is the principal that asked for it: of what a run does, the one that asked for the run.
    """

    actor: Principal
    action: Action | AuditAction
    run_id: RunId | None
    asset: str | None
    target: str | None
    outcome: AuditOutcome | RunState | TargetFault
    detail: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are asked for; what is not given matches any.

    `since` is included, `until` is not; both as `model.isoformat` spells moments. `starts`: what the spelling of the
    asset begins with.
    """

    since: str | None = None
    until: str | None = None
    actor: str | None = None
    actions: tuple[str, ...] = ()
    asset: str | None = None
    starts: str | None = None
    outcome: str | None = None
    run_id: RunId | None = None


ANY_ENTRY = AuditFilter()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit log. `actor` is the id of a principal; `hash` covers every other field and `prev_hash`.

    `detail` is canonical JSON. Kind and roles of the principal are in it (`audit_chain.actor_in_detail` reads them).
    """

    seq: int
    at: str
    actor: str
    action: str
    run_id: str | None
    asset: str | None
    target: str | None
    outcome: str
    detail: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the audit log is as it was written. `first_broken` is the first number that is not as it should be.

    `head` is the hash of the last entry of an intact log: whoever keeps it elsewhere sees a rewrite of the whole log.
    """

    intact: bool
    entries: int
    first_broken: int | None
    reason: str
    head: str | None = None
