"""A server over the fake service, for both protocol eras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from spheresync.model.principals import CallerRole
from spheresync_server.caller import local_caller
from spheresync_server.mcp_server.server import SpheresyncServer, build_server
from spheresync_server.server_context import ServerContext, ServiceStartup
from tests.unit.server.fake_service import FakeService

MakeServer = Callable[..., SpheresyncServer]


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def make_server(service: FakeService) -> MakeServer:
    """A server for a role; other services than the shared one may be given."""

    def make(role: str = "admin", *, read_only: bool = False, over: FakeService | None = None) -> SpheresyncServer:
        server_context = ServerContext(
            startup=ServiceStartup.of(cast("Any", over or service)),
            caller_of=local_caller(CallerRole(role)),
            show_settings=lambda: {"env": "dog", "datasphere": {"client_secret": "**********"}},
            read_only=read_only,
        )
        return build_server(server_context)

    return make


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    """Protocol 2026-07-28 and the handshake era before it."""
    return str(request.param)
