"""Suite-wide rules: asyncio as the only backend, and no connection that leaves loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["tests.simulators.fixtures"]

SAMPLES = Path(__file__).resolve().parents[1].parent / "shared" / "samples" / "datasphere"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real SAP payloads that nobody on this project wrote; absent in a lone checkout."""
    if not SAMPLES.is_dir():
        pytest.skip(f"real SAP payloads are not here ({SAMPLES.name} folder absent)")
    return SAMPLES


def _stays_home(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    return host in {"localhost", "::1", "", "0.0.0.0"} or host.startswith("127.")


@pytest.fixture(scope="session", autouse=True)
def loopback_guard() -> Iterator[None]:
    """Fail the test that opens a connection to anything but this machine, or resolves another name."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if not _stays_home(address):
            pytest.fail(f"a test tried to leave loopback: {address!r}")
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if not _stays_home(address):
            pytest.fail(f"a test tried to leave loopback: {address!r}")
        return connect_ex(self, address)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _stays_home((name,)):
            pytest.fail(f"a test tried to resolve a foreign name: {name!r}")
        return resolve(host, *args, **kwargs)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_resolve)
    yield
    patch.undo()
