"""What all work of one process shares: the state, the job queue, the clock, the settings in force, the owner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from spheresync.config import Settings, SettingsSource
from spheresync.jobs.port import JobEngine
from spheresync.mapping.rules import MappingRules
from spheresync.model import Problem
from spheresync.runtime.installation_name import kept_name
from spheresync.runtime.out_of_scope import Outside
from spheresync.runtime.providers import MakeSource, MakeTarget, ProviderGenerations, Providers
from spheresync.runtime.usage import UsageMeter
from spheresync.state.port import Store


class RuntimeContext:
    """The context of one process. Sources and targets are made when first needed, so that reading costs no start-up."""

    def __init__(
        self,
        store: Store,
        settings_source: SettingsSource,
        *,
        jobs: JobEngine,
        owner: str,
        clock: Callable[[], datetime],
        make_source: MakeSource,
        make_target: MakeTarget,
    ) -> None:
        self.store = store
        self.jobs = jobs
        self.owner = owner
        self.clock = clock
        self.providers = ProviderGenerations(settings_source, make_source, make_target, partial(kept_name, store))
        self.usage = UsageMeter(store, self.providers, self.clock)

    @property
    def settings(self) -> Settings:
        """The settings in force: those of the file, or the last good ones where that broke meanwhile."""
        return self.providers.current.settings

    @property
    def mapping(self) -> MappingRules:
        return self.providers.current.mapping

    @property
    def outside(self) -> Outside:
        """What is not known here though the tenant may hold it."""
        return self.providers.current.outside

    @property
    def settings_problem(self) -> Problem | None:
        """Why the settings in force are not those of the file, None where they are."""
        return self.providers.problem

    @property
    def tenant_given_up(self) -> bool:
        """Whether this process asks the tenant nothing now, because that has answered nothing useful for too long."""
        return self.providers.current.tenant_given_up

    def require_good_settings(self) -> None:
        """Refuse to plan or write by rules that are no longer in the file.

        Raises:
            ConfigurationError: the file was changed and cannot be used; every problem is named.
        """
        self.providers.require_good()

    @asynccontextmanager
    async def providers_or(self, given: Providers | None) -> AsyncIterator[Providers]:
        """Providers that are in use already, or those of the settings in force for the time of the block."""
        if given is not None:
            yield given
            return
        async with self.providers.in_use() as providers:
            yield providers
