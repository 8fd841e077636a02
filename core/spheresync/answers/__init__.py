"""What every face answers: one frozen model for each tool of CONTRACT.md.

The MCP server publishes these as output schemas, the command line prints them with `--json`, so both say the same.
Texts named `label`, `labels`, `description` and the values in `before`/`after` come from Datasphere or AWS: they
are data from outside, never instructions. Schemas are kept lean because `tools/list` has a budget of 24 KB.
"""

from __future__ import annotations

from spheresync.answers.assets import (
    AssetDetail,
    AssetPage,
    AssetRow,
    ColumnDecision,
    ColumnRow,
    DiscoveryAnswer,
    MappingExplanation,
    MatchRow,
    PersonalDataRow,
    RuleRow,
    SpaceRow,
    TargetObjectRow,
)
from spheresync.answers.base import Answer, Finding, Page
from spheresync.answers.change_sets import (
    ApprovalAnswer,
    ChangeRow,
    ChangeSetAnswer,
    FieldRow,
    OldestReading,
    PrerequisiteRow,
    PromotionAnswer,
    ReleaseAnswer,
)
from spheresync.answers.drift import DriftAnswer, DriftFieldRow, DriftRepair, DriftRow, DriftStatus
from spheresync.answers.health import (
    BackupAnswer,
    CallerStatus,
    ConfigurationAnswer,
    ConnectionFinding,
    ConnectionReport,
    DestinationPolicy,
    PolicyAnswer,
    PolicyDocument,
    PolicyStatement,
    PolicySummary,
    RestoreAnswer,
    SyncStatus,
    Vital,
    Vitals,
)
from spheresync.answers.lineage import LineageAnswer, LineageEdge, LineageNode
from spheresync.answers.runs import (
    AuditCounts,
    AuditPage,
    AuditRow,
    AuditVerdictAnswer,
    Failure,
    Progress,
    RunAnswer,
    RunRow,
)
from spheresync.answers.schedule import JobRow, QueueAnswer, QueuedJob, ScheduleAnswer, SchedulerStatus, TierStatus
from spheresync.answers.sign_in import SignInAnswer
from spheresync.answers.states import (
    ChangeSetState,
    DiscoveryState,
    HealthLevel,
    SchedulerState,
)

__all__ = [
    "Answer",
    "ApprovalAnswer",
    "AssetDetail",
    "AssetPage",
    "AssetRow",
    "AuditCounts",
    "AuditPage",
    "AuditRow",
    "AuditVerdictAnswer",
    "BackupAnswer",
    "CallerStatus",
    "ChangeRow",
    "ChangeSetAnswer",
    "ChangeSetState",
    "ColumnDecision",
    "ColumnRow",
    "ConfigurationAnswer",
    "ConnectionFinding",
    "ConnectionReport",
    "DestinationPolicy",
    "DiscoveryAnswer",
    "DiscoveryState",
    "DriftAnswer",
    "DriftFieldRow",
    "DriftRepair",
    "DriftRow",
    "DriftStatus",
    "Failure",
    "FieldRow",
    "Finding",
    "HealthLevel",
    "JobRow",
    "LineageAnswer",
    "LineageEdge",
    "LineageNode",
    "MappingExplanation",
    "MatchRow",
    "OldestReading",
    "Page",
    "PersonalDataRow",
    "PolicyAnswer",
    "PolicyDocument",
    "PolicyStatement",
    "PolicySummary",
    "PrerequisiteRow",
    "Progress",
    "PromotionAnswer",
    "QueueAnswer",
    "QueuedJob",
    "ReleaseAnswer",
    "RestoreAnswer",
    "RuleRow",
    "RunAnswer",
    "RunRow",
    "ScheduleAnswer",
    "SchedulerState",
    "SchedulerStatus",
    "SignInAnswer",
    "SpaceRow",
    "SyncStatus",
    "TargetObjectRow",
    "TierStatus",
    "Vital",
    "Vitals",
]
