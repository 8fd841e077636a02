"""No file that a command writes takes the place of one of the state, or of any file unless that is wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spheresync.errors import UsageError
from spheresync.state.atomic_file import open_atomic_file
from spheresync.state.output_file import fit_place

OWN = (
    "spheresync.db",
    "spheresync.db-wal",
    "spheresync.db-shm",
    "spheresync.db.restored",
    "spheresync.db.before-restore-20261124T080000000000Z",
    "owners/0123456789abcdef.lock",
    ".restoring/state/spheresync.db",
    "dog-tenant.json",
    "dog-tenant.lock",
    "dog-aws.jsonl",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    for name in OWN:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("name", OWN)
def test_nothing_of_the_state_is_written_over_by_whatever_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, replace: bool, streams: bool
) -> None:
    own = folder / name
    linked, second = tmp_path / "linked", tmp_path / "second"
    linked.symlink_to(own)
    second.hardlink_to(own)
    through = tmp_path / "through"
    through.symlink_to(folder)
    monkeypatch.chdir(folder)
    by_descriptor = own.open("a")
    names = [own, linked, second, through / name, Path(name), folder / ".." / "state" / name]
    names += [Path(f"/proc/self/fd/{by_descriptor.fileno()}")]
    for each in names:
        with pytest.raises(UsageError, match="the state itself"):
            fit_place(folder, each, replace=replace, streams=streams)
    own.unlink()
    with pytest.raises(UsageError, match="the state itself"):
        fit_place(folder, own, replace=replace, streams=streams)
    by_descriptor.close()


def test_a_file_that_is_there_gives_way_only_when_that_is_wanted(folder: Path, tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("somebody's")
    link.symlink_to(there)
    for each in (there, link):
        with pytest.raises(UsageError, match="is there already"):
            fit_place(folder, each, replace=False)
        assert fit_place(folder, each, replace=True) == there, "a link stays one"
    own_backup = folder / "mine.db"
    assert fit_place(folder, own_backup, replace=False) == own_backup
    with pytest.raises(UsageError, match="a folder"):
        fit_place(folder, tmp_path, replace=True)


def test_what_is_no_plain_file_is_written_to_where_the_command_can(folder: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for stream in (Path("/dev/null"), Path("/dev/stdout")):
        assert fit_place(folder, stream, replace=False, streams=True) == stream
    with pytest.raises(UsageError, match="is there already"):
        fit_place(folder, pipe, replace=False, streams=True)
    for streams in (False, True):
        with pytest.raises(UsageError, match="no plain file, it is a pipe"):
            fit_place(folder, pipe, replace=True, streams=streams)


def test_a_draft_empties_no_file_that_has_another_name(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("kept")
    (tmp_path / ".out.part").hardlink_to(own)
    with open_atomic_file(tmp_path / "out") as draft:
        draft.path.write_text("new")
        draft.take_place(replace=False)
    assert (own.read_text(), (tmp_path / "out").read_text()) == ("kept", "new")
