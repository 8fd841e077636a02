"""Bring a state back from a backup: prepare the copy aside, then swap it in by one rename while nobody has it open.

Until that rename nothing of the present state has been touched; after it the next process that enters finishes what is
left to do (`folder_lock`). The former database stays beside the new one, so that a restore can be undone by a restore.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from spheresync.errors import RefusedError, StateError, UsageError
from spheresync.state.atomic_file import sync_folder
from spheresync.state.audit_chain import GENESIS, ChainCheck
from spheresync.state.records import AuditEntry, Restored, RestoreSource
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.faults import DATABASE_ERRORS, explain, is_damaged
from spheresync.state.sqlite.files.copies import (
    DatabaseInspection,
    Rows,
    audit_after,
    audit_head,
    copy_database,
    file_digest,
    inspect_database,
    rows_of,
)
from spheresync.state.sqlite.files.folder_faults import unusable_folder
from spheresync.state.sqlite.files.writable_folder import leave_to_owner_of
from spheresync.state.sqlite.liveness.folder_lock import (
    RESTORED_FILE,
    exclusive_folder_lock,
    finish_restore,
    make_folder,
)
from spheresync.state.sqlite.liveness.owners import Owners
from spheresync.state.sqlite.schema import shipped_migrations
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from spheresync.state.stoppable_thread import in_stoppable_thread

T = TypeVar("T")

_RESTORE_FOLDER = ".restoring"
_OF_THE_PRESENT = ("request_grants", "alerts", "notices")
"""What was sent lately, and what people were told, is so whatever the state was then."""


async def restore_state(
    folder: Path,
    file: Path,
    adjust: Callable[[SqliteStore, RestoreSource], Awaitable[T]],
    *,
    clock: Callable[[], datetime],
) -> Restored[T]:
    """Make a backup the state again.

    Args:
        folder: the state folder; no process has the state open, this one neither.
        file: the backup, or a database that an earlier restore put aside.
        adjust: told of the copy, open and up to date; what it raises leaves everything as it was.
        clock: tells the time of rows.

    Raises:
        UsageError: the file is not there, or is no database of ours.
        RefusedError: another process has the state open, or restores it.
        StateError: the file is damaged or of a newer program, or the disk is full.
    """
    file = _fit_source(folder, file)
    with _aside(folder) as context:
        _require_alone(folder)
        found = await in_stoppable_thread(lambda stop: _copy(file, context / FILE_NAME, stop))
        async with SqliteStore.open(context, clock=clock) as store:
            source = await _carried_on(folder / FILE_NAME, file, found, store)
            told = await adjust(store, source)
            if faults := await store.check():
                raise StateError(f"The copy of {file} is damaged: {faults[0]}.", remedy="Repeat; the disk may be bad.")
            if not (verdict := await store.audit.verify()).intact:
                raise StateError(f"The audit log of the copy is broken: {verdict.reason}.", remedy="Repeat it.")
        with anyio.CancelScope(shield=True):
            async with exclusive_folder_lock(folder):
                _require_alone(folder)
                former = await anyio.to_thread.run_sync(_swap, context, folder)
    return Restored(source, former, told)


def _fit_source(folder: Path, file: Path) -> Path:
    file = file.absolute()
    if not file.exists():
        raise UsageError(f"there is no file {file}.", remedy="Name a file that `spheresync backup` made.")
    if not file.is_file():
        raise UsageError(f"{file} is no file.", remedy="Name a file that `spheresync backup` made.")
    if file.resolve() == (folder / FILE_NAME).resolve():
        raise UsageError(f"{file} is the state itself.", remedy="Name a file that `spheresync backup` made.")
    return file


def _require_alone(folder: Path) -> None:
    living = Owners(folder).living()
    if living:
        named = f"process {living[0]}" if len(living) == 1 else f"processes {', '.join(living)}"
        raise RefusedError(
            f"the state in {folder} is in use by {named}; nothing was changed.",
            remedy="End the server and every command that works on it, then restore.",
        )


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A place in the state folder for the copy, gone in the end. One process at a time has it."""
    place = folder / _RESTORE_FOLDER
    try:
        make_folder(folder)
        place.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise unusable_folder(folder, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise RefusedError(
            f"another process restores the state in {folder} just now.", remedy="Wait for it."
        ) from error
    context = place / "state"
    try:
        shutil.rmtree(context, ignore_errors=True)  # of a restore that was killed
        context.mkdir(mode=0o700)
        yield context
    except OSError as error:
        raise unusable_folder(folder, error) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(descriptor)


def _copy(file: Path, target: Path, stop: threading.Event) -> tuple[DatabaseInspection, str]:
    """Copy a backup once it was found fit; answers what it is, and its SHA-256."""
    try:
        inspection, sha256 = inspect_database(file, stop), file_digest(file)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.", remedy="Make it readable for this user."
        ) from error
    if inspection.fault:
        kind = StateError if inspection.schema_version else UsageError
        raise kind(
            f"{file} cannot be restored: {inspection.fault}.", remedy="Name another backup; nothing was changed."
        )
    latest = shipped_migrations()[-1].version
    if inspection.schema_version > latest:
        raise StateError(
            f"A newer Spheresync made {file}: its schema is version {inspection.schema_version}, this program knows "
            f"{latest}.",
            remedy="Upgrade this program, or name an older backup; nothing was changed.",
        )
    os.close(os.open(target, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    try:
        copy_database(file, target, stop, in_use=False)
    except DATABASE_ERRORS as error:
        raise explain(error, file if is_damaged(error) else target) from error
    return inspection, sha256


async def _carried_on(
    present: Path, file: Path, found: tuple[DatabaseInspection, str], store: SqliteStore
) -> RestoreSource:
    """Take over what must not go back in time: the audit log as far as it follows, and what is of the present only."""
    inspection, sha256 = found
    whole = True
    await store.write(lambda tx: tx.restored.drop_notices())
    try:
        if await anyio.Path(present).exists():
            whole = await _carry_log(present, store)
            for table in _OF_THE_PRESENT:
                rows = await anyio.to_thread.run_sync(rows_of, present, table)
                if rows.columns:
                    await store.write(partial(_replace, table, rows))
    except DATABASE_ERRORS:
        whole = False  # a damaged state is why there is a restore; its file is kept
    _, entries = await store.audit.query(limit=1)
    return RestoreSource(
        file,
        sha256,
        inspection.schema_version,
        inspection.audit_entries,
        entries - inspection.audit_entries,
        whole,
        inspection.damaged,
        inspection.unreadable,
    )


async def _carry_log(present: Path, store: SqliteStore) -> bool:
    """Append what the present log holds beyond the copy's; answers whether nothing of it is left out."""
    newest, _ = await store.audit.query(limit=1)
    seq, digest = (newest[0].seq, newest[0].hash) if newest else (0, GENESIS)
    while True:
        chunk = await anyio.to_thread.run_sync(audit_after, present, seq, digest)
        if not chunk:
            break
        check = ChainCheck(after=seq, digest=digest)
        check.walk(chunk)
        if check.broken:
            return False
        await store.write(partial(_append, chunk))
        seq, digest = chunk[-1].seq, chunk[-1].hash
    head = await anyio.to_thread.run_sync(audit_head, present)
    return head is not None and (head == (seq, digest) or head[0] < seq)


async def _replace(table: str, rows: Rows, tx: SqliteTx) -> None:
    await tx.restored.replace(table, rows)


async def _append(entries: list[AuditEntry], tx: SqliteTx) -> None:
    await tx.restored.append_sealed(entries)


def _swap(context: Path, folder: Path) -> Path | None:
    """Decide the restore by one rename and finish it; answers where the former database is."""
    made = context / FILE_NAME
    if made.with_name(f"{FILE_NAME}-wal").exists():
        raise StateError(f"The copy in {context} could not be closed.", remedy="Repeat; nothing was changed.")
    descriptor = os.open(made, os.O_RDONLY | os.O_CLOEXEC)
    try:
        leave_to_owner_of(folder, descriptor)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    made.rename(folder / RESTORED_FILE)
    sync_folder(folder)
    return finish_restore(folder)
