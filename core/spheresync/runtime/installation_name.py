"""The name under which an installation writes: derived once where nobody gives one, and kept with what was written.

By it AWS says whose tables, LF-Tags, data sets and assets are whose, and ids are derived from it (CONTRACT.md). So one
that moved with the prefix, or that somebody changed, would make strangers of all that this state has written, or have
it made twice.
"""

from __future__ import annotations

from spheresync.config import Settings
from spheresync.state.port import Store, Tx

_NAME = "installation"


async def kept_name(store: Store) -> str | None:
    """The name that was in force when something was written; None where nothing was."""
    name = await noted_name(store)
    return name if name is not None and await store.checkpoints.keys() else None


async def noted_name(store: Store) -> str | None:
    """The name that was in force last when something was planned, whether or not anything was written."""
    return await store.meta.get(_NAME)


async def note_name(tx: Tx, settings: Settings) -> None:
    """Note the name that is in force."""
    await tx.meta.set(_NAME, settings.installation_name)
