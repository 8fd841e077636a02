"""What work the targets need of assets, by what the state knows now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial

from spheresync.config import DeletionPolicy
from spheresync.model import AssetId, Digest, TargetKey, digest_json
from spheresync.observe.incidents import product_error
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.asset_work import AssetWork, RemovalRules, work_for
from spheresync.planning.decisions.base_objects import as_dependent, as_unwanted, digest_with, known_base
from spheresync.planning.decisions.guards import GUARDS
from spheresync.runtime.context import RuntimeContext
from spheresync.state.port import Tx
from spheresync.state.records import AssetRecord
from spheresync.targets.registry import base_of, design_of

REMOVES = frozenset({AssetWork.RETIRE, AssetWork.DELETE, AssetWork.FORGET, AssetWork.TAKE_BACK})
"""Work about tables that no asset in scope stands behind any more."""
WRITES = REMOVES | {AssetWork.DESIGN}
"""Work that takes a run."""
_FIRST = (
    AssetWork.DESIGN,
    AssetWork.RETIRE,
    AssetWork.DELETE,
    AssetWork.FORGET,
    AssetWork.TAKE_BACK,
    AssetWork.HELD,
    AssetWork.UNCHANGED,
    AssetWork.NOTHING,
)
"""What counts where targets need different work: what takes a run before what takes none."""


async def work_of(
    context: RuntimeContext, records: Iterable[AssetRecord], key: TargetKey | None = None
) -> dict[AssetId, AssetWork]:
    """What each asset needs in one target, or in all in force: of what these need, that which is first in `_FIRST`."""
    wanted = list(records)
    found: dict[AssetId, AssetWork] = {}
    in_force = context.settings.target_keys
    for each in in_force if key is None else [each for each in in_force if each == key]:
        for asset, work in (await _work_in(context, wanted, each)).items():
            found[asset] = min(work, found.get(asset, work), key=_FIRST.index)
    return found


async def _work_in(context: RuntimeContext, wanted: Sequence[AssetRecord], key: TargetKey) -> dict[AssetId, AssetWork]:
    """What each asset needs in one target."""
    checkpoints = await context.store.checkpoints.of({record.id for record in wanted}, key)
    base = base_of(key)
    bases = {} if base is None else await context.store.checkpoints.of({record.id for record in wanted}, base)
    design = design_of(key.target)
    with_base = design.capabilities.goes_with_base
    deletion, mapping, now = context.settings.deletion, context.mapping.of(key), context.clock()
    # Nobody is there to allow a delete, or to approve one: only the policy can allow it, and nobody but people approve.
    offered = deletion.policy is DeletionPolicy.DELETE and not context.settings.approvals.of_deletes
    rules = RemovalRules(deletion.policy, deletion.misses, deletion.grace, offered)
    found = {}
    for record in wanted:
        try:
            decision = record.decided_by(mapping)
            checkpoint, added_to = checkpoints.get(record.id), known_base(bases.get(record.id))
            digest = decision.digest if base is None else digest_with(decision, added_to)
            work = work_for(record, checkpoint, decision, digest, rules=rules, now=now, full=False)
            if base is not None:
                work = as_dependent(work, checkpoint, goes_with_base=with_base)
                if added_to is None and work is AssetWork.DESIGN:  # there is nothing to add to yet
                    work = AssetWork.NOTHING
            if design.unwanted_because(decision) is not None:
                work = as_unwanted(work, checkpoint, rules)
            # What the policy refuses is told by every plan about it, and no run would write it.
            found[record.id] = AssetWork.NOTHING if decision.refused and work is AssetWork.DESIGN else work
        except Exception as error:  # noqa: BLE001 -- isolates this asset: a run plans it and tells why not
            product_error(error, str(record.id))
            found[record.id] = AssetWork.NOTHING
    return found


async def forget_guards_that_are_over(context: RuntimeContext, assets: Collection[AssetId] | None = None) -> None:
    """Forget that guards hold assets back which need nothing any more; of all, or of these.

    What needs nothing is planned by nobody here, so no plan would find out that the guard is over.
    """
    store, in_force = context.store, context.settings.target_keys
    for key in in_force:
        known = await (store.unwritten.all(key) if assets is None else store.unwritten.of(assets, key))
        held_back = {asset for asset, each in known.items() if each.problem.code in GUARDS}
        work = await work_of(context, await store.catalog.some(held_back), key) if held_back else {}
        over = [asset for asset, what in work.items() if what in {AssetWork.UNCHANGED, AssetWork.NOTHING}]
        if over:
            await store.write(partial(_forget, key=key, assets=over, in_force=in_force))


async def _forget(tx: Tx, *, key: TargetKey, assets: Sequence[AssetId], in_force: Sequence[TargetKey]) -> None:
    await tx.unwritten.remove_many(key, assets)
    await settle_statuses(tx, assets, in_force)


def token_of(context: RuntimeContext, record: AssetRecord, work: AssetWork) -> str:
    """What a write would be about: a job that was set aside is tried anew when this changes, and once a day."""
    prints = record.fingerprints
    about = [] if prints is None else [prints.schema, prints.content, prints.metadata]
    decision = record.decided_by(context.mapping)
    return digest_json([work, about, decision.digest, context.clock().date().isoformat()])


def token_of_all(context: RuntimeContext, assets: Iterable[AssetId]) -> Digest:
    """As `token_of`, of removals: they are planned and guarded together, so another set is another matter."""
    return digest_json([sorted(map(str, assets)), context.clock().date().isoformat()])
