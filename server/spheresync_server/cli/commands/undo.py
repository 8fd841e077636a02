"""Commands around the undo of runs: revert, release."""

from __future__ import annotations

from typing import Annotated

import typer

from spheresync.answers import ChangeSetAnswer, ReleaseAnswer
from spheresync.model.roles import Role
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.work import Bench, perform


def revert(
    context: typer.Context,
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="Id of a run that has ended.")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="Items shown.")] = 20,
) -> int:
    """Save a change set that restores what a run changed. Apply it to undo the run; what it restores is held."""
    from spheresync_server.cli.output.changes import show_change_set

    async def work(bench: Bench) -> ChangeSetAnswer:
        return await bench.service.undo.revert_run(run_id, bench.principal, limit=limit)

    return perform(
        invocation_of(context),
        work,
        show_change_set,
        exit_code=lambda answer: int(bool(answer.problems_total)),  # what cannot be undone, as of a preview
        needs=Role.ADMIN,
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

    async def work(bench: Bench) -> ReleaseAnswer:
        return await bench.service.undo.release(asset or [], bench.principal)

    return perform(invocation_of(context), work, show_release, needs=Role.ADMIN, what="spheresync release")
