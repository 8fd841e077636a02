"""Streams that are closed or full: one kind line, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulators.forked import fork

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "2>&-", "<&-"])
def test_a_closed_or_full_stream_is_no_traceback(redirection: str, tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m spheresync_server runs --json {redirection}'
    ended = subprocess.run(
        ["sh", "-c", command],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SPHERESYNC_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    assert "unexpected" not in ended.stderr
    lost = redirection in {">/dev/full", ">&-"}
    assert ended.returncode == (1 if lost else 0)
    assert ("the result could not be written" in ended.stderr) == lost


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("where", ["/dev/full", None])
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("preview", 0, "Change set cs_1"),
        ("preview --exit-code", 4, "Change set cs_1"),
        ("sync --verbose", 0, "Run run_1"),
        ("sync", 0, "Run run_1"),
        ("apply cs_old", 3, ""),
        ("frobnicate", 2, ""),
    ],
)
def test_nobody_listening_on_stderr_changes_neither_result_nor_exit_code(
    where: str | None, arguments: str, code: int, said: str
) -> None:
    for flags in ([], ["--json"]):
        with fork(
            "tests.unit.server.fake_cli",
            [*arguments.split(), *flags],
            environment=os.environ,
            folder=ROOT,
            redirected={2: where},
            finalized=True,
        ) as ended:
            out, err = ended.communicate(timeout=60)
        assert ended.returncode == code
        assert err == ""
        assert said in out if not flags else isinstance(json.loads(out), dict)


def test_a_reader_of_stderr_who_left_changes_neither() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as unread:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.unit.server.fake_cli", "preview"],
            stdout=subprocess.PIPE,
            stderr=unread,
            text=True,
            cwd=ROOT,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 0 and "Change set cs_1" in ended.stdout
