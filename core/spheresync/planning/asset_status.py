"""Where assets stand, written by one rule: from what the state holds of them in the transaction that writes it.

Whoever changes a record, a checkpoint or what is known of a target ends its unit of work with this, so that two
processes that work beside each other never leave a status behind that is true of neither.
"""

from __future__ import annotations

from collections.abc import Collection

from spheresync.model import GLUE, AssetId, TargetKey
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.triage import status_of
from spheresync.state.port import Tx


async def settle_statuses(tx: Tx, assets: Collection[AssetId]) -> None:
    """Write where these assets stand now."""
    records = await tx.catalog.some(assets)
    checkpoints = await tx.checkpoints.of(assets, TargetKey(GLUE))
    unwritten = await tx.unwritten.of(assets, TargetKey(GLUE))
    drifted = await tx.drift.drifted(assets, TargetKey(GLUE))
    moved = []
    for record in records:
        known = unwritten.get(record.id)
        try:
            status = status_of(
                record,
                checkpoints.get(record.id),
                unwritten=None if known is None else known.problem.code,
                drifted=record.id in drifted,
            )
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset: it stands where it stood
            product_error(error, str(record.id))
            continue
        if record.status is not status:
            moved.append((record.id, status))
    await tx.catalog.set_statuses(moved)
