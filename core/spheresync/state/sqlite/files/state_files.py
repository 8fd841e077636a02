"""A state folder of this store that no process has open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from spheresync.state.records import AuditVerdict, Restored, RestoreSource
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.files.copies import audit_verdict_of
from spheresync.state.sqlite.files.restore import restore_state
from spheresync.state.sqlite.files.writable_folder import require_writable
from spheresync.state.sqlite.store import SqliteStore

T = TypeVar("T")


class SqliteStateFiles:
    """The `StateFiles` of a folder with a SQLite database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def require_writable(self) -> None:
        require_writable(self._folder)

    async def audit_verdict(self) -> AuditVerdict:
        return await audit_verdict_of(self._folder / FILE_NAME)

    async def restore(
        self,
        file: Path,
        adjust: Callable[[SqliteStore, RestoreSource], Awaitable[T]],
        *,
        clock: Callable[[], datetime],
    ) -> Restored[T]:
        return await restore_state(self._folder, file, adjust, clock=clock)
