"""What a run tells at its end beside what failed: edits of others that it wrote over, and tiers that are paused.

It goes by the journal, so that it is told whichever process did the work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from spheresync.config import DriftPolicies
from spheresync.execution.overwritten_edits import overwritten_edits, stood_there
from spheresync.model import PrincipalKind, Problem, Tier, counted, to_the_second
from spheresync.planning.decisions.no_failure import PAUSED_TIER
from spheresync.runtime.paused_tiers import paused_since
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, JournalState, RunRecord


async def told_at_end(
    store: Store, run: RunRecord, items: Sequence[ChangeSetItem], policies: DriftPolicies | None
) -> list[Problem]:
    """What to tell of the items that were done.

    Args:
        store: has the journal of the run.
        run: which.
        items: those that it had to do.
        policies: by which it wrote over edits of others; None where it was asked to, whatever they say.
    """
    if not any(item.action.changes_something for item in items):
        return []
    paused = {} if run.actor.kind is PrincipalKind.SCHEDULER else await paused_since(store)
    over = policies is not None and (any(map(stood_there, items)) or await store.runs.bases(run.id))
    if not (paused or over):  # as after a first sync, whose journal is long
        return []
    confirmed = {
        each.ordinal: each for each in await store.runs.entries(run.id) if each.state is JournalState.CONFIRMED
    }
    done = [(item, confirmed[item.ordinal]) for item in items if item.ordinal in confirmed]
    told = [] if policies is None else await overwritten_edits(store, run.id, done, policies)
    return [*told, *_of_paused_tiers(run, (item for item, _ in done), paused)]


def _of_paused_tiers(run: RunRecord, done: Iterable[ChangeSetItem], paused: dict[Tier, str]) -> list[Problem]:
    """Tiers that were paused before the run began, and of which it wrote assets all the same."""
    began = run.started_at or run.created_at
    seen = {(item.tier, item.asset) for item in done if item.action.changes_something and item.tier is not None}
    written = Counter(tier for tier, _ in seen if tier in paused)
    return [
        Problem(
            f"tier {tier}",
            PAUSED_TIER,
            f"{counted(count, 'asset')} of the paused tier {tier} {'was' if count == 1 else 'were'} written: a pause "
            f"(since {to_the_second(paused[tier])}) stops the scheduler only, and no run that somebody asks for",
            "To keep a tier as it is, leave its assets out of what is asked for.",
        )
        for tier, count in sorted(written.items())
        if paused[tier] <= began
    ]
