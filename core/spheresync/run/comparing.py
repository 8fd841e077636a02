"""Hold a promotion against what is known of this tenant."""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.config import Promotion
from spheresync.model import Problem
from spheresync.plan.promoted import (
    MOST_FINDINGS,
    differing_findings,
    differing_here,
    missing_findings,
    missing_here,
)
from spheresync.run.scope import Scope
from spheresync.state.definitions import decode_asset
from spheresync.state.records import AssetRecord
from spheresync.state.store import Store


async def compare_promotion(
    store: Store, promotion: Promotion, records: Iterable[AssetRecord], scope: Scope
) -> tuple[Problem, ...]:
    """Which promoted assets of a scope are not here, or have other columns; bounded in number."""
    known = {record.id: record for record in records}
    wanted = [each for each in promotion.assets if scope.wants(each.asset, each.tier)]
    missing, differing = missing_here(wanted, known), differing_here(wanted, known)
    shown = differing[:MOST_FINDINGS]
    blobs = await store.blobs.get_many(definition for _, definition in shown if definition is not None)
    looked_at = [(each, decode_asset(blobs[at]) if at in blobs else None) for each, at in shown if at is not None]
    return (*missing_findings(missing), *differing_findings(looked_at, len(differing)))
