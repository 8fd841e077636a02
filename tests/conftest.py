"""Suite-wide rules: asyncio as the only backend, no connection that leaves loopback, no property that is timed."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from spheresync import redaction
from tests.long_form import LONG
from tests.simulators.loopback import loopback_only

pytest_plugins = ["tests.simulators.fixtures"]

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200 if LONG else 40
)
settings.load_profile("untimed")

_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3
_COLLECTED_AFTER = (20_000, 20, 20)  # objects; as the program has it
# Folders of tests lie in memory where that has room: a disk that confirms each commit takes as long as all the rest.
# What a process that is killed has written is there either way, and no test pulls a plug.
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

SAMPLES = Path(__file__).resolve().parents[1].parent / "shared" / "samples" / "datasphere"


#: Folders whose tests start processes, kill them, and wait for each other more than they compute.
_LONG = ("faults", "e2e", "server", "bench")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every worker begin with its share of the long tests, so that none is left with them when the rest is done.

    Workers get one stretch of the list each, and what one has not begun goes to others from its end. Files stay whole,
    as what a file sets up once is set up anew by each worker that has a test of it.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    by_file: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if item.path.parent.name in _LONG:
            by_file.setdefault(item.path, []).append(item)
    first: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for file in sorted(by_file, key=lambda file: _LONG.index(file.parent.name)):
        min(first, key=len).extend(by_file[file])
    rest = [item for item in items if item.path not in by_file]
    items.clear()
    for at, long in enumerate(first):
        left = len(rest) + sum(map(len, first[at:]))
        share = max(0, left // (workers - at) - len(long))
        items += [*long, *rest[:share]]
        del rest[:share]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Have garbage sought among what tests make, and not among what was loaded and collected for all of them."""
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)


@pytest.fixture(autouse=True)
def secrets_of_this_test_only() -> Iterator[None]:
    """A word that one test takes for a secret is cut out of no text of another."""
    before, redaction._known = redaction._known, redaction._Known()
    redaction.conceal(before._lasting)  # of modules, which say so when they are imported
    yield
    redaction._known = before


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
