"""Suite-wide rules: asyncio as the only backend, no connection that leaves loopback, no property that is timed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.simulators.loopback import loopback_only

pytest_plugins = ["tests.simulators.fixtures"]

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

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
