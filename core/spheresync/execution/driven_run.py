"""A run while this process drives it: the claim that it holds, and what has been counted so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from spheresync.model import Problem, RunId, RunState, TargetKey
from spheresync.runtime.providers import Providers
from spheresync.runtime.scope import Scope
from spheresync.state.port import Store, Tx
from spheresync.state.records import JournalState, RunRecord
from spheresync.targets.read_ahead import RecentReads


@dataclass(slots=True)
class DrivenRun:
    """One claim of one run while it is driven here."""

    run: RunRecord
    fence: int
    spent_before: Mapping[str, int]
    providers: Providers
    cancelled: bool = False
    scope: Scope | None = None  # of the change set
    guarded: bool = False  # a guard held changes back
    ended: RunState | None = None
    recent: defaultdict[TargetKey, RecentReads] = field(  # tables that the plan has read
        default_factory=lambda: defaultdict(RecentReads)
    )
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunClaim:
    """The claim of a run. Its heartbeats also bring word of a cancel that somebody asked for."""

    store: Store
    drive: DrivenRun

    @property
    def about(self) -> str:
        return f"run {self.drive.run.id}"

    async def beat(self, tx: Tx) -> None:
        self.drive.cancelled |= await tx.runs.heartbeat(self.drive.run.id, self.drive.fence)

    async def is_ours(self) -> bool:
        return (await self.store.runs.get(self.drive.run.id)).fence == self.drive.fence


UNCONFIRMED = "unconfirmed"
"""Code of a run that ended while that could not be found out."""


async def sent_items(store: Store, run_id: RunId) -> frozenset[int]:
    """The ordinals of items that are noted as sent, and as neither confirmed nor failed."""
    entries = await store.runs.open_entries(run_id)
    return frozenset(entry.ordinal for entry in entries if entry.state is JournalState.SENT)
