"""What a space holds: by the catalog what is exposed, and by the object lists all that is deployed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio

from spheresync.errors import REFUSALS, SourceError
from spheresync.isolation import isolated_group
from spheresync.model import (
    AssetEntry,
    AssetId,
    Listing,
    Problem,
    SpaceName,
    counted,
    first_of,
    unspellable,
)
from spheresync.source.datasphere.checks import NAMED
from spheresync.source.datasphere.listing.catalog import Catalog
from spheresync.source.datasphere.objects.definitions import ObjectDefinitions
from spheresync.source.datasphere.objects.object_list import ObjectList, ObjectLists, remedy_of
from spheresync.source.datasphere.objects.object_types import SEGMENTS, offered_paths
from spheresync.source.protocol import Check
from spheresync.source.transport.http import TenantHttp

OBJECTS = "design-time objects"


class Objects:
    """The design-time objects of one tenant, beside what its catalog lists."""

    def __init__(self, http: TenantHttp, catalog: Catalog) -> None:
        self.definitions = ObjectDefinitions(http)
        self._http = http
        self._catalog = catalog
        self._lists = ObjectLists(http)
        self._offered: frozenset[str] | None = None
        self._discovered = False
        self._discovery = anyio.Lock()

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]:
        """All assets of a space; complete only where every list of it is whole."""
        offered = await self._offered_paths()
        listings: list[Listing[AssetEntry]] = []
        objects: list[ObjectList] = []

        async def list_catalog() -> None:
            listings.append(await self._catalog.list_assets(space))

        async def list_objects() -> None:
            objects.append(await self._lists.of(space, offered))

        async with isolated_group() as group:
            group.start_soon(list_catalog)
            group.start_soon(list_objects)
        return merged(space, listings[0], objects[0])

    async def check(self, spaces: Sequence[SpaceName]) -> tuple[Check, ...]:
        """Whether the views of each space can be listed; of many that cannot, the first are told by name."""
        offered = await self._offered_paths()
        if offered is not None and not offered & set(SEGMENTS.values()):
            return (Check(OBJECTS, False, "The tenant offers no list of objects.", "Set datasphere.objects: off."),)
        refused: dict[SpaceName, SourceError] = {}

        async def ask(space: SpaceName) -> None:
            try:
                await self._lists.try_views(space)
            except SourceError as error:
                refused[space] = error

        async with isolated_group() as group:
            for space in spaces:
                if not unspellable(space, of_space=True):
                    group.start_soon(ask, space)
        if not refused:
            return (Check(OBJECTS, True, f"The objects of {counted(len(spaces), 'space')} can be listed."),)
        names = sorted(refused)
        error = refused[names[0]]
        message = f"The objects of {first_of(names, NAMED)} cannot be listed: {error.message}"
        return (Check(OBJECTS, False, message, remedy_of(error)),)

    async def _offered_paths(self) -> frozenset[str] | None:
        async with self._discovery:
            if not self._discovered:
                self._offered = await offered_paths(self._http)
                self._discovered = True
        return self._offered


def merged(space: SpaceName, catalog: Listing[AssetEntry], objects: ObjectList) -> Listing[AssetEntry]:
    """One listing of both: what either holds, with the facts that each has of it.

    Where the catalog is not whole, a view that only the object list holds may be exposed all the same. Without what the
    catalog knows of it its definition would lose facts, so it is not listed, as nothing else that may be missing is.
    Where an object list is not whole, what else is listed may stand in it too, which would make it a contradiction, or
    of another kind; but a list that may not be read says so each time, and what the catalog holds goes by the catalog.
    """
    exposed = {entry.id for entry in catalog.items}
    entries = {entry.id: entry for entry in catalog.items}
    for name, kind in objects.kinds.items():
        asset = AssetId(space, name)
        known = entries.get(asset)
        if known is None:
            if kind.may_be_exposed and not catalog.complete:
                continue
            label = objects.labels.get(name, "")
            entries[asset] = AssetEntry(asset, label, None, None, False, False, kind)
        else:
            entries[asset] = replace(known, object_type=kind)
    flaws: dict[SpaceName | AssetId, Problem] = {**objects.flaws, **catalog.flaws}
    refused = all(problem.code in REFUSALS for problem in objects.problems)
    told = objects.problems
    if any(problem.code in REFUSALS for problem in catalog.problems):  # no role of objects is missing: nothing is open
        told = [problem for problem in told if problem.code not in REFUSALS]
    unproven = frozenset(entries) - (exposed if refused else frozenset()) if objects.problems else frozenset()
    return Listing(
        scope=catalog.scope,
        items=tuple(entries.values()),
        complete=catalog.complete and not objects.problems,
        problems=(*catalog.problems, *told, *objects.flaws.values()),
        flaws=flaws,
        unproven=unproven,
        not_offered=objects.not_offered,
    )
