"""A tenant that answers, and lists no space: most likely nobody has added the technical user to one yet.

The answer is noted, so that whoever asks later hears that, and not that nobody has read Datasphere.
"""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.model import NO_SPACE, NO_SPACE_MESSAGE, NO_SPACE_REMEDY, Problem, to_the_second
from spheresync.state.port import Store, Tx

_NOTED = "no_space_listed"


@dataclass(frozen=True, slots=True)
class EmptyTenant:
    """The last whole list of spaces held none, and no space is known from before."""

    listed_at: str

    @property
    def problem(self) -> Problem:
        """What to say of it; the remedy is that of a connection test."""
        message = (
            f"{NO_SPACE_MESSAGE.rstrip('.')} (listed at {to_the_second(self.listed_at)}), so there is nothing to sync."
        )
        return Problem("datasphere catalog", NO_SPACE, message, f"{NO_SPACE_REMEDY} Then run discover.")


async def empty_tenant(store: Store) -> EmptyTenant | None:
    """What is known of that; None where spaces are known, or where nobody has listed them yet."""
    noted = await store.meta.get(_NOTED)
    return None if noted is None or await store.catalog.spaces() else EmptyTenant(noted)


async def note_listed(tx: Tx, *, at: str, empty: bool) -> None:
    """Note whether a whole list of spaces held any."""
    if empty:
        await tx.meta.set(_NOTED, at)
    elif await tx.meta.get(_NOTED) is not None:
        await tx.meta.delete(_NOTED)
