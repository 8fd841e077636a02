"""A state folder that cannot be used says why, and what helps against just that."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from spheresync.errors import StateError
from spheresync.state.sqlite.files.folder_faults import unusable_folder
from spheresync.state.sqlite.liveness.owners import OwnerLock
from spheresync.state.sqlite.store import SqliteStore, SqliteTx

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("number", "helps"),
    [
        (errno.ENOSPC, "Free space"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "own"),
        (errno.EROFS, "mounted read-only"),
        (errno.ENOLCK, "cannot lock files"),
        (errno.EMFILE, "ulimit -n"),
        (errno.ENOTDIR, "move it away"),
        (errno.EIO, "Set SPHERESYNC_STATE_DIR"),
    ],
    ids=errno.errorcode.get,
)
async def test_a_process_that_cannot_leave_a_sign_of_life_says_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, helps: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(OwnerLock, "take", refuse)
    with pytest.raises(StateError) as caught:
        async with SqliteStore.open(tmp_path / "state"):
            pytest.fail("it opened")
    assert os.strerror(number) in caught.value.message and str(tmp_path / "state") in caught.value.message
    assert helps in caught.value.remedy
    if number not in {errno.ENOSPC, errno.EDQUOT}:
        assert "Free space" not in caught.value.remedy


async def test_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "owners").write_text("no folder")
    with pytest.raises(StateError) as caught:
        async with SqliteStore.open(tmp_path):
            pytest.fail("it opened")
    assert str(tmp_path / "owners") in caught.value.message and "move it away" in caught.value.remedy


def test_the_folder_itself_is_named_once(tmp_path: Path) -> None:
    error = unusable_folder(tmp_path, PermissionError(errno.EACCES, "Permission denied", str(tmp_path)))
    assert error.message.count(str(tmp_path)) == 1


@pytest.mark.parametrize("became", ["moved", "replaced", "put back"])
async def test_nothing_is_written_into_a_state_that_is_not_there_any_more(tmp_path: Path, became: str) -> None:
    async def note(tx: SqliteTx) -> None:
        await tx.meta.set("a", "b")

    folder = tmp_path / "state"
    async with SqliteStore.open(folder) as store:
        await store.write(note)
        folder.rename(tmp_path / "elsewhere")
        if became == "replaced":
            async with SqliteStore.open(folder) as another:
                await another.write(note)
        with pytest.raises(StateError) as caught:
            await store.write(note)
        assert ("replaced by another file" if became == "replaced" else "deleted or moved") in str(caught.value)
        assert "start it again" in caught.value.remedy
        if became == "put back":
            (tmp_path / "elsewhere").rename(folder)
            await store.write(note)
