"""Streams that are closed or full: one kind line, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


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
    assert ended.returncode == (1 if redirection == ">/dev/full" else 0)
