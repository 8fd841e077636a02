"""Suite-wide rules: asyncio as the only backend, and no connection that leaves loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.loopback import loopback_only

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


@pytest.fixture(scope="session", autouse=True)
def loopback_guard() -> Iterator[None]:
    """Fail the test that opens a connection to anything but this machine, or resolves another name."""
    with loopback_only(pytest.fail):
        yield
