"""No call leaves loopback: what connects elsewhere, or resolves a foreign name, is caught before it does."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest

LIVE = "SPHERESYNC_LIVE_REGION"
"""Who sets this Region asks for tests on the account that boto3's chain of credentials leads to."""


def stays_home(address: object) -> bool:
    """Whether a socket's address is on this machine."""
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0]).lower()  # names of hosts know no case
    return host in {"localhost", "::1", "", "0.0.0.0"} or host.startswith("127.")


@contextmanager
def loopback_only(refuse: Callable[[str], NoReturn]) -> Iterator[None]:
    """Within the block, `refuse` hears of every attempt to leave; of none where `LIVE` asks to."""
    if os.environ.get(LIVE):
        yield
        return
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if not stays_home(address):
            refuse(f"a test tried to leave loopback: {address!r}")
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if not stays_home(address):
            refuse(f"a test tried to leave loopback: {address!r}")
        return connect_ex(self, address)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not stays_home((name,)):
            refuse(f"a test tried to resolve a foreign name: {name!r}")
        return resolve(host, *args, **kwargs)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_resolve)
    try:
        yield
    finally:
        patch.undo()
