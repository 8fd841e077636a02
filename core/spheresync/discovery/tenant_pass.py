"""Read Datasphere into the local catalog: listings first, then the definitions that may have moved.

Two promises carry the rest of the product. `listed = mapped + filtered + failed`, always. And an asset counts as
missed only when a *complete* listing of a readable space no longer holds it; whatever could not be read keeps
what is known of it, and is told as not read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial

from spheresync.discovery.definition_pass import DefinitionPass
from spheresync.discovery.discovery_report import CatalogRecorder, DefinitionToRead, DiscoveryReport, Redefined
from spheresync.discovery.listing_pass import UNTRUSTED, ListingPass
from spheresync.discovery.pass_context import PassContext
from spheresync.discovery.renamed_assets import RenamedAssets
from spheresync.discovery.vanished_assets import VanishedAssets
from spheresync.mapping.rules import MappingRules
from spheresync.model import AssetId, TargetKey, isoformat
from spheresync.planning.decisions.asset_work import RemovalRules
from spheresync.runtime.progress import OnProgress, silent
from spheresync.runtime.scope import Scope
from spheresync.source.protocol import Source
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord


async def _nothing_to_check(_: Tx) -> None:
    """Where no lease is needed, as of one asset, or no tenant is remembered."""


async def no_listener(_: Tx, __: Sequence[AssetId], ___: Sequence[AssetId]) -> None:
    """Where nobody wants to know which definitions have changed."""


class TenantPass:
    """One pass over the tenant. Build it, and use it once."""

    def __init__(
        self,
        source: Source,
        store: Store,
        mapping: MappingRules,
        scope: Scope,
        *,
        now: datetime,
        full: bool = False,
        progress: OnProgress = silent,
        still_ours: Callable[[Tx], Awaitable[None]] = _nothing_to_check,
        bind: Callable[[Tx], Awaitable[None]] = _nothing_to_check,
        redefined: Redefined = no_listener,
        removals: RemovalRules | None = None,
        in_force: Sequence[TargetKey],
    ) -> None:
        """`still_ours` raises in a unit of work once another process reads in our place; `bind` remembers the tenant;
        `redefined` is told of other definitions than before, in the unit of work that writes them.

        `removals` say which missed assets are asked for before the miss counts; without them none is. `in_force`: the
        targets by which an asset stands where it stands.
        """
        self._store = store
        self._report = DiscoveryReport()
        self._recorder = CatalogRecorder(store, still_ours, in_force, bind, redefined)
        at = isoformat(now)
        context = PassContext(source, store, mapping, self._report, self._recorder, at, progress)
        vanished = None
        if removals is not None:
            vanished = VanishedAssets(source, store, mapping, removals, now=now, in_force=in_force)
        renamed = RenamedAssets(store, in_force=in_force, now=at)
        self._listing = ListingPass(context, scope, vanished=vanished, renamed=renamed)
        self._definitions = partial(DefinitionPass, context, full=full)

    async def run(self) -> DiscoveryReport:
        """List, read and remember. What the tenant does wrong is in the report, never raised."""
        await self._definitions().run(await self._listing.run())
        return self._report

    async def list_all(self) -> DiscoveryReport:
        """List and remember, and read nothing; what was listed counts as mapped."""
        readings = await self._listing.run()
        self._report.mapped += len(readings)
        listed = [reading.record for reading in readings]

        async def remember(tx: Tx) -> None:
            await self._recorder.put(tx, listed, tx.catalog.put_listings)

        await self._store.write(remember)
        return self._report

    async def read(self, asset: AssetId) -> AssetRecord | None:
        """Read the definition of an asset by its entry of the last listing; answers its record, None where it has none.

        What the tenant does wrong is in the record's `problem`. One whose last entry was not to be trusted is not read.
        """
        record, entry = await self._store.catalog.asset(asset), await self._store.schedule.entry(asset)
        if record is None or entry is None:
            return None
        if record.entry_digest == UNTRUSTED:
            return record
        await self._definitions(read_before={asset: record.read_at}).run([DefinitionToRead(entry, record)])
        return await self._store.catalog.asset(asset)
