"""Write the statuses of assets by one rule, from what the state holds of them in the same transaction.

Whoever changes a record, a checkpoint or what is known of a target ends its unit of work with this, so that two
processes that work beside each other never leave a status behind that is true of neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from spheresync.mapping.patterns import is_for
from spheresync.model import AssetId, TargetKey
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.asset_work import InTarget, is_held, worst_status
from spheresync.planning.decisions.base_objects import follows_base
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, Checkpoint, Unwritten
from spheresync.targets.registry import base_of, design_of

_SETTLED_FOR = "statuses.targets"
_AT_ONCE = 500


async def settle_statuses(tx: Tx, assets: Collection[AssetId], in_force: Sequence[TargetKey]) -> None:
    """Write where these assets stand now, by what each of the targets in force holds of them."""
    records = await tx.catalog.some(assets)
    known = [await _KnownOfTarget.load(tx, assets, key) for key in in_force]
    moved = []
    for record in records:
        try:
            status = worst_status(record, [each.of(record.id) for each in known if each.has(record)])
        except Exception as error:  # noqa: BLE001 -- isolates this asset: it stands where it stood
            product_error(error, str(record.id))
            continue
        if record.status is not status:
            moved.append((record.id, status))
    await tx.catalog.set_statuses(moved)


async def settle_for_targets(store: Store, in_force: Sequence[TargetKey]) -> None:
    """Write where every asset stands where other targets are in force than when that was done last."""
    named = "\n".join(sorted(f"{key}: {', '.join(key.spaces)}" for key in in_force))
    if await store.meta.get(_SETTLED_FOR) == named:
        return
    left = iter(await store.catalog.ids())
    while part := list(islice(left, _AT_ONCE)):
        await store.write(partial(settle_statuses, assets=part, in_force=in_force))
    await store.write(lambda tx: tx.meta.set(_SETTLED_FOR, named))


@dataclass(frozen=True, slots=True)
class _KnownOfTarget:
    """What the state knows of some assets in one target."""

    key: TargetKey
    checkpoints: Mapping[AssetId, Checkpoint]
    unwritten: Mapping[AssetId, Unwritten]
    drifted: Collection[AssetId]
    bases: Mapping[AssetId, Checkpoint]

    @classmethod
    async def load(cls, tx: Tx, assets: Collection[AssetId], key: TargetKey) -> _KnownOfTarget:
        base = base_of(key)
        return cls(
            key,
            await tx.checkpoints.of(assets, key),
            await tx.unwritten.of(assets, key),
            await tx.drift.drifted(assets, key),
            {} if base is None else await tx.checkpoints.of(assets, base),
        )

    def has(self, record: AssetRecord) -> bool:
        """Whether the target counts for where an asset stands: one that is selective may have nothing of it."""
        if not is_for(self.key, record.id.space):
            return False
        held, with_base = self.checkpoints.get(record.id), design_of(self.key.target).capabilities.goes_with_base
        gone = record.misses > 0 and not is_held(record, held)
        if gone and follows_base(held, self.bases.get(record.id), goes_with_base=with_base):
            return False
        wanted = held is not None and (held.state.in_use or held.held is not None or record.misses > 0)
        return wanted or record.id in self.unwritten or not design_of(self.key.target).capabilities.selective

    def of(self, asset: AssetId) -> InTarget:
        known = self.unwritten.get(asset)
        return InTarget(
            self.checkpoints.get(asset), None if known is None else known.problem.code, asset in self.drifted
        )
