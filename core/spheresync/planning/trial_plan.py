"""Plan by rules that are only tried: what follows from them, apart from what is to be done anyway."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from spheresync.config import Settings
from spheresync.mapping.matching import applies
from spheresync.model import Asset, AssetId, Problem, TargetKey
from spheresync.planning.change_set_writer import NewChangeSet
from spheresync.planning.decisions.access import access_findings
from spheresync.planning.decisions.approvals import ACCESS
from spheresync.planning.decisions.guards import GUARDS
from spheresync.planning.decisions.rule_trial import TrialItems, trial_findings, trial_rules
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import planner_of
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import OnProgress
from spheresync.runtime.settled_context import settle_context
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem
from spheresync.targets.read_ahead import RecentReads
from spheresync.targets.target_words import ACCESS_REACH

_MOST_LOOKED_AT = 1_000
"""Assets whose columns a trial of rules for columns is held against."""


async def try_rules(
    context: RuntimeContext, settings: Settings, request: PlanRequest, progress: OnProgress
) -> NewChangeSet:
    """What other settings than those in force would change besides what is to be done anyway; nothing of it is saved.

    Raises:
        TargetError: what a plan has to look at could not be looked at, in any target.
    """
    async with context.providers_or(None) as providers:
        await settle_context(context.store, providers.mapping)
        now = context.clock()  # one for both: a plan spells moments, as that of a retirement
        recent = defaultdict[TargetKey, RecentReads](RecentReads)
        planned = [
            (
                await planner_of(context, providers, request, progress, settings=each, recent=recent, now=now).plan()
            ).change_set
            for each in (settings, providers.settings)
        ]
        findings = await _trial_findings(context.store, settings, providers.settings, request)
    return _following(tried=planned[0], in_force=planned[1], findings=findings)


async def _trial_findings(store: Store, tried: Settings, in_force: Settings, request: PlanRequest) -> list[Problem]:
    """What a trial says of its rules; the definitions of very many assets are not looked at for it."""
    records = [
        each for each in await store.catalog.assets() if not each.misses and request.scope.wants(each.id, each.tier)
    ]
    of_columns = [rule.match for rule in trial_rules(tried, in_force) if rule.columns]
    matched = [each for each in records if any(applies(match, each.id, each.kind, each.label) for match in of_columns)]
    digests = {each.id: each.definition for each in matched if each.definition is not None}
    bodies = await store.blobs.get_many([*digests.values()]) if len(digests) <= _MOST_LOOKED_AT else {}
    definitions: dict[AssetId, Asset] = {}
    for asset, digest in digests.items():
        with suppress(ValueError, KeyError):  # damaged or lost: said by whoever plans it
            definitions[asset] = decode_asset(bodies[digest])
    return [*trial_findings(tried, in_force, records, definitions)]


def _following(*, tried: NewChangeSet, in_force: NewChangeSet, findings: Iterable[Problem]) -> NewChangeSet:
    """What of a trial follows from its rules."""
    items = TrialItems.of(tried.items, in_force.items)
    counts = Counter[str](tried.record.summary)
    counts.subtract(Counter(item.action for item in items.pending))
    there = {(each.target, each.destination, each.name) for each in in_force.record.prerequisites}
    record = replace(
        tried.record,
        summary={word: counts[word] for word in tried.record.summary},
        findings=(*findings, *items.findings(), *_own_findings(items.own, tried, in_force)),
        blocked=sum(item.blocked_by is not None for item in items.own),
        prerequisites=tuple(
            each for each in tried.record.prerequisites if (each.target, each.destination, each.name) not in there
        ),
    )
    return replace(tried, record=record, items=items.own)


def _own_findings(own: Sequence[ChangeSetItem], tried: NewChangeSet, in_force: NewChangeSet) -> Iterable[Problem]:
    """What a plan by the rules that are tried found and one without them does not, of changes of access and of guards
    that of its own items only.
    """
    without = set(in_force.record.findings)
    of_access = access_findings(own)
    left_out = {ACCESS} if of_access else {ACCESS, ACCESS_REACH}
    left_out |= GUARDS - {item.blocked_by for item in own}
    yield from of_access
    yield from (each for each in tried.record.findings if each.code not in left_out and each not in without)
