"""Which items of an open change set the scheduler will write by itself, and when.

Told with the change set, so that nobody thinks that they wait for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from spheresync.answers import Finding
from spheresync.config import Settings
from spheresync.config.durations import format_duration
from spheresync.model import Action, AssetId, Tier, counted
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.paused_tiers import paused_tiers
from spheresync.schedule.control import LEASE, may_write
from spheresync.schedule.pending_work import REMOVES, work_of
from spheresync.state.records import ChangeSetItem, ChangeSetRecord

SCHEDULER_WRITES = "scheduler_writes"
_ALL = -1
_HOLD = "To hold that back, pause the tier first: "


async def scheduler_writes(context: RuntimeContext, record: ChangeSetRecord) -> list[Finding]:
    """The note about an open change set; none where no scheduler is at work or it would write nothing of it."""
    store, settings = context.store, context.settings
    if record.undo_of is not None or await store.leases.holder(LEASE) is None:
        return []
    if not await may_write(store, settings):
        return []
    effective = [action for action in Action if action.changes_something]
    items = await store.change_sets.items(record.id, limit=_ALL, actions=effective)
    items = [item for item in items if item.blocked_by is None]
    work = await work_of(context, await store.catalog.some({item.asset for item in items}))
    return scheduler_findings(items, work, await paused_tiers(store), settings)


def scheduler_findings(
    items: Iterable[ChangeSetItem], work: Mapping[AssetId, AssetWork], paused: Iterable[Tier], settings: Settings
) -> list[Finding]:
    """As `scheduler_writes`, from what is known. What others did to tables is no work of a scheduler. Pure."""
    held, new, changed = frozenset(paused), Counter[Tier](), Counter[Tier]()
    removed = 0
    for item in items:
        tier, needs = item.tier or Tier.MEDIUM, work.get(item.asset)
        if needs in REMOVES:
            removed += held != frozenset(Tier)  # where every tier is paused nothing is listed
        elif needs is AssetWork.DESIGN and tier not in held:
            never_synced = item.action is Action.CREATE and item.expected_digest is None
            (new if never_synced else changed)[tier] += 1
    parts = []
    if new:
        parts.append(f"{counted(new.total(), 'table')} that {_was(new.total())} never synced at once")
    for tier in sorted(changed, key=list(Tier).index):
        every = format_duration(settings.tiers.of(tier).interval)
        parts.append(f"{counted(changed[tier], 'change')} of tier {tier} at the turn of each asset (every {every})")
    if removed:
        parts.append(f"{counted(removed, 'removal')} after its next listing")
    if not parts:
        return []
    message = f"a scheduler is at work and does not wait for this change set; by itself it writes {'; '.join(parts)}"
    tiers = [tier for tier in Tier if new[tier] or changed[tier]] or [tier for tier in Tier if tier not in held]
    remedy = _HOLD + ", ".join(f"`spheresync schedule pause {tier}`" for tier in tiers) + "."
    return [Finding(subject="scheduler", code=SCHEDULER_WRITES, message=message, remedy=remedy)]


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
