"""Events at the end of a file: whole lines or none, whatever happens while they are written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spheresync.lineage.receivers import EventFile
from spheresync.model import canonical_json

pytestmark = pytest.mark.anyio


def event(number: int) -> bytes:
    return canonical_json({"eventTime": "2026-11-26T00:00:00Z", "number": number})


async def test_lines_are_appended_whole(tmp_path: Path) -> None:
    file = tmp_path / "lineage.jsonl"
    receiver = EventFile(file, tmp_path / "state")
    assert await receiver.take([[event(1), event(2)], [], [event(3)]]) == [None, None, None]
    assert await receiver.take([[event(4)]]) == [None]
    assert [json.loads(line)["number"] for line in file.read_text("utf-8").splitlines()] == [1, 2, 3, 4]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kept", [1, 5, 20])
async def test_a_line_that_a_process_died_in_gives_way_to_the_next(tmp_path: Path, kept: int) -> None:
    file = tmp_path / "lineage.jsonl"
    file.write_bytes(event(1) + b"\n" + event(2)[:kept])
    assert await EventFile(file, tmp_path / "state").take([[event(3)]]) == [None]
    assert [json.loads(line)["number"] for line in file.read_text("utf-8").splitlines()] == [1, 3]


async def test_what_others_wrote_stays(tmp_path: Path) -> None:
    file = tmp_path / "lineage.jsonl"
    file.write_text("somebody's line without an end", "utf-8")
    await EventFile(file, tmp_path / "state").take([[event(1)]])
    assert file.read_text("utf-8") == f"somebody's line without an end\n{event(1).decode()}\n"


FULL = """
import resource, sys
from pathlib import Path
import anyio
from spheresync.lineage.receivers import EventFile

file = Path(sys.argv[1])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
event = b'{"eventTime":"' + b"x" * 3000 + b'"}'

async def main():
    receiver = EventFile(file, file.parent / "state")
    await receiver.take([[event]])
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, hard))
    answers = await receiver.take([[event], [event, event]])
    print(file.stat().st_size, answers[0], answers[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert await receiver.take([[event], [event, event]]) == [None, None]

anyio.run(main)
"""


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    file = tmp_path / "lineage.jsonl"
    done = subprocess.run([sys.executable, "-c", FULL, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    size, said = done.stdout.split(" ", 1)
    assert int(size) == 3017 and said.count("cannot be written") == 2 and "Make room" in said
    assert len(set(file.read_bytes().splitlines())) == 1 and file.stat().st_size == 4 * 3017


async def test_what_is_no_plain_file_is_refused_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for file in (tmp_path / "pipe", Path("/dev/full"), tmp_path):
        (why,) = await EventFile(file, tmp_path / "state").take([[event(1)]])
        assert why is not None and why.remedy
