"""The commands around runs: runs, cancel, revert, release."""

from __future__ import annotations

from typing import Annotated

import typer

from spheresync.answers import ChangeSetAnswer, Page, ReleaseAnswer, RunAnswer, RunRow
from spheresync.model.principals import CallerRole
from spheresync_server.cli.commands.options import CursorOption, ItemsOption, LimitOption
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.service_command import ServiceSession, ask_service


def runs(
    context: typer.Context,
    run_id: Annotated[str | None, typer.Argument(metavar="[RUN_ID]", help="One run in detail.")] = None,
    limit: LimitOption = 20,
    cursor: CursorOption = None,
) -> int:
    """List runs, or show one."""
    from spheresync_server.cli.output.changes import show_run
    from spheresync_server.cli.output.records import show_runs

    async def one(session: ServiceSession) -> RunAnswer:
        assert run_id is not None
        return await session.service.runs.get_run(run_id, session.principal)

    async def several(session: ServiceSession) -> Page[RunRow]:
        return await session.service.runs.list_runs(session.principal, limit=limit, cursor=cursor)

    if run_id is not None:
        return ask_service(invocation_of(context), one, show_run)
    return ask_service(invocation_of(context), several, show_runs)


def cancel(
    context: typer.Context,
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="Id of a queued or running run.")],
) -> int:
    """Stop a run at its next asset, also one of another process."""
    from spheresync_server.cli.output.changes import show_run

    async def ask(session: ServiceSession) -> RunAnswer:
        return await session.service.runs.cancel_run(run_id, session.principal)

    return ask_service(invocation_of(context), ask, show_run, needs=CallerRole.OPERATOR, what="spheresync cancel")


def revert(
    context: typer.Context,
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="Id of a run that has ended.")],
    limit: ItemsOption = 20,
) -> int:
    """Save a change set that restores what a run changed. Apply it to undo the run; what it restores is held."""
    from spheresync_server.cli.output.changes import show_change_set

    async def ask(session: ServiceSession) -> ChangeSetAnswer:
        return await session.service.undo.revert_run(run_id, session.principal, limit=limit)

    return ask_service(
        invocation_of(context),
        ask,
        show_change_set,
        exit_code=lambda answer: int(bool(answer.problems_total)),  # what cannot be undone, as of a preview
        needs=CallerRole.ADMIN,
        what="spheresync revert",
    )


def release(
    context: typer.Context,
    asset: Annotated[
        list[str] | None,
        typer.Option("--asset", metavar="SPACE/NAME", help="Only this asset; may be repeated. Else all that are held."),
    ] = None,
) -> int:
    """Let go of assets that a revert holds; the next sync brings their present definitions."""
    from spheresync_server.cli.output.changes import show_release

    async def ask(session: ServiceSession) -> ReleaseAnswer:
        return await session.service.undo.release(asset or [], session.principal)

    return ask_service(invocation_of(context), ask, show_release, needs=CallerRole.ADMIN, what="spheresync release")
