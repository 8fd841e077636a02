"""What every run of this process works with: the state, the settings as they are now, one source, the targets."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

import anyio

from spheresync.config import Settings, SettingsSource
from spheresync.errors import ConfigurationError, LeaseLostError, StateError
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import GLUE, AssetId, Problem, TargetName, canonical_json, isoformat
from spheresync.run.discovery import Discovery, DiscoveryReport
from spheresync.run.leasing import while_held
from spheresync.run.planning import Planner, PlanRequest
from spheresync.run.progress import OnProgress, ProgressEvent, silent
from spheresync.run.scope import Scope
from spheresync.source.tenant import DatasphereSource
from spheresync.state.records import AssetRecord, ChangeSetRecord
from spheresync.state.store import Store, Tx
from spheresync.target.protocol import Target

DISCOVERY_LEASE = "discovery"
LAST_DISCOVERY = "last_discovery"
LEASE_RETRY = 0.2


class Workshop:
    """The tools of one process. Sources and targets are made when first needed, so that reading costs no start-up."""

    def __init__(
        self,
        store: Store,
        settings_source: SettingsSource,
        *,
        owner: str,
        clock: Callable[[], datetime],
        make_source: Callable[[Settings], Awaitable[DatasphereSource]],
        make_target: Callable[[Settings, TargetName], Target],
    ) -> None:
        self.store = store
        self.owner = owner
        self.clock = clock
        self._settings_source = settings_source
        self._settings = settings_source.current()
        self._make_source = make_source
        self._make_target = make_target
        self._source: DatasphereSource | None = None
        self._targets: dict[TargetName, Target] = {}
        self._former_targets: list[Target] = []  # made under other settings; what they cost still counts
        self._mapping: MappingRules | None = None
        self._beside: list[Callable[[], Mapping[str, int]]] = []
        self._settled: dict[str, int] = {}  # of `usage`, what the ledger holds already

    @property
    def settings(self) -> Settings:
        """The settings as the file has them now; a file that broke meanwhile leaves the last good ones in force."""
        try:
            current = self._settings_source.current()
        except ConfigurationError:
            return self._settings
        if current is not self._settings:
            self._settings, self._mapping = current, None
            self._former_targets += self._targets.values()
            self._targets = {}
        return self._settings

    def require_good_settings(self) -> None:
        """Refuse to plan or write by rules that are no longer in the file.

        Raises:
            ConfigurationError: the file was changed and cannot be used; every problem is named.
        """
        self._settings_source.current()

    @property
    def settings_problem(self) -> Problem | None:
        """Why the settings in force are not those of the file, None where they are."""
        try:
            self._settings_source.current()
        except ConfigurationError as error:
            remedy = "Until then nothing is planned or written; `spheresync config validate` checks the file."
            return Problem("configuration", "configuration", error.message, remedy)
        return None

    @property
    def mapping(self) -> MappingRules:
        settings = self.settings
        if self._mapping is None:
            self._mapping = MappingRules.compile(settings)
        return self._mapping

    async def source(self) -> DatasphereSource:
        if self._source is None:
            self._source = await self._make_source(self.settings)
        return self._source

    def target(self, name: TargetName) -> Target:
        if name not in self._targets:
            self._targets[name] = self._make_target(self.settings, name)
        return self._targets[name]

    async def discover(self, scope: Scope, *, thorough: bool, since: str, progress: OnProgress) -> DiscoveryReport:
        """Read Datasphere, one process at a time; a reading that began after `since` and covers `scope` serves too."""

        async def shared() -> DiscoveryReport | None:
            return await self._shared_reading(scope, thorough=thorough, since=since)

        async def read(fence: int) -> DiscoveryReport:
            return await self._discover_here(scope, thorough=thorough, progress=progress, fence=fence)

        return await self._in_turn(shared, read, progress)

    async def list_all(self) -> DiscoveryReport:
        """List the tenant and read no definition; waits while another process reads."""

        async def read(fence: int) -> DiscoveryReport:
            return await (await self._discovery(Scope(), fence=fence)).list_all()

        return await self._in_turn(_nothing_shared, read, silent)

    async def read_one(self, asset: AssetId) -> AssetRecord | None:
        """Read one definition by what the last listing said; answers the record, None where there is no entry."""
        return await (await self._discovery(Scope())).read(asset)

    async def _discovery(
        self, scope: Scope, *, thorough: bool = False, progress: OnProgress = silent, fence: int | None = None
    ) -> Discovery:
        async def still_ours(tx: Tx) -> None:
            if fence is not None:
                await tx.leases.require(DISCOVERY_LEASE, fence)

        source = await self.source()
        return Discovery(
            source,
            self.store,
            self.mapping,
            scope,
            now=self.clock(),
            thorough=thorough,
            progress=progress,
            still_ours=still_ours,
        )

    async def _discover_here(
        self, scope: Scope, *, thorough: bool, progress: OnProgress, fence: int
    ) -> DiscoveryReport:
        began = self.clock()
        report = await (await self._discovery(scope, thorough=thorough, progress=progress, fence=fence)).run()
        note = {
            "began": isoformat(began),
            "scope": scope.to_json(),
            "thorough": thorough,
            "report": asdict(report),
        }

        async def remember(tx: Tx) -> None:
            await tx.leases.require(DISCOVERY_LEASE, fence)
            await tx.meta.set(LAST_DISCOVERY, canonical_json(note).decode())

        await self.store.write(remember)
        return report

    async def _shared_reading(self, scope: Scope, *, thorough: bool, since: str) -> DiscoveryReport | None:
        text = await self.store.meta.get(LAST_DISCOVERY)
        if text is None:
            return None
        note = json.loads(text)
        if note["began"] < since or (thorough and not note["thorough"]):
            return None
        if not Scope.from_json(note["scope"]).covers(scope):
            return None
        figures = note["report"]
        figures["problems"] = [Problem(**problem) for problem in figures["problems"]]
        return DiscoveryReport(**figures)

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
            return await while_held(self.store, DISCOVERY_LEASE, fence, lambda: read(fence))
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

    async def plan(self, request: PlanRequest, progress: OnProgress) -> ChangeSetRecord:
        """Make and save a change set from what the local catalog holds."""
        planner = Planner(
            self.store,
            self.settings,
            self.mapping,
            self.target(GLUE),
            request,
            now=self.clock(),
            progress=progress,
        )
        return await planner.run()

    def count_beside(self, figures: Callable[[], Mapping[str, int]]) -> None:
        """Have the ledger hold these of the process too; they are no part of what a run uses."""
        self._beside.append(figures)

    async def settle_usage(self) -> None:
        """Add to the ledger what this process has used since it last did."""
        used = self.usage() | self._repeats()
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
        with anyio.move_on_after(2, shield=True), suppress(StateError):
            await self.settle_usage()

    @property
    def tenant_given_up(self) -> bool:
        """Whether this process asks the tenant nothing now, because that has answered nothing useful for too long."""
        return self._source is not None and self._source.http.gave_up

    def _repeats(self) -> dict[str, int]:
        """How often both sides asked this process to slow down, and what it therefore asked again."""
        figures = {"aws_throttled": 0, "aws_retries": 0}
        for target in (*self._former_targets, *self._targets.values()):
            figures["aws_throttled"] += target.usage.throttles
            figures["aws_retries"] += target.usage.retries
        if self._source is not None:
            reading = self._source.http.usage
            figures |= {"datasphere_throttled": reading.throttled, "datasphere_retries": reading.retries}
        return figures

    def usage(self) -> dict[str, int]:
        """Requests and bytes of this process so far, measured where they leave it."""
        figures = {"datasphere_requests": 0, "datasphere_bytes": 0, "aws_calls": 0, "aws_bytes": 0}
        if self._source is not None:
            reading = self._source.http.usage
            figures["datasphere_requests"] = reading.requests
            figures["datasphere_bytes"] = reading.bytes_received
        for target in (*self._former_targets, *self._targets.values()):
            figures["aws_calls"] += target.usage.total_calls
            figures["aws_bytes"] += target.usage.bytes_sent
        return figures


async def _nothing_shared() -> None:
    """A listing is made anew: it is asked for because the last one is old."""
