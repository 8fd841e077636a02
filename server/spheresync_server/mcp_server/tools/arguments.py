"""Arguments that several tools share; the descriptions are part of every conversation's context, so they are short."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from spheresync_server.scope_arguments import ASSETS, DESTINATIONS, LARGEST_PAGE, SPACES, TARGETS, TIERS

LONGEST_WAIT = 300
"""Seconds that one call may wait for a run."""

# The words of enums, spelled out: of a Literal pydantic writes them into the schema of a tool, of an enum a reference.
# `test_arguments` holds them to the enums.
Kind = Literal[
    "analytic_model",
    "view",
    "local_table",
    "remote_table",
    "data_flow",
    "replication_flow",
    "transformation_flow",
    "task_chain",
]
TierName = Literal["critical", "high", "medium"]
Status = Literal[
    "pending", "synced", "drifted", "failed", "excluded", "conflict", "missing", "retired", "deleted", "held", "late"
]
ScheduleActionWord = Literal["pause", "resume", "run_now"]
DirectionWord = Literal["upstream", "downstream", "both"]
DetailWord = Literal["concise", "full"]

Sort = Annotated[
    str | None, Field(description="name, label, kind, tier, status, columns, changed, read or relevance; -x descends")
]

Asset = Annotated[str, Field(description="SPACE/NAME, as in list_assets")]
ChangeSet = Annotated[str, Field(description="Id from preview_changes (cs_...)")]
OneChangeSet = Annotated[str | None, Field(description="cs_...; leave out to list")]
Run = Annotated[str, Field(description="run_...")]
Limit = Annotated[int, Field(ge=1, le=LARGEST_PAGE, description=f"1-{LARGEST_PAGE}")]
Column = Annotated[str | None, Field(description="Columns of this name or glob")]
Cursor = Annotated[str | None, Field(description="A next_cursor")]
Detail = Annotated[DetailWord, Field(description="full adds columns, objects and times")]
AssetDetailWord = Annotated[DetailWord, Field(description="concise: columns by name, type, role and label")]
ItemDetail = Annotated[DetailWord, Field(description="concise shortens long field lists")]
AuditDetail = Annotated[DetailWord, Field(description="full adds what exactly was done")]

Spaces = Annotated[list[str] | None, Field(description=SPACES.description)]
Assets = Annotated[list[str] | None, Field(description=ASSETS.description)]
Tiers = Annotated[list[TierName] | None, Field(description=TIERS.description)]
Targets = Annotated[list[str] | None, Field(description=TARGETS.description)]
Destinations = Annotated[list[str] | None, Field(description=DESTINATIONS.description)]
WaitSeconds = Annotated[int, Field(ge=0, description=f"Seconds to wait, up to {LONGEST_WAIT}")]
