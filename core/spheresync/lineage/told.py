"""What was told last of the lineage of each asset, so that it is told again only where it says something else.

A label that changes, or a table that is written again, says nothing new of where its data comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spheresync.config import Settings
from spheresync.lineage.openlineage import Event
from spheresync.model import Digest, JsonValue, TargetKey, digest_json
from spheresync.state.port import Store, Tx

_TOLD = "lineage_told:"
_OF_THE_TELLING = frozenset({"eventTime", "run"})
"""Members of an event that are others each time."""


class ToldLineage:
    """Digests of what one receiver was told, by the subjects of jobs.

    Args:
        store: keeps them.
        settings: in force; who else is told has been told nothing yet.
        key: the target that is told, None for the receiver that the settings name.
    """

    def __init__(self, store: Store, settings: Settings, key: TargetKey | None) -> None:
        self._store = store
        section = None if key is None else settings.section_of(key.target)
        home = "" if section is None else section.home
        self._receiver: JsonValue = settings.lineage.openlineage if key is None else home
        self._told = _TOLD if key is None else f"{_TOLD}{key.target}:{key.destination}:"

    def digest(self, events: Iterable[Event]) -> Digest:
        """Over what events say, and to whom."""
        said: list[JsonValue] = [
            {name: value for name, value in event.items() if name not in _OF_THE_TELLING} for event in events
        ]
        return digest_json([self._receiver, said])

    async def is_told(self, subject: str, digest: Digest) -> bool:
        """Whether just this was told last."""
        return await self._store.meta.get(f"{self._told}{subject}") == digest

    async def note(self, told: Mapping[str, Digest]) -> None:
        """Keep what was told just now."""

        async def note(tx: Tx) -> None:
            for subject, digest in told.items():
                await tx.meta.set(f"{self._told}{subject}", digest)

        if told:
            await self._store.write(note)
