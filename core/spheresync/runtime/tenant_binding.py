"""One installation serves one tenant (CONTRACT.md): its state remembers the host, and refuses another.

A state is bound with the first answer of a tenant to the list of spaces, in the transaction that writes what was read.
So a host that was mistyped and never answered binds nothing.
"""

from __future__ import annotations

from spheresync.config import Settings
from spheresync.errors import StateError
from spheresync.state.port import Store, Tx

TENANT_HOST = "tenant_host"


async def require_same_tenant(store: Store, settings: Settings) -> None:
    """Refuse the state of another tenant.

    Raises:
        StateError: the state holds what was read of another tenant.
    """
    _require(await store.meta.get(TENANT_HOST), settings)


async def bind_tenant(tx: Tx, settings: Settings) -> None:
    """Remember of which tenant something is written down now.

    Raises:
        StateError: another process has bound the state to another tenant meanwhile; nothing is written.
    """
    bound = await tx.meta.get(TENANT_HOST)
    if bound is None:
        await tx.meta.set(TENANT_HOST, settings.tenant_host)
    _require(bound, settings)


def _require(bound: str | None, settings: Settings) -> None:
    if bound not in {None, settings.tenant_host}:
        raise StateError(
            f"the state in {settings.state_dir} belongs to tenant {bound}, not to {settings.tenant_host}.",
            remedy="Use another state folder (SPHERESYNC_STATE_DIR) for another tenant. Where that host was a mistake, "
            "and nothing was synced from it, this folder may be removed.",
        )
