"""Suite-wide rules: asyncio as the only backend, no connection that leaves loopback, no property that is timed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.simulators.loopback import loopback_only

pytest_plugins = ["tests.simulators.fixtures"]

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3
# Folders of tests lie in memory where that has room: a disk that confirms each commit takes as long as all the rest.
# What a process that is killed has written is there either way, and no test pulls a plug.
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

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
