"""First writes of objects that failed, of which a part may have been done.

The state knows of no object there that could say so: without a note, the write that ends one would take what stands of
it for somebody else's, and its undo would leave that there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spheresync.model import TargetKey
from spheresync.state.port import Store, Tx
from spheresync.state.records import ChangeSetItem
from spheresync.targets.design import TargetDesign

_NOTES = "begun:"


class BegunWrites:
    """What is noted of them in one target; `item in begun` says whether one for its asset was begun at its address."""

    def __init__(self, store: Store, key: TargetKey) -> None:
        self._store = store
        self._prefix = f"{_NOTES}{key.target}:{key.destination}:"
        self._noted: set[str] = set()

    async def open(self) -> None:
        """Load the notes."""
        self._noted = {*await self._store.meta.with_prefix(self._prefix)}

    def __contains__(self, item: ChangeSetItem) -> bool:
        return self._name(item) in self._noted

    async def of(self, failed: Sequence[ChangeSetItem], design: TargetDesign) -> list[ChangeSetItem]:
        """Those of the failed items that may have begun an object; none where a write is one call."""
        first = [item for item in failed if item.action.writes_definition and item.after is not None]
        bodies = await self._store.blobs.get_many(item.after for item in first if item.after is not None)
        tried = [(item, bodies.get(item.after)) for item in first if item.after is not None]
        return [item for item, body in tried if body is not None and design.with_tried(body, body) is not None]

    async def note(self, tx: Tx, begun: Iterable[ChangeSetItem], *, ended: Iterable[ChangeSetItem]) -> None:
        """Note what was begun, and forget what has come to its end."""
        for name in {self._name(item) for item in ended} & self._noted:
            await tx.meta.delete(name)
            self._noted.discard(name)
        for item in begun:
            await tx.meta.set(self._name(item), "")
            self._noted.add(self._name(item))

    def _name(self, item: ChangeSetItem) -> str:
        return f"{self._prefix}{item.container}.{item.name}:{item.asset}"
