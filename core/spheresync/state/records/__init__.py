"""Rows of the state as frozen values, a file for each aggregate; import them from here.

Times are ISO 8601 in UTC as `model.isoformat` spells them.
"""

from spheresync.state.records.alerts import AlertRow, Event, NoticeRow
from spheresync.state.records.audit import (
    ANY_ENTRY,
    AuditAction,
    AuditEntry,
    AuditEvent,
    AuditFilter,
    AuditOutcome,
    AuditVerdict,
)
from spheresync.state.records.backups import Backup, Restored, RestoreSource
from spheresync.state.records.catalog import AssetRecord, FacetCount, SettledContext, SpaceRecord, UnreadGroup
from spheresync.state.records.change_sets import (
    Approval,
    ApprovedPromotion,
    ChangeSetItem,
    ChangeSetRecord,
    Prerequisite,
)
from spheresync.state.records.checkpoints import (
    NO_RUN,
    Checkpoint,
    CheckpointState,
    FormerTable,
    KnownObject,
    Unwritten,
    UnwrittenGroup,
)
from spheresync.state.records.drift import (
    WHOLE,
    DriftEffect,
    DriftKind,
    DriftLook,
    DriftSummary,
    FieldDrift,
    PendingRepair,
    TableDrift,
)
from spheresync.state.records.figures import RunFigures, TierFigures
from spheresync.state.records.jobs import JobRequest, JobRow
from spheresync.state.records.journal import JournalEntry, JournalState
from spheresync.state.records.leases import STALE_AFTER, GrantedPermits, Lease
from spheresync.state.records.retention import ExpiredRecords, FilePages
from spheresync.state.records.runs import RunRecord
from spheresync.state.records.schedule import DueRow, Move, ScheduleRow, UnreadAssets
from spheresync.state.records.search import (
    ALL_ASSETS,
    ANY_CLASS,
    NO_CLASS,
    AssetFilter,
    AssetHits,
    AssetPlace,
    AssetSort,
)
from spheresync.state.records.unreadable import LostRow, row_name

__all__ = [
    "ALL_ASSETS",
    "ANY_CLASS",
    "ANY_ENTRY",
    "NO_CLASS",
    "NO_RUN",
    "STALE_AFTER",
    "WHOLE",
    "AlertRow",
    "Approval",
    "ApprovedPromotion",
    "AssetFilter",
    "AssetHits",
    "AssetPlace",
    "AssetRecord",
    "AssetSort",
    "AuditAction",
    "AuditEntry",
    "AuditEvent",
    "AuditFilter",
    "AuditOutcome",
    "AuditVerdict",
    "Backup",
    "ChangeSetItem",
    "ChangeSetRecord",
    "Checkpoint",
    "CheckpointState",
    "DriftEffect",
    "DriftKind",
    "DriftLook",
    "DriftSummary",
    "DueRow",
    "Event",
    "ExpiredRecords",
    "FacetCount",
    "FieldDrift",
    "FilePages",
    "FormerTable",
    "GrantedPermits",
    "JobRequest",
    "JobRow",
    "JournalEntry",
    "JournalState",
    "KnownObject",
    "Lease",
    "LostRow",
    "Move",
    "NoticeRow",
    "PendingRepair",
    "Prerequisite",
    "RestoreSource",
    "Restored",
    "RunFigures",
    "RunRecord",
    "ScheduleRow",
    "SettledContext",
    "SpaceRecord",
    "TableDrift",
    "TierFigures",
    "UnreadAssets",
    "UnreadGroup",
    "Unwritten",
    "UnwrittenGroup",
    "row_name",
]
