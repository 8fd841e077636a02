"""The command that looks for drift, and repairs it."""

from __future__ import annotations

from typing import Annotated

import typer

from spheresync.answers import DriftAnswer, DriftRepair
from spheresync.errors import UsageError
from spheresync.model.principals import CallerRole
from spheresync_server.cli.commands.options import AssetOption, ItemsOption, SpaceOption, TierOption
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.service_command import ServiceSession, ask_service
from spheresync_server.failure import ExitCode, exit_code_of_run
from spheresync_server.scope_arguments import scope_request


def drift(
    context: typer.Context,
    *,
    space: SpaceOption = None,
    asset: AssetOption = None,
    tier: TierOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put back what was written last, where `drift:` says overwrite.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Repair the assets named, whatever `drift:` says; with --repair at once."),
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 4 when something has drifted.")] = False,
    limit: ItemsOption = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the last page ended.")] = None,
) -> int:
    """Compare what was written last with what AWS holds now. Reads no Datasphere; writes only with --repair."""
    from spheresync_server.cli.output.drift import show_drift

    if repair and (exit_code or cursor is not None):
        raise UsageError("--repair goes with neither --exit-code nor --cursor.", remedy="Give one or the other.")

    async def ask(session: ServiceSession) -> DriftAnswer:
        scope = scope_request(space, asset, tier)
        found = await session.service.drift.detect_drift(
            scope, session.principal, overwrite=overwrite, limit=limit, cursor=cursor, progress=session.progress
        )
        return await _repaired(session, found) if repair else found

    def code(answer: DriftAnswer) -> int:
        if isinstance(answer, DriftRepair):
            return _repair_exit_code(answer)
        if answer.problems:
            return ExitCode.FAILED
        return ExitCode.CHANGES if exit_code and answer.total else ExitCode.DONE

    return ask_service(
        invocation_of(context),
        ask,
        show_drift,
        exit_code=code,
        needs=CallerRole.OPERATOR,
        what="spheresync drift",
        delivers_alerts=True,
    )


async def _repaired(session: ServiceSession, found: DriftAnswer) -> DriftRepair:
    """Apply the repair, if there is one, and wait for the end."""
    told = dict(found)
    if found.change_set_id is None:
        return DriftRepair(**told, run_id=None, state="done", counts={}, failures=[], failures_total=0)
    run = await session.service.runs.apply(found.change_set_id, session.principal)
    session.awaited_runs.append(run.run_id)
    run = await session.service.runs.wait(run.run_id, session.principal, progress=session.progress)
    return DriftRepair(
        **told,
        run_id=run.run_id,
        state=run.state,
        counts=run.counts,
        failures=run.failures,
        failures_total=run.failures_total,
    )


def _repair_exit_code(answer: DriftRepair) -> int:
    """As `apply`; what could not be looked at, or is not ours any more, is no success either."""
    if answer.problems or answer.summary.get("conflicts"):
        return ExitCode.FAILED
    return ExitCode.DONE if answer.run_id is None else exit_code_of_run(answer.state)
