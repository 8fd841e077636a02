"""The definitions that lineage needs, loaded when they are first needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from spheresync.model import OUTSIDE, Asset


class DefinitionSource(Protocol):
    """Where definitions are read from."""

    async def definitions(self, names: Collection[str]) -> Mapping[str, Asset]:
        """The stored definitions of these `SPACE/NAME`s, as far as there are any."""
        ...


class KnownAssets:
    """Definitions by `SPACE/NAME`, each asked for once; `assets` holds those that there are."""

    def __init__(self, source: DefinitionSource, assets: Mapping[str, Asset] | None = None) -> None:
        """`assets` are known already."""
        self.assets: dict[str, Asset] = dict(assets or {})
        self._source = source
        self._asked: set[str] = {*self.assets}

    async def load(self, names: Iterable[str]) -> None:
        """Load these, as far as they are assets and there is a definition of them."""
        wanted = [name for name in dict.fromkeys(names) if name not in self._asked and not name.startswith(OUTSIDE)]
        self._asked.update(wanted)
        if wanted:
            self.assets |= await self._source.definitions(wanted)

    async def load_to_resolve(self, names: Iterable[str]) -> list[Asset]:
        """Load these and all that their origins lead to; answers those of them that there are."""
        names = list(names)
        await self.load(names)
        found = [self.assets[name] for name in names if name in self.assets]
        await self.load(each.object for asset in found for each in (*asset.origins.objects, *asset.origins.writes))
        await self._load_along_paths(found)
        return found

    async def _load_along_paths(self, found: Sequence[Asset]) -> None:
        """Load the objects that associations lead to, all of them a step at a time."""
        front: set[tuple[str, tuple[str, ...]]] = set()
        for asset in found:
            front.update((name, each.steps) for each in asset.origins.followed for name in each.objects)
        while front := {
            (each.target, path[1:])
            for name, path in front
            if path and (known := self.assets.get(name)) is not None
            for each in known.associations
            if each.name == path[0]
        }:
            await self.load(name for name, _ in front)
