"""Tiers that a person has paused: the scheduler leaves them alone; who names their assets in a run writes them."""

from __future__ import annotations

from datetime import datetime

from spheresync.model import Tier, isoformat
from spheresync.state.port import Store, Tx

_PAUSED = "schedule:paused:"


async def paused_tiers(store: Store) -> frozenset[Tier]:
    """Tiers that are paused now."""
    return frozenset(await paused_since(store))


async def paused_since(store: Store) -> dict[Tier, str]:
    """Tiers that are paused, and since when."""
    noted = await store.meta.with_prefix(_PAUSED)
    tiers = {key.removeprefix(_PAUSED): at for key, at in noted.items()}
    return {tier: tiers[tier] for tier in Tier if tier in tiers}


async def set_paused(tx: Tx, tier: Tier, at: datetime | None) -> None:
    """Pause a tier, or with None let it go on."""
    if at is None:
        await tx.meta.delete(_PAUSED + tier)
    else:
        await tx.meta.set(_PAUSED + tier, isoformat(at))
