"""SIGTERM, Ctrl-C and the end of standard input while somebody else does not answer: the process ends all the same."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.simulators.fixtures import Surroundings
from tests.simulators.forked import Forked
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

MOST = 10
"""Seconds after which supervisors kill."""


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=3)


@dataclass
class Silent:
    """An address that takes connections and requests, and answers none."""

    url: str
    taken: list[socket.socket] = field(default_factory=list)
    asked: threading.Condition = field(default_factory=threading.Condition)

    def wait_for_one_more(self) -> None:
        """Return once somebody asks again."""
        with self.asked:
            before = len(self.taken)
            assert self.asked.wait_for(lambda: len(self.taken) > before, timeout=60), "nobody asked"


@pytest.fixture
def silent() -> Iterator[Silent]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        silent = Silent(f"http://127.0.0.1:{listening.getsockname()[1]}")

        def take() -> None:
            with suppress(OSError):
                while True:
                    connection = listening.accept()[0]
                    with silent.asked:
                        silent.taken.append(connection)
                        silent.asked.notify_all()

        threading.Thread(target=take, daemon=True).start()
        yield silent
        listening.shutdown(socket.SHUT_RDWR)
        for each in silent.taken:
            each.close()


def hanging(installation: Installation, **extra: str) -> Installation:
    return Installation(installation.state_dir, installation.environment, extra={**installation.extra, **extra})


def begun(installation: Installation, *, state: str) -> str:
    """The run that another process drives, once it is so far."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        runs = installation.ask("runs")["items"]
        if runs and runs[0]["state"] == state:
            return str(runs[0]["run_id"])
    raise AssertionError("no run began")


def seconds_to_end(process: Forked, number: signal.Signals) -> float:
    process.send_signal(number)
    sent = time.monotonic()
    try:
        process.wait(timeout=4 * MOST)
    finally:
        process.kill()
    return time.monotonic() - sent


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_sync_ends_while_aws_hangs_and_the_next_one_loses_and_doubles_nothing(
    installation: Installation, glue: GlueSimulator, silent: Silent, number: signal.Signals
) -> None:
    with hanging(installation, AWS_ENDPOINT_URL=silent.url).start("sync", "--json") as process:
        run = begun(installation, state="running")
        assert seconds_to_end(process, number) < MOST
        out = process.stdout.read()
        assert process.wait() == 128 + number
    assert run in json.loads(out)["error"]["message"]
    assert installation.ask("sync")["state"] == "done"
    assert installation.ask("runs", run)["state"] == "done"
    assert glue.calls()["CreateTable"] == 3
    assert installation.ask("sync")["counts"]["unchanged"] == 3


@pytest.mark.parametrize("transport", ["http", "stdio"])
def test_a_server_ends_while_aws_hangs(installation: Installation, silent: Silent, transport: str) -> None:
    """It has taken over the run of a process that was killed; over stdio its client leaves."""
    stuck = hanging(installation, AWS_ENDPOINT_URL=silent.url)
    with stuck.start("sync") as process:
        run = begun(installation, state="running")
        process.kill()
    with stuck.start("serve", "--transport", transport, *(["--port", "0"] if transport == "http" else [])) as process:
        try:
            silent.wait_for_one_more()
            if transport == "http":
                assert seconds_to_end(process, signal.SIGTERM) < MOST
            else:
                process.stdin.close()
                process.wait(timeout=MOST)
            assert process.wait() == 0
        finally:
            process.kill()
    assert installation.ask("sync")["state"] == "done"
    assert installation.ask("runs", run)["state"] == "done"


def test_a_discovery_ends_while_the_tenant_hangs(installation: Installation, tenant: RunningTenant) -> None:
    tenant.set_faults(latency_ms=60_000)
    patient = hanging(installation, SPHERESYNC_DATASPHERE__GIVE_UP_AFTER="60s")
    with patient.start("discover") as process:
        assert process.is_at(lambda: tenant.stats().peak > 0, "a request")  # in `total` is what was answered
        assert seconds_to_end(process, signal.SIGTERM) < MOST
        assert process.wait() == 128 + signal.SIGTERM
