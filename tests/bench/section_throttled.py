"""Writing to a Glue that admits 20 calls a second: how much of what it admits is used, by `sync` and by a scheduler.

Everything has been read before, so that neither reading nor its rate limit counts; rates are by the simulator's clock,
from the first write that it admitted to the last.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

from tests.bench.figures import Figure, Of, at_least, exactly
from tests.bench.installation import Installation, installed
from tests.bench.processes import ProcessFailedError
from tests.bench.scale import Scale
from tests.bench.writes import WRITES
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.running_tenant import RunningTenant, running_tenant

SECTION = "throttled"
ADMITTED = 20
"""Calls a second."""
_TABLES = 600
_SECONDS = 600
"""After so long a server is given up."""
_LIMIT = "what Glue admits"


def measure_throttled(scale: Scale) -> list[Figure]:
    """Calls a second and failures, for at most 600 tables."""
    tables = min(_TABLES, scale.assets // 8)
    tenant_of = replace(scale, assets=tables, spaces=1).tenant
    with running_tenant(*tenant_of) as tenant:
        return [*_by_sync(tenant, tables), *_by_server(tenant, tables)]


def _by_sync(tenant: RunningTenant, tables: int) -> Iterator[Figure]:
    with running_glue(tps=ADMITTED) as glue, installed(tenant.environment(), glue.environment) as one:
        one.run("discover")
        failed = one.run("sync").document["counts"]["failed"]
        yield from _figures(f"sync, {tables} tables", glue, failed)


def _by_server(tenant: RunningTenant, tables: int) -> Iterator[Figure]:
    with running_glue(tps=ADMITTED) as glue, installed(tenant.environment(), glue.environment) as one:
        one.run("discover")
        _serve_until_written(one, glue, tables)
        runs = one.run("runs").document["items"]
        yield from _figures(f"scheduler, {tables} tables", glue, sum(run["counts"]["failed"] for run in runs))


def _serve_until_written(one: Installation, glue: GlueSimulator, tables: int) -> None:
    environment = {**os.environ, **one.environment, "SPHERESYNC_SCHEDULER__FIRST_SYNC": "apply"}
    command = one.command("serve", "--transport", "http", "--port", "0")
    with subprocess.Popen(command, env=environment, cwd=one.folder, stderr=subprocess.DEVNULL) as server:
        give_up = time.monotonic() + _SECONDS
        while sum(map(len, glue.dump()["tables"].values())) < tables:
            if server.poll() is not None or time.monotonic() > give_up:
                server.kill()
                raise ProcessFailedError("the server did not write all tables")
            time.sleep(0.5)
        server.terminate()


def _figures(what: str, glue: GlueSimulator, failed: int) -> Iterator[Figure]:
    log = glue.log()
    done = [entry for entry in log if entry["outcome"] == "done"]
    written = [entry["at"] for entry in done if entry["operation"] in WRITES]
    first, last = written[0], written[-1]
    rate = (sum(first <= entry["at"] <= last for entry in done) - 1) / (last - first)
    yield Figure(SECTION, f"{what}: calls admitted", rate, "calls/s", ADMITTED, _LIMIT, at_least(0.8, Of.RATIO))
    yield Figure(SECTION, f"{what}: calls refused", len(log) - len(done), "calls")
    yield Figure(SECTION, f"{what}: failed", failed, "tables", target=exactly(0))
