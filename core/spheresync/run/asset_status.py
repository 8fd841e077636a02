"""Where assets stand, written by one rule: from record and checkpoint as they are in the transaction that writes it.

Whoever changes a record or a checkpoint ends its unit of work with this, so that two processes that work beside each
other never leave a status behind that is true of neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from spheresync.model import DEFAULT_DESTINATION, GLUE, AssetId, AssetStatus
from spheresync.observe.incidents import product_error
from spheresync.plan.triage import status_of
from spheresync.state.store import Tx


async def known_conflicts(tx: Tx, assets: Collection[AssetId]) -> frozenset[AssetId]:
    """Those whose name is taken in the target, as a plan or a run found out: no record tells that."""
    return await tx.catalog.in_status(assets, AssetStatus.CONFLICT)


async def settle_statuses(
    tx: Tx, assets: Collection[AssetId], *, conflicts: Collection[AssetId] = frozenset()
) -> Mapping[AssetId, AssetStatus]:
    """Write where these assets stand now, and answer it.

    `conflicts`: those that stay in conflict until they were written.
    """
    records = await tx.catalog.some(assets)
    checkpoints = await tx.checkpoints.of(assets, GLUE, DEFAULT_DESTINATION)
    statuses: dict[AssetId, AssetStatus] = {}
    for record in records:
        try:
            status = status_of(record, checkpoints.get(record.id))
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset: it stands where it stood
            product_error(error, str(record.id))
            status = record.status
        if status is AssetStatus.PENDING and record.id in conflicts:
            status = AssetStatus.CONFLICT
        statuses[record.id] = status
    moved = [(record.id, statuses[record.id]) for record in records if record.status is not statuses[record.id]]
    await tx.catalog.set_statuses(moved)
    return statuses
