"""The state on disk: backup and housekeeping."""

from __future__ import annotations

from pathlib import Path

from spheresync.answers import BackupAnswer
from spheresync.model import Principal
from spheresync.runtime.context import RuntimeContext
from spheresync.service.authority import Permission, authorize
from spheresync.service.state.backup_restore import backup
from spheresync.service.state.housekeeping import CareReport, take_care


class State:
    """Sees to what is on disk."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context

    async def backup(self, file: Path, principal: Principal, *, replace: bool = False) -> BackupAnswer:
        """Write the state to a file while others go on; see `backup_restore.backup`."""
        authorize(principal, Permission.ADMINISTER)
        return await backup(self._context, file, principal, replace=replace)

    async def care(self, principal: Principal, seconds: float = 1.0, *, when_due: bool = False) -> CareReport:
        """Take one bounded step of care for the state; see `housekeeping.take_care`."""
        authorize(principal, Permission.OPERATE)
        return await take_care(self._context, seconds, when_due=when_due)
