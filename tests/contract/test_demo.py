"""What `make demo` runs once everything is installed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def kept_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("SPHERESYNC_", "AWS_"))}


def test_the_demo_tells_the_main_job_and_ends_by_itself(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "spheresync_server.demo"],
        env={**kept_environment(), "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    told = re.findall(r"^\$ spheresync ([a-z]+)", ended.stdout, re.MULTILINE)
    assert told[:3] == ["discover", "assets", "preview"]
    assert {"lineage", "assets"} <= {*told}
    assert "SALES/RF_S4_SALES" in ended.stdout, "lineage leads back to where the data come from"
    assert "PERNR" in ended.stdout, "columns that hold personal data are named"
    assert told[-2:] == ["audit", "audit"] and told.count("sync") >= 2
    calls = re.findall(r"(\d+ calls|no call) to AWS[ .]", re.sub(r"Spared: .*", "", ended.stdout))
    assert calls[1:3] == ["no call", "8 calls"], "all, nothing to do, a read and a write for each edit"
    assert calls[3] == "4 calls", "a table of others is bound, and the one so far retired"
    assert re.search(r"column work_email +spheresync_pii +contact", ended.stdout), "columns carry LF-Tags"
    held = set(re.findall(r"(?:QuickSight|DataZone) +(data set|topic|asset|term) +[1-9]", ended.stdout))
    assert held == {"data set", "topic", "asset", "term"}
    said = ended.stdout.partition("Business context of the Glue table sales.customers")[2]
    assert re.search(r"owner +sales\.data@retailer\.example", said) and re.search(r"terms +Customer", said)
    last = ended.stdout.rpartition("$ spheresync sync")[2]
    tagged, left = (int(re.search(rf"{word} +(\d+)", last)[1]) for word in ("metadata_only", "unchanged"))  # type: ignore[index]
    assert tagged > 100 and left > 200, "a tag more is a change of Lake Formation, and of no table"
    assert int(calls[0].split()[0]) > 10
    assert '"mcpServers"' in ended.stdout
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


@pytest.mark.parametrize("sight", ["$ spheresync discover", "3. Apply"])
def test_somebody_who_has_seen_enough_is_told_so_in_one_line(tmp_path: Path, sight: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "spheresync_server.demo"],
        env={**kept_environment(), "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert any(sight in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: the command that runs just now gets it too
        _, err = process.communicate(timeout=600)
    finally:
        process.kill()
    assert (process.returncode, err) == (130, "spheresync: Ended by SIGINT.\n")
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"
