"""Put one process's tools together: state, source, targets; embedded ones in dog, real ones elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from spheresync.config import Settings, SettingsSource
from spheresync.errors import StateError
from spheresync.model import TargetName, utc_now
from spheresync.run.workshop import Workshop
from spheresync.service.state_folder import require_writable
from spheresync.source.budget import RequestBudget, UnlimitedBudget
from spheresync.source.http import Login
from spheresync.source.tenant import DatasphereSource
from spheresync.state.budget import SharedRequestBudget
from spheresync.state.store import Store, Tx
from spheresync.target.aws import AwsDoor, standard_session
from spheresync.target.glue import GlueTarget
from spheresync.target.protocol import Target

TENANT_HOST = "tenant_host"


@asynccontextmanager
async def open_workshop(
    settings_source: SettingsSource, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Workshop]:
    """Open the state and hand out the tools; everything is closed on the way out.

    Raises:
        ConfigurationError: settings cannot be used.
        StateError: the state belongs to another tenant, may not be written, or cannot be opened.
    """
    settings = settings_source.current()
    require_writable(settings.state_dir)
    async with Store.open(settings.state_dir, clock=clock) as store, AsyncExitStack() as closing:
        await _keep_to_one_tenant(store, settings)

        async def make_source(current: Settings) -> DatasphereSource:
            if current.env == "dog":
                return await closing.enter_async_context(_embedded_source(current))
            budget = SharedRequestBudget(store, current.datasphere.max_requests_per_minute)
            closing.push_async_callback(budget.aclose)
            return await closing.enter_async_context(_source(current, budget))

        yield Workshop(
            store, settings_source, owner=store.owner.id, clock=clock, make_source=make_source, make_target=_target
        )


async def _keep_to_one_tenant(store: Store, settings: Settings) -> None:
    """One installation serves one tenant; its state remembers the host and refuses another (CONTRACT.md)."""
    host = settings.tenant_host

    async def remember(tx: Tx) -> str:
        first = await tx.meta.get(TENANT_HOST)
        if first is None:
            await tx.meta.set(TENANT_HOST, host)
        return first or host

    known = await store.meta.get(TENANT_HOST) or await store.write(remember)
    if known != host:
        raise StateError(
            f"the state in {settings.state_dir} belongs to tenant {known}, not to {host}.",
            remedy="Use another state folder (SPHERESYNC_STATE_DIR) for another tenant.",
        )


def _source(settings: Settings, budget: RequestBudget) -> DatasphereSource:
    datasphere = settings.datasphere
    login = Login(datasphere.client_id, datasphere.client_secret.get_secret_value(), datasphere.token_url or None)
    return DatasphereSource(
        datasphere.base_url, login, budget=budget, give_up_after=datasphere.give_up_after.total_seconds()
    )


def _embedded_source(settings: Settings) -> DatasphereSource:
    """The tenant of this process needs no budget: no request to it leaves the process."""
    import httpx2

    from spheresync.dog.tenant import DOG_BASE_URL, DOG_TOKEN_URL, DogTenant

    tenant = DogTenant(settings.state_dir)
    login = Login(tenant.sign_in.client_id, tenant.sign_in.client_secret, DOG_TOKEN_URL)
    return DatasphereSource(DOG_BASE_URL, login, budget=UnlimitedBudget(), transport=httpx2.ASGITransport(app=tenant))


def _target(settings: Settings, name: TargetName) -> Target:
    assert name == "glue"
    sessions = standard_session
    if settings.env == "dog":
        from spheresync.dog.aws import embedded_session_factory

        sessions = embedded_session_factory(settings.state_dir)
    return GlueTarget(AwsDoor(sessions), owner=settings.installation_marker, drift=settings.drift)
