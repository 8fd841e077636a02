"""Say to people what became of a backup or a restore."""

from __future__ import annotations

from spheresync.answers import BackupAnswer, RestoreAnswer
from spheresync.model import counted
from spheresync_server.cli.output.tables import say
from spheresync_server.untrusted import clean_line


def show_backup(answer: BackupAnswer) -> None:
    """Where it is, and what proves it."""
    say(
        f"The state of {answer.at} is in {clean_line(answer.file, longest=1_000)}: {answer.size:,} bytes, schema "
        f"{answer.schema_version}, {counted(answer.audit_entries, 'audit entry')}, the log intact.",
        f"SHA-256 {answer.sha256}",
    )
    if answer.note:
        say(answer.note)
    _show_damaged(answer.damaged)


def show_restore(answer: RestoreAnswer) -> None:
    """What is the state now, and where the former one is."""
    say(f"The state is that of {clean_line(answer.file, longest=1_000)} again (SHA-256 {answer.sha256}).")
    if answer.audit_carried:
        later = f"{counted(answer.audit_carried, 'later entry')} {'was' if answer.audit_carried == 1 else 'were'}"
        say(f"The audit log goes on: {later} carried over.")
    if answer.cancelled_runs:
        say(f"Cancelled, because they were under way at that time: {', '.join(answer.cancelled_runs)}.")
    if answer.expired_change_sets:
        say(f"Saved change sets that expired: {answer.expired_change_sets}.")
    if answer.former is not None:
        former = clean_line(answer.former, longest=1_000)
        say(f"The former database is {former}; to undo this: spheresync restore {former}")
    say(answer.note)
    _show_damaged(answer.damaged)


def _show_damaged(damaged: list[str]) -> None:
    for damage in damaged:
        say(f"Not as it was written, in the file too: {clean_line(damage, longest=1_000)}")
