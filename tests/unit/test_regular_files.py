"""A file that a person names is a regular one, or an error at once: nobody waits for a pipe that nobody writes to."""

from __future__ import annotations

import ast
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import spheresync
import spheresync_server
from spheresync.config.settings_source import SettingsSource
from spheresync.errors import ConfigurationError, StateError
from spheresync.regular_files import NotRegularError, open_regular
from spheresync.state.sqlite.files.copies import file_digest, inspect_database
from spheresync.state.sqlite.liveness.owners import FOLDER_NAME, Owners
from spheresync.state.sqlite.store import SqliteStore

OPENED_OTHERWISE = {
    "dog/aws_log.py": "for reading and writing, which waits for nobody",
    "dog/store.py": "for reading and writing, which waits for nobody",
    "state/sqlite/faults.py": "of the kernel",
    "state/sqlite/schema.py": "of this program",
    "regular_files.py": "the door",
    "spheresync_server/prompt_files.py": "of this program",
    "cli/output/audit_export.py": "a draft, or what the shell opened; `fit_place` lets nothing else pass",
}


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.fspath(path))


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


KINDS = pytest.mark.parametrize("make", [a_pipe, a_socket, a_device])


@KINDS
def test_what_is_no_regular_file_is_told_as_what_it_is(
    make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    make(Path("x"))
    for read in (open_regular, file_digest, lambda path: inspect_database(path, None)):
        with pytest.raises(NotRegularError, match=make.__name__.replace("_", " ")):
            read(Path("x"))
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)


@KINDS
@pytest.mark.parametrize("place", ["configuration", "promotion"])
def test_a_configuration_that_is_none_is_a_problem_and_the_next_one_counts(
    make: Callable[[Path], None], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file, content = Path("spheresync.yaml"), f"env: dog\nstate_dir: {tmp_path}/state\n"
    file.write_text(content)
    source = SettingsSource(None, None, {"HOME": str(tmp_path)}, tmp_path)
    good = source.current()
    if place == "promotion":
        make(Path("odd"))
        file.write_text(f"{content}promotion: odd\n")
    else:
        file.unlink()
        make(file)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="no regular file"):
            source.current()
    file.unlink()
    file.write_text(content)
    assert source.current() == good


@pytest.mark.anyio
@KINDS
@pytest.mark.parametrize("name", ["spheresync.db", "spheresync.db-wal", "spheresync.db-shm"])
async def test_a_part_of_the_state_that_is_no_file_is_named(
    make: Callable[[Path], None], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(Path(name))
    with pytest.raises(StateError, match=name) as caught:
        async with SqliteStore.open(tmp_path):
            pytest.fail("it opened")
    assert "took no more data" not in str(caught.value)


def test_nobody_waits_for_a_pipe_in_place_of_a_sign_of_life(tmp_path: Path) -> None:
    (tmp_path / FOLDER_NAME).mkdir()
    lock = tmp_path / FOLDER_NAME / "abc.lock"
    os.mkfifo(lock)
    owners = Owners(tmp_path)
    assert owners.process_id("abc") == "unknown"
    assert not owners.is_alive("abc") and not lock.exists()


@pytest.mark.parametrize("length", [300, 4_090])
def test_a_state_folder_that_no_file_system_holds_is_a_configuration_problem(length: int, tmp_path: Path) -> None:
    folder = "/".join(["x" * 300] if length == 300 else ["x" * 250] * 17)[:length]
    with pytest.raises(ConfigurationError, match=r"SPHERESYNC_STATE_DIR: state_dir: .*name too long"):
        SettingsSource(None, None, {"HOME": "/h", "SPHERESYNC_STATE_DIR": f"/{folder}"}, tmp_path).current()


def test_whoever_reads_a_file_does_so_through_the_door() -> None:
    for package in (spheresync, spheresync_server):
        root = Path(package.__file__ or "").parent.parent
        for path in root.rglob("*.py"):
            if path.as_posix().endswith(tuple(OPENED_OTHERWISE)):
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                    assert node.attr not in {"read_text", "read_bytes"}, f"{path.name}, line {node.lineno}"
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "open"
                    and node.args
                    and isinstance(node.args[0], ast.Constant)
                ):
                    assert "r" not in str(node.args[0].value), f"{path.name}, line {node.lineno}"
