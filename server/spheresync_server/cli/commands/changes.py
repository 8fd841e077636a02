"""The commands around change sets: preview, approve, promote, apply, sync."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from spheresync.answers import ApprovalAnswer, ChangeSetAnswer, OpenChangeSets, PromotionAnswer, RunAnswer
from spheresync.errors import UsageError
from spheresync.model.principals import CallerRole
from spheresync.regular_files import read_regular
from spheresync_server.cli.commands.options import (
    AssetOption,
    ChangeSetArgument,
    CursorOption,
    DestinationOption,
    ForceOption,
    ItemsOption,
    LimitOption,
    SpaceOption,
    TargetOption,
    TierOption,
)
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.service_command import ServiceSession, ask_service
from spheresync_server.failure import ExitCode, exit_code_of_run
from spheresync_server.scope_arguments import scope_request

AllowDeletes = Annotated[bool, typer.Option("--allow-deletes", help="Also do the deletes of the change set.")]


def preview(
    context: typer.Context,
    *,
    space: SpaceOption = None,
    asset: AssetOption = None,
    tier: TierOption = None,
    target: TargetOption = None,
    destination: DestinationOption = None,
    no_refresh: Annotated[bool, typer.Option("--no-refresh", help="Do not read Datasphere first.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 4 when there are changes.")] = False,
    trial_rules: Annotated[
        Path | None,
        typer.Option("--trial-rules", metavar="FILE", help="Try these rules besides: shown, saved nowhere."),
    ] = None,
    limit: ItemsOption = 20,
) -> int:
    """Work out what would change and save it as a change set to review."""
    from spheresync_server.answer_summaries import changes_something
    from spheresync_server.cli.output.changes import never_read, show_change_set

    async def ask(session: ServiceSession) -> ChangeSetAnswer:
        return await session.service.changes.preview(
            scope_request(space, asset, tier, target, destination),
            session.principal,
            refresh=not no_refresh,
            trial_rules=None if trial_rules is None else _text_of(trial_rules),
            limit=limit,
            progress=session.progress,
        )

    def code(answer: ChangeSetAnswer) -> int:
        if answer.problems_total or never_read(answer):
            return ExitCode.FAILED
        return ExitCode.CHANGES if exit_code and changes_something(answer) else ExitCode.DONE

    return ask_service(invocation_of(context), ask, show_change_set, exit_code=code, delivers_lineage=True)


def change_sets(
    context: typer.Context,
    change_set_id: Annotated[
        str | None, typer.Argument(metavar="[CHANGE_SET_ID]", help="One change set in detail.")
    ] = None,
    limit: LimitOption = 20,
    cursor: CursorOption = None,
) -> int:
    """List the change sets that may still be applied, whoever made them; or show one."""
    from spheresync_server.cli.output.changes import show_change_set, show_open_change_sets

    async def one(session: ServiceSession) -> ChangeSetAnswer:
        assert change_set_id is not None
        return await session.service.changes.get_change_set(
            change_set_id, session.principal, limit=limit, cursor=cursor
        )

    async def several(session: ServiceSession) -> OpenChangeSets:
        return await session.service.changes.list_open(session.principal, limit=limit, cursor=cursor)

    if change_set_id is not None:
        return ask_service(invocation_of(context), one, show_change_set)
    return ask_service(invocation_of(context), several, show_open_change_sets)


def approve(
    context: typer.Context,
    change_set_id: ChangeSetArgument,
    limit: ItemsOption = 20,
) -> int:
    """Put on record that you approve a saved change set as it is. Writes nothing to AWS."""
    from spheresync_server.cli.output.changes import show_approval

    async def ask(session: ServiceSession) -> ApprovalAnswer:
        return await session.service.changes.approve(change_set_id, session.principal, limit=limit)

    return ask_service(invocation_of(context), ask, show_approval, needs=CallerRole.ADMIN, what="spheresync approve")


def promote(
    context: typer.Context,
    change_set_id: ChangeSetArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to.")],
    *,
    force: ForceOption = False,
) -> int:
    """Write scope and rules of a change set to a file that the next environment names as `promotion:`."""
    from spheresync_server.cli.output.changes import show_promotion

    async def ask(session: ServiceSession) -> PromotionAnswer:
        return await session.service.changes.promote(change_set_id, file, session.principal, replace=force)

    return ask_service(
        invocation_of(context), ask, show_promotion, needs=CallerRole.OPERATOR, what="spheresync promote"
    )


def _text_of(file: Path) -> str:
    """The text of a file that somebody named.

    Raises:
        UsageError: it cannot be read.
    """
    from spheresync.config.reading.yaml_file import MAX_BYTES

    try:
        data, _ = read_regular(file, MAX_BYTES)
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        said = f"{file.name} cannot be read ({reason})."
        raise UsageError(said, remedy="Check the path and its permissions.") from error


def apply(
    context: typer.Context,
    change_set_id: ChangeSetArgument,
    allow_deletes: AllowDeletes = False,
    asset: AssetOption = None,
) -> int:
    """Execute a saved change set, or a part of it, and wait for the end."""
    from spheresync_server.cli.output.changes import show_run

    async def ask(session: ServiceSession) -> RunAnswer:
        run = await session.service.runs.apply(
            change_set_id, session.principal, allow_deletes=allow_deletes, assets=asset or ()
        )
        return await _follow(session, run)

    return ask_service(
        invocation_of(context),
        ask,
        partial(show_run, allowing_deletes=allow_deletes),
        exit_code=lambda run: exit_code_of_run(run.state),
        needs=CallerRole.OPERATOR,
        what="spheresync apply",
        delivers_alerts=True,
    )


def sync(
    context: typer.Context,
    *,
    space: SpaceOption = None,
    asset: AssetOption = None,
    tier: TierOption = None,
    target: TargetOption = None,
    destination: DestinationOption = None,
    allow_deletes: AllowDeletes = False,
    max_deletes: Annotated[
        int | None,
        typer.Option("--max-deletes", metavar="N", min=0, help="Replace the guards by this number, for this run."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read and compare everything anew.")] = False,
    retry_of: Annotated[
        str | None, typer.Option("--retry-of", metavar="RUN_ID", help="Only what failed in this run.")
    ] = None,
) -> int:
    """Discover, preview and apply in one go, and wait for the end."""
    from spheresync_server.cli.output.changes import show_run

    async def ask(session: ServiceSession) -> RunAnswer:
        run = await session.service.runs.sync(
            scope_request(space, asset, tier, target, destination),
            session.principal,
            full=full,
            allow_deletes=allow_deletes,
            max_deletes=max_deletes,
            retry_of=retry_of,
        )
        ended = await _follow(session, run)
        await session.service.state.care(session.principal, when_due=True)
        return ended

    return ask_service(
        invocation_of(context),
        ask,
        show_run,
        exit_code=lambda run: exit_code_of_run(run.state),
        needs=CallerRole.OPERATOR,
        what="spheresync sync",
        delivers_alerts=True,
    )


async def _follow(session: ServiceSession, run: RunAnswer) -> RunAnswer:
    session.awaited_runs.append(run.run_id)
    ended = await session.service.runs.wait(run.run_id, session.principal, progress=session.progress)
    return run.told_with(ended)
