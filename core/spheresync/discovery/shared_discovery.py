"""One reading of Datasphere at a time over all processes of a state, shared by whoever waits for one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import anyio

from spheresync.config import DeletionPolicy
from spheresync.discovery.discovery_report import DiscoveryReport, Redefined
from spheresync.discovery.tenant_pass import TenantPass, no_listener
from spheresync.errors import LeaseLostError
from spheresync.lineage.broken import LineageCheck
from spheresync.lineage.owed import tell_of_reading
from spheresync.model import AssetId, Problem, RunId, canonical_json, isoformat
from spheresync.observe.incidents import product_error
from spheresync.planning.asset_status import settle_for_targets
from spheresync.planning.decisions.asset_work import RemovalRules
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.lease_keeper import HeldLease, while_held
from spheresync.runtime.progress import OnProgress, ProgressEvent, silent
from spheresync.runtime.providers import Providers
from spheresync.runtime.scope import Scope
from spheresync.runtime.search_index import care_for_index
from spheresync.runtime.settled_context import settle_context
from spheresync.runtime.tenant_binding import bind_tenant
from spheresync.state.cell_encoding import decode_cell, decode_problems, encode_problems
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord

DISCOVERY_LEASE = "discovery"
LAST_DISCOVERY = "last_discovery"
LISTED_AT = "schedule:listed_at"
"""When a scheduler listed the tenant; its own failures are those of its job."""
LEASE_RETRY = 0.2


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be read: of which assets, whether changed or not, and whether retired tables are deleted by it."""

    scope: Scope = field(default_factory=Scope)
    full: bool = False
    deleting: bool = False
    run: RunId | None = None


class SharedDiscovery:
    """Reads the tenant, one process of this state at a time; whoever comes second uses what the first one read."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context
        self._store = context.store

    async def discover(
        self,
        scope: Scope,
        *,
        full: bool,
        since: str,
        progress: OnProgress,
        using: Providers | None = None,
        deleting: bool = False,
        run: RunId | None = None,
    ) -> DiscoveryReport:
        """Read Datasphere, one process at a time; a reading that began after `since` and covers `scope` serves too.

        `using` are providers that are in use already; by default those of the settings in force. Where `deleting`,
        retired tables will be deleted by what is read, so their assets are asked for. `run`: for which this is done.
        """
        wanted = _Wanted(scope, full=full, deleting=deleting, run=run)

        async def shared() -> DiscoveryReport | None:
            return await self._shared_reading(wanted, since=since)

        async def read(fence: int) -> DiscoveryReport:
            async with self._context.providers_or(using) as providers:
                return await self._discover_here(providers, wanted, progress=progress, fence=fence)

        return (await self._in_turn(shared, read, progress)).told_to(scope)

    async def list_catalog(self) -> DiscoveryReport:
        """List the tenant and read no definition; waits while another process reads."""

        async def read(fence: int) -> DiscoveryReport:
            await self._store.clear_lost_rows()
            async with self._context.providers.in_use() as providers:
                return await (await self._pass(providers, _Wanted(), fence=fence, redefined=no_listener)).list_all()

        return await self._in_turn(_nothing_shared, read, silent)

    async def read_asset(self, asset: AssetId) -> AssetRecord | None:
        """Read one definition by what the last listing said; answers the record, None where there is no entry."""
        async with (
            self._context.providers.in_use() as providers,
            self._lineage_checked(providers, _Wanted(), self._context.clock()) as redefined,
        ):
            return await (await self._pass(providers, _Wanted(), redefined=redefined)).read(asset)

    @asynccontextmanager
    async def _lineage_checked(self, providers: Providers, wanted: _Wanted, now: datetime) -> AsyncIterator[Redefined]:
        """What a pass tells of other definitions than before; what they mean for lineage is checked at its end."""
        check = LineageCheck(self._store, self._context.owner, at=isoformat(now))

        async def tell(tx: Tx, assets: Sequence[AssetId]) -> None:
            jobs, settings = self._context.jobs, providers.settings
            await tell_of_reading(tx, jobs, settings, assets, run=wanted.run, at=isoformat(now))

        async def redefined(tx: Tx, assets: Sequence[AssetId], naming: Sequence[AssetId]) -> None:
            await check.note(tx, assets, naming)
            await tell(tx, assets)

        yield redefined
        try:
            await check.run(tell)
        except Exception as error:  # noqa: BLE001 -- keeps nobody from what was read: the next process checks it
            product_error(error, "lineage of what has changed")

    async def _pass(
        self,
        providers: Providers,
        wanted: _Wanted,
        *,
        progress: OnProgress = silent,
        fence: int | None = None,
        redefined: Redefined,
    ) -> TenantPass:
        async def still_ours(tx: Tx) -> None:
            if fence is not None:
                await tx.leases.require(DISCOVERY_LEASE, fence)

        async def bind(tx: Tx) -> None:
            await bind_tenant(tx, providers.settings)

        await settle_context(self._store, providers.mapping)
        await settle_for_targets(self._store, providers.keys)
        deletion = providers.settings.deletion
        deletes = wanted.deleting or deletion.policy is DeletionPolicy.DELETE
        return TenantPass(
            await providers.source(),
            self._store,
            providers.mapping,
            wanted.scope,
            now=self._context.clock(),
            full=wanted.full,
            progress=progress,
            still_ours=still_ours,
            bind=bind,
            redefined=redefined,
            removals=RemovalRules(deletion.policy, deletion.misses, deletion.grace, deletes),
            in_force=providers.keys,
        )

    async def _discover_here(
        self, providers: Providers, wanted: _Wanted, *, progress: OnProgress, fence: int
    ) -> DiscoveryReport:
        began = self._context.clock()
        await self._store.clear_lost_rows(everywhere=wanted.full)
        async with self._lineage_checked(providers, wanted, began) as redefined:
            tenant_pass = await self._pass(providers, wanted, progress=progress, fence=fence, redefined=redefined)
            report = await tenant_pass.run()
        await care_for_index(self._store)
        note = {
            "began": isoformat(began),
            "scope": wanted.scope.to_json(),
            "thorough": wanted.full,
            "deleting": wanted.deleting,
            "report": asdict(report)
            | {"problems": encode_problems(report.problems), "gone": encode_problems(report.gone)},
        }

        async def remember(tx: Tx) -> None:
            await tx.leases.require(DISCOVERY_LEASE, fence)
            await tx.meta.set(LAST_DISCOVERY, canonical_json(note).decode())

        await self._store.write(remember)
        return report

    async def _shared_reading(self, wanted: _Wanted, *, since: str) -> DiscoveryReport | None:
        text = await self._store.meta.get(LAST_DISCOVERY)
        if text is None:
            return None
        try:
            return _noted_reading(decode_cell(text), wanted, since=since, now=isoformat(self._context.clock()))
        except Exception as error:  # noqa: BLE001 -- a note that is damaged is none: Datasphere is read anew
            product_error(error, "note of the last discovery")
            return None

    async def _in_turn(
        self,
        shared: Callable[[], Awaitable[DiscoveryReport | None]],
        read: Callable[[int], Awaitable[DiscoveryReport]],
        progress: OnProgress,
    ) -> DiscoveryReport:
        """Be the one process that reads Datasphere; not where a reading of another one, now or meanwhile, serves too.

        A process that was stopped for so long that another one reads in its place waits for its turn again.
        """
        while True:
            found = await shared()
            if found is not None:
                return found
            fence = await self._acquire()
            if fence is not None:
                with suppress(LeaseLostError):
                    return await self._read_as_holder(fence, read)
            await progress(ProgressEvent("waiting", 0, 0, "another process is reading Datasphere"))
            await anyio.sleep(LEASE_RETRY)

    async def _read_as_holder(self, fence: int, read: Callable[[int], Awaitable[DiscoveryReport]]) -> DiscoveryReport:
        try:
            return await while_held(self._store, HeldLease(self._store, DISCOVERY_LEASE, fence), lambda: read(fence))
        finally:
            with anyio.CancelScope(shield=True):
                await self._release(fence)

    async def _acquire(self) -> int | None:
        owner = self._context.owner
        return await self._store.write(lambda tx: tx.leases.acquire(DISCOVERY_LEASE, owner, beats=True))

    async def _release(self, fence: int) -> None:
        async def release(tx: Tx) -> None:
            with suppress(LeaseLostError):
                await tx.leases.require(DISCOVERY_LEASE, fence)
                await tx.leases.release(DISCOVERY_LEASE, self._context.owner)

        await self._store.write(release)


async def why_not_reached(store: Store) -> Problem | None:
    """Why the last discovery got no list of spaces, such as a secret that was refused; None where it got one since."""
    text, listed_at = await store.meta.get(LAST_DISCOVERY), await store.meta.get(LISTED_AT)
    try:
        note = {} if text is None else decode_cell(text)
        report = note.get("report", {})
        if report.get("reached", True) or (listed_at is not None and listed_at > note["began"]):
            return None
        return next(iter(decode_problems(report["problems"])), None)
    except Exception as error:  # noqa: BLE001 -- a note that is damaged is none
        product_error(error, "note of the last discovery")
        return None


async def _nothing_shared() -> None:
    """A listing is made anew: it is asked for because the last one is old."""


def _noted_reading(note: Any, wanted: _Wanted, *, since: str, now: str) -> DiscoveryReport | None:
    """The report of a noted reading; None where it does not serve, as one that a clock which ran ahead calls newer."""
    if not since <= note["began"] <= now or not Scope.from_json(note["scope"]).covers(wanted.scope):
        return None
    if (wanted.full and not note["thorough"]) or (wanted.deleting and not note.get("deleting")):
        return None
    figures = note["report"]
    if not all(isinstance(figures.get(word), str) for word in ("problems", "gone")):
        return None  # noted by a process of a former version
    for word in ("problems", "gone"):
        figures[word] = list(decode_problems(figures[word]))
    return DiscoveryReport(**figures)
