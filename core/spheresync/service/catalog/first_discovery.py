"""The discovery of an empty dog store, before the first answer."""

from __future__ import annotations

from spheresync.discovery.shared_discovery import LAST_DISCOVERY, SharedDiscovery
from spheresync.model import isoformat
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope


class FirstDiscovery:
    """Fills an empty dog store once, and says which readings answer the request that a process was started for."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context
        self._store = context.store
        self._read_at: str | None = None

    async def run(self, *, asked: bool) -> None:
        """An empty dog store is discovered once before the first answer (CONTRACT.md)."""
        if self._context.settings.env.is_embedded and await self._store.meta.get(LAST_DISCOVERY) is None:
            now = isoformat(self._context.clock())
            self._read_at = now if asked else None
            await SharedDiscovery(self._context).discover(Scope(), full=False, since=now, progress=silent)

    def asked_at(self) -> str:
        """From when on a reading answers a request of now; the one that a command was started for is older."""
        first, self._read_at = self._read_at, None
        return first or isoformat(self._context.clock())
