"""Make a backup of the state while others write to it: a copy of one moment, proven sound before it takes its place."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from spheresync.errors import StateError
from spheresync.state.atomic_file import AtomicFile
from spheresync.state.output_file import place_file
from spheresync.state.records import Backup
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.faults import DATABASE_ERRORS, explain, is_damaged
from spheresync.state.sqlite.files.copies import copy_database, file_digest, inspect_database


async def make_backup(
    folder: Path, file: Path, *, replace: bool, before_placing: Callable[[Backup], Awaitable[None]]
) -> Backup:
    """Write a backup of the state in `folder` to `file`.

    Args:
        folder: the state folder; the state is open in this process.
        file: where to; it is there whole or not at all, 0600.
        replace: a file that is there gives way.
        before_placing: told of the sound copy before it gets its name; what it raises leaves nothing behind.

    Raises:
        UsageError: the file is there already, is part of the state, or cannot be written there.
        StateError: the state is damaged, its audit log is broken, or the disk is full.
    """
    return await place_file(
        folder,
        file,
        lambda place, draft, stop: _write(folder / FILE_NAME, place, draft, stop),
        before_placing,
        replace=replace,
    )


def _write(state: Path, file: Path, draft: AtomicFile, stop: threading.Event) -> Backup:
    try:
        copy_database(state, draft.path, stop, in_use=True)
    except DATABASE_ERRORS as error:
        raise explain(error, state if is_damaged(error) else file) from error
    draft.seal()
    inspection = inspect_database(draft.path, stop)
    if inspection.fault:
        raise StateError(
            f"No backup was made, because the state in {state.parent} is not fit for one: {inspection.fault}.",
            remedy="`spheresync doctor` and `spheresync audit verify` tell more; an earlier backup can be restored.",
        )
    size = draft.path.stat().st_size
    return Backup(
        file, size, file_digest(draft.path), inspection.schema_version, inspection.audit_entries, inspection.damaged
    )
