"""Where a destination was when it was written: what is known of one catalog says nothing of another.

A destination that is given another role, Region or catalog while its tables are known would count as in sync there. So
the place goes on record with the first plan, and another one is refused as long as tables are known at the old one.
"""

from __future__ import annotations

from spheresync.config import Settings
from spheresync.errors import TargetError, TargetFault
from spheresync.model import TargetKey
from spheresync.state.port import Store, Tx

_NOTE = "place:"


async def require_same_place(store: Store, settings: Settings, key: TargetKey) -> None:
    """Refuse to go by what is known of a destination that is another one by now.

    Raises:
        TargetError: CONFLICT; it was written elsewhere, and tables are known there.
    """
    noted, place = await store.meta.get(_NOTE + key.destination), settings.places[key.destination].place
    if noted is None or noted == place or not any(held.is_there for held in await store.checkpoints.all(key)):
        return
    raise TargetError(
        TargetFault.CONFLICT,
        f"destination {key.destination} was written in {noted} until now and is {place} by the settings: what is known "
        "of the one says nothing of the other, so nothing was done there.",
        remedy="Give the new place another name under `destinations:`, or put the former one back.",
        systemic=True,
    )


async def note_place(tx: Tx, settings: Settings, key: TargetKey) -> None:
    """Put on record where a destination is; `require_same_place` has let it pass."""
    await tx.meta.set(_NOTE + key.destination, settings.places[key.destination].place)
