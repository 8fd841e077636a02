"""The command that looks for drift, and repairs it."""

from __future__ import annotations

from typing import Annotated

import typer

from spheresync.answers import DriftAnswer, DriftRepair
from spheresync.errors import UsageError
from spheresync.model import ScopeRequest
from spheresync.model.roles import Role
from spheresync_server.cli.commands.changes import Asset, Space, Tier, run_exit_code
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.work import Bench, perform


def drift(
    context: typer.Context,
    *,
    space: Space = None,
    asset: Asset = None,
    tier: Tier = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put back what was written last, where `drift:` says overwrite.")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 4 when something has drifted.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Items shown.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the last page ended.")] = None,
) -> int:
    """Compare what was written last with what AWS holds now. Reads no Datasphere; writes only with --repair."""
    from spheresync_server.cli.output.drift import show_drift

    if repair and (exit_code or cursor is not None):
        raise UsageError("--repair goes with neither --exit-code nor --cursor.", remedy="Give one or the other.")

    async def work(bench: Bench) -> DriftAnswer:
        scope = ScopeRequest(tuple(space or ()), tuple(asset or ()), tuple(tier or ()))
        found = await bench.service.drift.detect_drift(
            scope, bench.principal, limit=limit, cursor=cursor, progress=bench.progress
        )
        return await _repaired(bench, found) if repair else found

    def code(answer: DriftAnswer) -> int:
        if isinstance(answer, DriftRepair):
            return _repair_exit_code(answer)
        if answer.problems:
            return 1
        return 4 if exit_code and answer.total else 0

    return perform(
        invocation_of(context),
        work,
        show_drift,
        exit_code=code,
        needs=Role.OPERATOR,
        what="spheresync drift",
        tells=True,
    )


async def _repaired(bench: Bench, found: DriftAnswer) -> DriftRepair:
    """Apply the repair, if there is one, and wait for the end."""
    told = dict(found)
    if found.change_set_id is None:
        return DriftRepair(**told, run_id=None, state="done", counts={}, failures=[], failures_total=0)
    run = await bench.service.runs.apply(found.change_set_id, bench.principal)
    bench.followed.append(run.run_id)
    run = await bench.service.runs.wait(run.run_id, bench.principal, progress=bench.progress)
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
        return 1
    return 0 if answer.run_id is None else run_exit_code(answer)
