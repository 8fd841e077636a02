"""Hold a promotion against what is known of this tenant."""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.config import Promotion
from spheresync.model import Asset, AssetId, Problem
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.promotion_findings import (
    MOST_FINDINGS,
    differing_findings,
    differing_here,
    missing_findings,
    missing_here,
)
from spheresync.runtime.scope import Scope
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord


async def check_promotion(
    store: Store, promotion: Promotion, records: Iterable[AssetRecord], scope: Scope
) -> tuple[Problem, ...]:
    """Which promoted assets of a scope are not here, or have other columns; bounded in number."""
    known = {record.id: record for record in records}
    wanted = [each for each in promotion.assets if scope.wants(each.asset, each.tier)]
    missing, differing = missing_here(wanted, known), differing_here(wanted, known)
    shown = differing[:MOST_FINDINGS]
    blobs = await store.blobs.get_many(definition for _, definition in shown if definition is not None)
    looked_at = [(each, _decoded(each.asset, blobs.get(at))) for each, at in shown if at is not None]
    return (*missing_findings(missing), *differing_findings(looked_at, len(differing)))


def _decoded(asset: AssetId, definition: bytes | None) -> Asset | None:
    try:
        return None if definition is None else decode_asset(definition)
    except Exception as error:  # noqa: BLE001 -- isolates this asset: it is told without its columns
        product_error(error, str(asset))
        return None
