"""A forked command is a process as a user has one, and it never leaves loopback."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.simulators.forked import Forked, fork
from tests.simulators.installation import Installation

NOWHERE = "https://tenant.example"


def spheresync(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Forked:
    given = {"PATH": os.environ["PATH"], "SPHERESYNC_STATE_DIR": str(folder / "state"), **(environment or {})}
    return fork("spheresync_server.cli.main", arguments, environment=given, folder=folder)


def test_it_has_exit_codes_and_streams_of_its_own(tmp_path: Path) -> None:
    process = spheresync(tmp_path, "--version")
    out, err = process.communicate(timeout=60)
    assert (process.wait(), err) == (0, "")
    assert out.startswith("spheresync ")
    process = spheresync(tmp_path, "frobnicate")
    out, err = process.communicate(timeout=60)
    assert (process.wait(), out) == (2, "")
    assert "frobnicate" in err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_signals_reach_it(tmp_path: Path, number: signal.Signals) -> None:
    with fork("tests.simulators.glue_server", ["--port", "0"], environment=os.environ, folder=tmp_path) as process:
        assert process.stdout.readline()
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(60) == -number


def test_a_command_that_would_leave_loopback_is_stopped_and_says_so(tmp_path: Path) -> None:
    tenant = {"BASE_URL": NOWHERE, "TOKEN_URL": f"{NOWHERE}/oauth/token", "CLIENT_ID": "id", "CLIENT_SECRET": "secret"}
    variables = {f"SPHERESYNC_DATASPHERE__{name}": value for name, value in tenant.items()}
    ended = Installation(tmp_path / "state", variables).run("discover")
    assert ended.code not in {0, 1, 2, 3, 4}
    assert "a test tried to resolve a foreign name: 'tenant.example'" in ended.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_it_ends_as_an_interpreter_does_where_that_is_asked_for(tmp_path: Path) -> None:
    """What it has printed is flushed at the very end, and where that is lost the exit code says so."""
    with fork(
        "tokenize", [], environment=os.environ, folder=tmp_path, redirected={1: "/dev/full"}, finalized=True
    ) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 120
    assert "No space left" in err
