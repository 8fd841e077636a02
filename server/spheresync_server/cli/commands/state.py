"""Commands that take care of the state: backup, restore."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from spheresync.answers import BackupAnswer, RestoreAnswer
from spheresync.errors import RefusedError
from spheresync.model.principals import CallerRole
from spheresync_server import service_access
from spheresync_server.caller import local_principal, require, role_from
from spheresync_server.cli.commands.options import ForceOption
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.interruption import report_interruption, run_until_signalled
from spheresync_server.cli.output import documents
from spheresync_server.cli.service_command import ServiceSession, ask_service


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; best on another disk.")],
    *,
    force: ForceOption = False,
) -> int:
    """Write the state to a file, while servers and syncs go on."""
    from spheresync_server.cli.output.state import show_backup

    async def ask(session: ServiceSession) -> BackupAnswer:
        return await session.service.state.backup(file, session.principal, replace=force)

    return ask_service(
        invocation_of(context),
        ask,
        show_backup,
        exit_code=lambda answer: int(bool(answer.damaged)),
        needs=CallerRole.ADMIN,
        what="spheresync backup",
    )


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `spheresync backup` wrote.")],
    *,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Do not ask, as without a terminal or with --json."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Restore it also with rows that cannot be read: they count as lost.")
    ] = False,
) -> int:
    """Make a backup the state again; the present one is kept beside it."""
    from spheresync_server.cli.output.state import show_restore

    call = invocation_of(context)
    role = role_from(os.environ, CallerRole.ADMIN)
    require(role, CallerRole.ADMIN, "spheresync restore")
    source = service_access.settings_source(call.environment, call.file)
    folder = source.current().state_dir
    if not (yes or call.json) and sys.stdin.isatty():
        _confirm(file, folder)

    async def work() -> RestoreAnswer:
        return await service_access.restore_state(source, file, local_principal(role), force=force)

    answer = run_until_signalled(work, report_interruption(json=call.json))
    if call.json:
        documents.write(answer)
    else:
        show_restore(answer)
    return 0


def _confirm(file: Path, folder: Path) -> None:
    """Ask on stderr.

    Raises:
        RefusedError: the answer was no, or none.
    """
    question = f"Replace the state in {folder} by {file}? The present one is kept beside it."
    try:
        agreed = typer.confirm(question, default=False, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise RefusedError("the restore was not confirmed; nothing was changed.")
