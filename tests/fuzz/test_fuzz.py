"""The fuzzers run, and find nothing in a moment; `python -m tests.fuzz` runs them for as long as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUNS = 3_000


@pytest.mark.parametrize("reader", ["csn", "edmx"])
def test_a_reader_reads_or_refuses_whatever_coverage_leads_to(reader: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="the extra `fuzz` is not installed")
    root = Path(__file__).resolve().parents[2]
    command = [
        sys.executable,
        "-m",
        "tests.fuzz",
        reader,
        f"-runs={RUNS}",
        "-seed=1",
        "-len_control=0",
        "-max_len=1024",
        f"-artifact_prefix={tmp_path}/",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {RUNS} runs" in done.stderr
