"""Make what one process works with: state, job engine, source, targets; embedded ones in dog, real ones elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from spheresync.config import Settings, SettingsSource
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.model import DestinationName, TargetKey, utc_now
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.installation_name import kept_name
from spheresync.runtime.shared_request_budget import SharedRequestBudget
from spheresync.runtime.shared_sign_in import SignInOfState
from spheresync.runtime.tenant_binding import require_same_tenant
from spheresync.source.transport.request_budget import RequestBudget, UnlimitedBudget
from spheresync.state.port import StateFiles
from spheresync.state.sqlite.store import SqliteStore
from spheresync.targets.aws.door import standard_session
from spheresync.targets.aws.rate_limit import RateLimit
from spheresync.targets.glue.reads import GLUE_SERVICE
from spheresync.targets.protocol import Target
from spheresync.targets.registry import TargetResources, registered

if TYPE_CHECKING:
    from boto3.session import Session

    from spheresync.source.datasphere.source import DatasphereSource


@asynccontextmanager
async def open_context(
    settings_source: SettingsSource, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[RuntimeContext]:
    """Open the state and make the context of this process; everything is closed at the end of the block.

    Raises:
        ConfigurationError: settings cannot be used.
        StateError: the state belongs to another tenant, may not be written, or cannot be opened.
    """
    settings = settings_source.current()
    state_files(settings.state_dir).require_writable()
    async with SqliteStore.open(settings.state_dir, clock=clock) as store, AsyncExitStack() as closing:
        await require_same_tenant(store, settings)
        settings_source.keep_name(await kept_name(store))

        def requests_per_minute() -> int:
            return context.providers.lately.settings.datasphere.max_requests_per_minute

        def glue_calls_per_second() -> float | None:
            return context.providers.lately.settings.limits.glue_calls_per_second

        # What limits a process outlives generations of settings and follows each: none can exceed what is allowed now.
        budget = SharedRequestBudget(store, requests_per_minute)
        closing.push_async_callback(budget.aclose)

        @cache
        def rate_limits(_: DestinationName) -> Mapping[str, RateLimit]:
            return {GLUE_SERVICE: RateLimit(glue_calls_per_second)}

        resources = TargetResources(_sessions, rate_limits)

        async def make_source(current: Settings, stack: AsyncExitStack) -> DatasphereSource:
            made = _embedded_source(current) if current.env.is_embedded else _source(current, budget, shared(current))
            return await stack.enter_async_context(made)

        def shared(current: Settings) -> SignInOfState | None:
            return SignInOfState(current, store, clock) if current.datasphere.is_interactive else None

        def make_target(current: Settings, key: TargetKey, stack: AsyncExitStack) -> Target:
            return registered(key.target).make(current, key, resources, stack)

        context = RuntimeContext(
            store,
            settings_source,
            jobs=EmbeddedEngine(store, clock),
            owner=store.owner_id,
            clock=clock,
            make_source=make_source,
            make_target=make_target,
        )
        closing.push_async_callback(context.providers.aclose)
        yield context


def state_files(folder: Path) -> StateFiles:
    """The state of a folder that is not open."""
    from spheresync.state.sqlite.files.state_files import SqliteStateFiles

    return SqliteStateFiles(folder)


def _source(settings: Settings, budget: RequestBudget, sign_in: SignInOfState | None) -> DatasphereSource:
    # Here and not above: whoever asks the tenant nothing loads no HTTP client.
    from spheresync.source.datasphere.source import DatasphereSource
    from spheresync.source.transport.http import Login, TenantHttp

    datasphere = settings.datasphere
    secret = datasphere.client_secret.get_secret_value()
    login = Login(datasphere.client_id, secret, datasphere.token_url or None, sign_in)
    http = TenantHttp(datasphere.base_url, login, budget=budget, give_up_after=datasphere.give_up_after.total_seconds())
    return DatasphereSource(http, objects=datasphere.objects == "on")


def _embedded_source(settings: Settings) -> DatasphereSource:
    """The tenant of this process needs no budget: no request to it leaves the process."""
    import httpx2

    from spheresync.dog.tenant import DOG_BASE_URL, DOG_TOKEN_URL, DogTenant
    from spheresync.source.datasphere.source import DatasphereSource
    from spheresync.source.transport.http import Login, TenantHttp

    tenant = DogTenant(settings.state_dir)
    login = Login(tenant.sign_in.client_id, tenant.sign_in.client_secret, DOG_TOKEN_URL)
    transport = httpx2.ASGITransport(app=tenant)
    http = TenantHttp(DOG_BASE_URL, login, budget=UnlimitedBudget(), transport=transport)
    return DatasphereSource(http, objects=settings.datasphere.objects == "on")


def _sessions(settings: Settings) -> Callable[[], Session]:
    if not settings.env.is_embedded:
        return standard_session
    from spheresync.dog.aws import embedded_session_factory

    return embedded_session_factory(settings.state_dir)
