"""The source and the targets of one generation of settings: made when first needed, closed when it ends.

Settings follow their file. Whatever begins works with the providers of the settings in force at that moment, and goes
on with them to its end; those of former settings are closed once nobody uses them any more.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

import anyio

from spheresync.config import Settings, SettingsSource
from spheresync.errors import ConfigurationError, UsageError
from spheresync.mapping.rules import MappingRules
from spheresync.model import Problem, TargetKey
from spheresync.runtime.kinds_not_read import kinds_not_read
from spheresync.runtime.out_of_scope import Outside
from spheresync.runtime.scope import Scope
from spheresync.targets.protocol import Target

if TYPE_CHECKING:
    from spheresync.source.protocol import Source

MakeSource: TypeAlias = "Callable[[Settings, AsyncExitStack], Awaitable[Source]]"
"""Makes the source of some settings; what is to be closed with it goes onto the stack."""
MakeTarget: TypeAlias = Callable[[Settings, TargetKey, AsyncExitStack], Target]
"""Makes a target of some settings; what is to be closed with it goes onto the stack."""

_CLOSING = 2.0
"""Seconds that closing connections may take."""
_LATELY = 1.0  # seconds

log = logging.getLogger(__name__)


class Providers:
    """One generation: its settings, its mapping rules, its source, its targets."""

    def __init__(self, settings: Settings, make_source: MakeSource, make_target: MakeTarget) -> None:
        self.settings = settings
        self._make_source = make_source
        self._make_target = make_target
        self._source: Source | None = None
        self._targets: dict[TargetKey, Target] = {}
        self._making = anyio.Lock()
        self._closing = AsyncExitStack()

    @cached_property
    def mapping(self) -> MappingRules:
        return MappingRules.compile(self.settings)

    async def source(self) -> Source:
        """The tenant.

        Raises:
            ConfigurationError: its addresses cannot be used.
        """
        async with self._making:
            if self._source is None:
                self._source = await self._make_source(self.settings, self._closing)
        return self._source

    @property
    def keys(self) -> tuple[TargetKey, ...]:
        """The targets in their destinations that are in force."""
        return self.settings.target_keys

    def targets(self, scope: Scope) -> tuple[Target, ...]:
        """Those in force that a scope is about.

        Raises:
            UsageError: there is none any more.
        """
        wanted = [key for key in self.keys if scope.wants_key(key)]
        if not wanted:
            raise UsageError(
                "none of the targets that were asked for is configured any more.",
                remedy=f"Configured: {', '.join(map(str, self.keys))}. Ask again with one of them.",
            )
        return tuple(map(self.target, wanted))

    def target(self, key: TargetKey) -> Target:
        """The target of a key that is in force."""
        if key not in self._targets:
            in_force = next((each for each in self.keys if each == key), key)  # which knows its spaces
            self._targets[key] = self._make_target(self.settings, in_force, self._closing)
        return self._targets[key]

    @property
    def outside(self) -> Outside:
        """What is not known here though the tenant may hold it."""
        return Outside(self.mapping.outside_scope, kinds_not_read(self.settings))

    @property
    def tenant_given_up(self) -> bool:
        """Whether the tenant is asked nothing now, because it has answered nothing useful for too long."""
        return self._source is not None and self._source.gave_up

    def spent(self) -> Counter[str]:
        """What both sides were asked so far, and how often they asked to slow down, in words of the ledger."""
        spent: Counter[str] = Counter()
        if self._source is not None:
            reading = self._source.usage
            spent["datasphere_requests"] = reading.requests
            spent["datasphere_bytes"] = reading.bytes_received
            spent["datasphere_throttled"] = reading.throttled
            spent["datasphere_retries"] = reading.retries
            spent["datasphere_requests_saved"] = reading.saved
        for target in self._targets.values():
            used = target.usage
            spent["aws_calls"] += used.total_calls
            spent["aws_bytes"] += used.bytes_sent
            spent["aws_throttled"] += used.throttles
            spent["aws_retries"] += used.retries
        return spent

    async def aclose(self) -> None:
        """Close every connection, also when cancelled; a connection that cannot be closed is logged and left."""
        with anyio.move_on_after(_CLOSING, shield=True):
            try:
                await self._closing.aclose()
            except Exception as error:  # noqa: BLE001  # whoever is the last user is not to suffer for tidying up
                log.warning("A connection of former settings could not be closed: %s", type(error).__name__)


class ProviderGenerations:
    """Hands out the providers of the settings in force, and closes those of former ones after their last user."""

    def __init__(
        self,
        source: SettingsSource,
        make_source: MakeSource,
        make_target: MakeTarget,
        kept_name: Callable[[], Awaitable[str | None]] | None = None,
    ) -> None:
        """`kept_name`: what the state knows as the name of an installation that nobody has named."""
        self._settings_source = source
        self._kept_name = kept_name
        self._make_source = make_source
        self._make_target = make_target
        self._users: Counter[Providers] = Counter()
        self._ended: list[Providers] = []
        self._spent: Counter[str] = Counter()  # by generations that are closed
        self._current = self._begin(source.current())
        self._look_again = 0.0

    @property
    def current(self) -> Providers:
        """Those of the settings as the file has them now; a file that broke meanwhile leaves the last good ones.

        Good for settings, rules and figures. Whoever asks the tenant or a target takes `in_use`.
        """
        try:
            settings = self._settings_source.current()
        except ConfigurationError:
            return self._current
        if settings is not self._current.settings:
            self._ended.append(self._current)
            self._current = self._begin(settings)
        return self._current

    @property
    def lately(self) -> Providers:
        """`current`, as of a second ago at most: for what each request asks, which is too often to look at the file."""
        now = monotonic()
        if now >= self._look_again:
            self._look_again = now + _LATELY
            return self.current
        return self._current

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[Providers]:
        """The providers of the settings in force: the same to the end, and open until then."""
        if self._kept_name is not None:
            self._settings_source.keep_name(await self._kept_name())
        providers = self.current
        self._users[providers] += 1
        try:
            await self.close_ended()
            yield providers
        finally:
            self._users[providers] -= 1
            await self.close_ended()

    def require_good(self) -> None:
        """Refuse to work by settings that are no longer those of the file.

        Raises:
            ConfigurationError: the file was changed and cannot be used; every problem is named.
        """
        self._settings_source.current()

    @property
    def problem(self) -> Problem | None:
        """Why the settings in force are not those of the file, None where they are."""
        try:
            self._settings_source.current()
        except ConfigurationError as error:
            remedy = "Until then nothing is planned or written; `spheresync config validate` checks the file."
            return Problem("configuration", "configuration", error.message, remedy)
        return None

    def spent(self) -> Mapping[str, int]:
        """What all generations together have asked of both sides so far."""
        spent = Counter(self._spent)
        for providers in (*self._ended, self._current):
            spent.update(providers.spent())
        return spent

    async def close_ended(self) -> None:
        """Close what former settings opened, as far as nobody uses it any more."""
        while idle := next((each for each in self._ended if not self._users[each]), None):
            self._forget(idle)
            await idle.aclose()

    async def aclose(self) -> None:
        """Close everything; nobody may use any of it any more."""
        for providers in (*self._ended, self._current):
            await providers.aclose()

    def _begin(self, settings: Settings) -> Providers:
        return Providers(settings, self._make_source, self._make_target)

    def _forget(self, providers: Providers) -> None:
        self._ended.remove(providers)
        del self._users[providers]
        self._spent.update(providers.spent())
