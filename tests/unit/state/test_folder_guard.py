"""A state that others can write is closed or refused, and never taken from where a symbolic link leads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from spheresync.errors import StateError
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.files.folder_guard import close_to_others, exposures
from spheresync.state.sqlite.files.writable_folder import require_writable
from spheresync.state.sqlite.store import SqliteStore

pytestmark = pytest.mark.anyio


def put_link(path: Path, elsewhere: Path, *, dangling: bool) -> None:
    if path.exists():
        path.rename(elsewhere)
    elif not dangling:
        elsewhere.write_bytes(b"")
    if dangling and elsewhere.is_file():
        elsewhere.unlink()
    path.symlink_to(elsewhere)


def everything_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def share(folder: Path, bits: int) -> None:
    folder.chmod(bits)
    (folder / "of-somebody-else").write_text("x")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    async with SqliteStore.open(folder) as store:
        assert store.closed_to_others == ()
        assert list(exposures(folder)) == []
    return folder


@pytest.mark.parametrize(
    ("part", "bits"),
    [
        ("", 0o777),
        ("", 0o770),
        ("", 0o702),
        ("owners", 0o777),
        (FILE_NAME, 0o666),
        (FILE_NAME, 0o644),
        (FILE_NAME, 0o620),
    ],
)
async def test_what_is_open_to_others_is_closed_and_named(state: Path, part: str, bits: int) -> None:
    path = state / part
    path.chmod(bits)
    assert [exposure.path for exposure in exposures(state)] == [path]
    async with SqliteStore.open(state) as store:
        (told,) = store.closed_to_others
        assert str(path) in told and "by others" in told
        assert list(exposures(state)) == []
    assert not mode(path) & 0o022


async def test_a_wal_that_others_may_write_is_closed(state: Path) -> None:
    async with SqliteStore.open(state):
        for end in ("-wal", "-shm"):
            (state / f"{FILE_NAME}{end}").chmod(0o666)
        async with SqliteStore.open(state) as second:
            assert len(second.closed_to_others) == 2
        assert list(exposures(state)) == []


@pytest.mark.parametrize("end", ["-wal", "-shm"])
@pytest.mark.parametrize("comes_back", [False, True])
async def test_what_sqlite_takes_away_between_two_looks_is_no_fault(
    state: Path, monkeypatch: pytest.MonkeyPatch, end: str, comes_back: bool
) -> None:
    part, look = state / f"{FILE_NAME}{end}", os.access
    part.touch()

    def look_after_it_went(path: Path, wanted: int, **options: bool) -> bool:
        if path == part:
            taken.append(path)
        if path != part or len(taken) > 1:
            return look(path, wanted, **options)
        part.rename(state / "aside")  # so that what comes back is another file
        answer = look(path, wanted, **options)
        if comes_back:
            part.touch()
        return answer

    taken: list[Path] = []
    monkeypatch.setattr(os, "access", look_after_it_went)
    monkeypatch.setattr(os, "supports_effective_ids", {look_after_it_went})
    require_writable(state)
    assert len(taken) == 1 + comes_back


@pytest.mark.parametrize("end", ["-wal", "-shm"])
async def test_what_sqlite_takes_away_before_it_is_closed_to_others_is_no_fault(
    state: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    part, change = state / f"{FILE_NAME}{end}", Path.chmod

    def change_after_it_went(path: Path, mode: int) -> None:
        if path == part:
            part.unlink()
        change(path, mode)

    part.touch()
    part.chmod(0o666)
    monkeypatch.setattr(Path, "chmod", change_after_it_went)
    close_to_others(state)
    assert not part.exists()


@pytest.mark.parametrize(
    "part", [FILE_NAME, *(f"{FILE_NAME}{end}" for end in ("-wal", "-shm", "-journal", ".restored")), "owners"]
)
@pytest.mark.parametrize("dangling", [False, True])
async def test_a_symbolic_link_is_not_followed(state: Path, tmp_path: Path, part: str, dangling: bool) -> None:
    path = state / part
    put_link(path, tmp_path / "elsewhere", dangling=dangling)
    before = everything_in(tmp_path)
    with pytest.raises(StateError, match="symbolic link") as caught:
        async with SqliteStore.open(state):
            pytest.fail("it opened")
    assert str(path) in caught.value.message and "SPHERESYNC_STATE_DIR" in caught.value.remedy
    assert everything_in(tmp_path) == before


async def test_what_is_not_ours_to_close_is_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not yours")

    share(state, 0o777)
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(StateError, match="may be written by others"):
        async with SqliteStore.open(state):
            pytest.fail("it opened")


async def test_a_file_of_another_user_is_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.lstat

    def of_another(path: Path) -> os.stat_result:
        found = real(path)
        return os.stat_result((*found[:4], 4242, *found[5:])) if path.name == FILE_NAME else found

    monkeypatch.setattr(Path, "lstat", of_another)
    with pytest.raises(StateError, match="another user"):
        async with SqliteStore.open(state):
            pytest.fail("it opened")


async def test_a_sticky_folder_of_many_holds_files_that_guard_themselves(tmp_path: Path) -> None:
    share(tmp_path, 0o1777)
    async with SqliteStore.open(tmp_path) as store:
        assert store.closed_to_others == ()
    assert mode(tmp_path / FILE_NAME) == 0o600
