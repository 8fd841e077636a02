"""A signal while modules still load: one kind line or one document, never a traceback."""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import spheresync_server

TIMEOUT = 60  # seconds until a hung process fails its test

#: Runs in the process before its program: whoever imports the module waits there for standard input.
STALL = """\
import os, sys

class Stall:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["STALLED_MODULE"]:
            os.write(2, b"loading\\n")
            os.read(0, 1)

sys.meta_path.insert(0, Stall())
"""


@pytest.mark.parametrize(
    ("arguments", "module", "number"),
    [
        (["runs"], "typer", signal.SIGINT),
        (["sync", "--json"], "pydantic", signal.SIGINT),
        (["config", "show", "--json"], "spheresync.config", signal.SIGINT),
        (["sync"], "spheresync.service.service", signal.SIGINT),
        (["preview", "--json"], "spheresync.service.service", signal.SIGINT),
        (["serve"], "spheresync_server.cli.commands.serve", signal.SIGINT),
        (["runs"], "typer", signal.SIGTERM),
        (["serve", "--transport", "http"], "spheresync_server.cli.app", signal.SIGINT),
    ],
)
def test_a_signal_while_modules_load_is_one_kind_line(
    arguments: list[str], module: str, number: signal.Signals, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(STALL, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPHERESYNC_")}
    with subprocess.Popen(
        [sys.executable, "-m", "spheresync_server", *arguments],
        cwd=tmp_path,
        env={
            **kept,
            "PYTHONPATH": str(tmp_path),
            "STALLED_MODULE": module,
            "SPHERESYNC_STATE_DIR": str(tmp_path / "state"),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "loading\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
    said = f"Ended by {number.name}."
    assert process.returncode == 128 + number
    if "--json" in arguments:
        assert json.loads(out)["error"] == {"code": "interrupted", "message": said, "remedy": "", "problems": []}
        assert err == ""
    else:
        assert (out, err) == ("", f"spheresync: {said}\n")


def test_the_tools_are_made_before_the_service_is_loaded() -> None:
    """Loading it takes longer than all the rest of a start, and a thread does it while the client is greeted."""
    heavy = ("service", "execution", "discovery", "lineage", "targets", "source", "schedule", "state", "mapping.rules")
    told = "import sys, spheresync_server.mcp_server.server; print(*(name for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, encoding="utf-8").stdout
    assert [name for name in loaded.split() if name.startswith(tuple(f"spheresync.{each}" for each in heavy))] == []


def test_commands_are_known_before_settings_and_engine_are_loaded() -> None:
    """So that help, mistakes and a first signal are answered at once; each command loads what it needs."""
    told = "import sys, spheresync_server.cli.app; print(*(name for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, encoding="utf-8").stdout
    heavy = ("service", "execution", "discovery", "targets", "source", "schedule", "state", "config", "planning")
    assert [name for name in loaded.split() if name.startswith(tuple(f"spheresync.{each}" for each in heavy))] == []
    assert not {"httpx2", "boto3", "cryptography", "lxml", "yaml"} & set(loaded.split())


def test_readers_of_definitions_are_loaded_with_the_first_that_is_read() -> None:
    """A sync in which nothing changed reads none."""
    told = "import sys, spheresync.source.datasphere.source; print(*(name for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, encoding="utf-8").stdout
    readers = {"normalise", "merge", "edmx.reading", "csn.definition"}
    assert {f"spheresync.source.datasphere.{reader}" for reader in readers} & set(loaded.split()) == set()


def test_whoever_reads_definitions_loads_nothing_that_asks_for_them() -> None:
    """Another process reads them, and has to be there before the first one is."""
    told = (
        "import sys, spheresync.discovery.normalisation, spheresync.source.datasphere.normalise; "
        "print(*(name for name in sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, encoding="utf-8").stdout
    assert {"httpx2", "ssl", "asyncio", "anyio"} & set(loaded.split()) == set()


@pytest.mark.parametrize("entry", ["__main__.py", "demo.py", "cli/main.py"])
def test_a_process_beside_that_loads_the_entry_of_a_program_runs_no_command(entry: str) -> None:
    """As anyio's do with whatever this one was started with, in each process that they start."""
    runpy.run_path(str(Path(spheresync_server.__file__).parent / entry), run_name="__mp_main__")
