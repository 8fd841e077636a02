"""What every run of this process works with: the state, the settings as they are now, one source, the targets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import anyio

from spheresync.config import DeletionPolicy, Settings, SettingsSource
from spheresync.discovery.discovery import Discovery, DiscoveryReport
from spheresync.errors import LeaseLostError
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import GLUE, AssetId, Problem, canonical_json, isoformat
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.triage import RemovalRules
from spheresync.planning.planner import Planner, PlanRequest
from spheresync.runtime.lease_keeper import HeldLease, while_held
from spheresync.runtime.progress import OnProgress, ProgressEvent, silent
from spheresync.runtime.providers import Generations, MakeSource, MakeTarget, Providers
from spheresync.runtime.scope import Scope
from spheresync.state.cells import read_cell, read_problems, spell_problems
from spheresync.state.records import AssetRecord, ChangeSetRecord
from spheresync.state.sqlite.store import Store, Tx
from spheresync.targets.read_ahead import RecentReads

DISCOVERY_LEASE = "discovery"
LAST_DISCOVERY = "last_discovery"
LEASE_RETRY = 0.2
USED = ("datasphere_requests", "datasphere_bytes", "aws_calls", "aws_bytes")
"""What is told of what a run used, in words of the ledger."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be read: of which assets, whether changed or not, and whether retired tables are deleted by it."""

    scope: Scope = field(default_factory=Scope)
    thorough: bool = False
    deleting: bool = False


class Workshop:
    """The tools of one process. Sources and targets are made when first needed, so that reading costs no start-up."""

    def __init__(
        self,
        store: Store,
        settings_source: SettingsSource,
        *,
        owner: str,
        clock: Callable[[], datetime],
        make_source: MakeSource,
        make_target: MakeTarget,
    ) -> None:
        self.store = store
        self.owner = owner
        self.clock = clock
        self.providers = Generations(settings_source, make_source, make_target)
        self._beside: list[Callable[[], Mapping[str, int]]] = []
        self._settled: dict[str, int] = {}  # of `usage`, what the ledger holds already

    @property
    def settings(self) -> Settings:
        """The settings in force: those of the file, or the last good ones where that broke meanwhile."""
        return self.providers.current.settings

    def require_good_settings(self) -> None:
        """Refuse to plan or write by rules that are no longer in the file.

        Raises:
            ConfigurationError: the file was changed and cannot be used; every problem is named.
        """
        self.providers.require_good()

    @property
    def settings_problem(self) -> Problem | None:
        """Why the settings in force are not those of the file, None where they are."""
        return self.providers.problem

    @property
    def mapping(self) -> MappingRules:
        return self.providers.current.mapping

    async def discover(
        self,
        scope: Scope,
        *,
        thorough: bool,
        since: str,
        progress: OnProgress,
        using: Providers | None = None,
        deleting: bool = False,
    ) -> DiscoveryReport:
        """Read Datasphere, one process at a time; a reading that began after `since` and covers `scope` serves too.

        `using` are providers that are in use already; by default those of the settings in force. Where `deleting`,
        retired tables will be deleted by what is read, so their assets are asked for.
        """
        wanted = _Wanted(scope, thorough=thorough, deleting=deleting)

        async def shared() -> DiscoveryReport | None:
            return await self._shared_reading(wanted, since=since)

        async def read(fence: int) -> DiscoveryReport:
            async with self._in_use(using) as providers:
                return await self._discover_here(providers, wanted, progress=progress, fence=fence)

        return (await self._in_turn(shared, read, progress)).told_to(scope)

    async def list_all(self) -> DiscoveryReport:
        """List the tenant and read no definition; waits while another process reads."""

        async def read(fence: int) -> DiscoveryReport:
            await self.store.clear_lost_rows()
            async with self.providers.in_use() as providers:
                return await (await self._discovery(providers, _Wanted(), fence=fence)).list_all()

        return await self._in_turn(_nothing_shared, read, silent)

    async def read_one(self, asset: AssetId) -> AssetRecord | None:
        """Read one definition by what the last listing said; answers the record, None where there is no entry."""
        async with self.providers.in_use() as providers:
            return await (await self._discovery(providers, _Wanted())).read(asset)

    @asynccontextmanager
    async def _in_use(self, given: Providers | None) -> AsyncIterator[Providers]:
        if given is not None:
            yield given
            return
        async with self.providers.in_use() as providers:
            yield providers

    async def _discovery(
        self,
        providers: Providers,
        wanted: _Wanted,
        *,
        progress: OnProgress = silent,
        fence: int | None = None,
    ) -> Discovery:
        async def still_ours(tx: Tx) -> None:
            if fence is not None:
                await tx.leases.require(DISCOVERY_LEASE, fence)

        deletion = providers.settings.deletion
        deletes = wanted.deleting or deletion.policy is DeletionPolicy.DELETE
        return Discovery(
            await providers.source(),
            self.store,
            providers.mapping,
            wanted.scope,
            now=self.clock(),
            thorough=wanted.thorough,
            progress=progress,
            still_ours=still_ours,
            removals=RemovalRules(deletion.policy, deletion.misses, deletion.grace, deletes),
        )

    async def _discover_here(
        self, providers: Providers, wanted: _Wanted, *, progress: OnProgress, fence: int
    ) -> DiscoveryReport:
        began = self.clock()
        await self.store.clear_lost_rows(everywhere=wanted.thorough)
        discovery = await self._discovery(providers, wanted, progress=progress, fence=fence)
        report = await discovery.run()
        note = {
            "began": isoformat(began),
            "scope": wanted.scope.to_json(),
            "thorough": wanted.thorough,
            "deleting": wanted.deleting,
            "report": asdict(report)
            | {"problems": spell_problems(report.problems), "gone": spell_problems(report.gone)},
        }

        async def remember(tx: Tx) -> None:
            await tx.leases.require(DISCOVERY_LEASE, fence)
            await tx.meta.set(LAST_DISCOVERY, canonical_json(note).decode())

        await self.store.write(remember)
        return report

    async def _shared_reading(self, wanted: _Wanted, *, since: str) -> DiscoveryReport | None:
        text = await self.store.meta.get(LAST_DISCOVERY)
        if text is None:
            return None
        try:
            return _noted_reading(read_cell(text), wanted, since=since)
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
            return await while_held(self.store, HeldLease(self.store, DISCOVERY_LEASE, fence), lambda: read(fence))
        finally:
            with anyio.CancelScope(shield=True):
                await self._release(fence)

    async def _acquire(self) -> int | None:
        async def acquire(tx: Tx) -> int | None:
            return await tx.leases.acquire(DISCOVERY_LEASE, self.owner, beats=True)

        return await self.store.write(acquire)

    async def _release(self, fence: int) -> None:
        async def release(tx: Tx) -> None:
            with suppress(LeaseLostError):
                await tx.leases.require(DISCOVERY_LEASE, fence)
                await tx.leases.release(DISCOVERY_LEASE, self.owner)

        await self.store.write(release)

    async def plan(
        self,
        request: PlanRequest,
        progress: OnProgress,
        *,
        using: Providers | None = None,
        recent: RecentReads | None = None,
    ) -> ChangeSetRecord:
        """Make and save a change set from what the local catalog holds; `using` as of `discover`.

        `recent` gets the tables that had to be read, for a run that applies the change set at once.
        """
        async with self._in_use(using) as providers:
            planner = Planner(
                self.store,
                providers.settings,
                providers.mapping,
                providers.target(GLUE),
                request,
                now=self.clock(),
                progress=progress,
                recent=recent,
            )
            return await planner.run()

    def count_beside(self, figures: Callable[[], Mapping[str, int]]) -> None:
        """Have the ledger hold these of the process too; they are no part of what a run uses."""
        self._beside.append(figures)

    async def settle_usage(self) -> None:
        """Add to the ledger what this process has used since it last did."""
        await self.providers.close_ended()
        used = {**self.providers.spent()}
        for figures in self._beside:
            used |= figures()
        amounts = {word: amount - self._settled.get(word, 0) for word, amount in used.items()}
        if not any(amounts.values()):
            return
        self._settled = used
        day = self.clock().date().isoformat()

        async def add(tx: Tx) -> None:
            await tx.ledger.add(day, amounts)

        await self.store.write(add)

    async def settle_usage_at_last(self) -> None:
        """As `settle_usage`, on the way out: also when cancelled, for two seconds at most, and without a word."""
        with anyio.move_on_after(2, shield=True), suppress(Exception):
            await self.settle_usage()

    @property
    def tenant_given_up(self) -> bool:
        """Whether this process asks the tenant nothing now, because that has answered nothing useful for too long."""
        return self.providers.current.tenant_given_up

    def usage(self) -> dict[str, int]:
        """Requests and bytes of this process so far, measured where they leave it."""
        spent = self.providers.spent()
        return {word: spent.get(word, 0) for word in USED}


async def _nothing_shared() -> None:
    """A listing is made anew: it is asked for because the last one is old."""


def _noted_reading(note: Any, wanted: _Wanted, *, since: str) -> DiscoveryReport | None:
    """The report of a noted reading; None where it does not serve."""
    if note["began"] < since or not Scope.from_json(note["scope"]).covers(wanted.scope):
        return None
    if (wanted.thorough and not note["thorough"]) or (wanted.deleting and not note.get("deleting")):
        return None
    figures = note["report"]
    if not all(isinstance(figures.get(word), str) for word in ("problems", "gone")):
        return None  # noted by a process of a former version
    for word in ("problems", "gone"):
        figures[word] = list(read_problems(figures[word]))
    return DiscoveryReport(**figures)
