"""The part of the service that keeps the state: backup, care, the audit log for other programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from spheresync.answers import BackupAnswer
from spheresync.errors import UsageError
from spheresync.model import Principal
from spheresync.service.care import CareReport, take_care
from spheresync.service.reading import Reading
from spheresync.service.state_care import backup
from spheresync.service.time_arguments import beginning, end
from spheresync.state.audit_export import csv_header, csv_line, json_line


class Keeping(Reading):
    """Sees to what is on disk."""

    async def backup(self, file: Path, principal: Principal, *, replace: bool = False) -> BackupAnswer:
        """Write the state to a file while others go on; see `state_care.backup`."""
        return await backup(self._context, file, principal, replace=replace)

    async def care(self, seconds: float = 1.0, *, when_due: bool = False) -> CareReport:
        """Take one bounded step of care for the state; see `care.take_care`."""
        return await take_care(self._context, seconds, when_due=when_due)

    async def export_audit(
        self, *, spelling: str, since: str | None = None, until: str | None = None
    ) -> AsyncIterator[str]:
        """The audit log line by line: `jsonl` (lossless, verifiable offline) or `csv` (safe in a spreadsheet)."""
        if spelling not in {"jsonl", "csv"}:
            raise UsageError(f"there is no format {spelling!r}.", remedy="Valid: jsonl, csv.")
        if spelling == "csv":
            yield csv_header()
        spell = csv_line if spelling == "csv" else json_line
        async for entry in self._store.audit.iterate(beginning("since", since), end("until", until)):
            yield spell(entry)
