"""Commands that read Datasphere or write to AWS: discover, preview, apply, sync, cancel."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from spheresync.answers import ChangeSetAnswer, DiscoveryAnswer, DriftRepair, RunAnswer
from spheresync.model import ScopeRequest
from spheresync.model.roles import Role
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.work import Bench, perform

Space = Annotated[list[str] | None, typer.Option("--space", metavar="S", help="Only this space; may be repeated.")]
Asset = Annotated[
    list[str] | None, typer.Option("--asset", metavar="SPACE/NAME", help="Only this asset; may be repeated.")
]
Tier = Annotated[
    list[str] | None, typer.Option("--tier", metavar="T", help="Only critical, high or medium; may be repeated.")
]
Target = Annotated[list[str] | None, typer.Option("--target", metavar="T", help="Only this target; may be repeated.")]
AllowDeletes = Annotated[bool, typer.Option("--allow-deletes", help="Also delete tables that were retired before.")]

_RUN_EXIT_CODES = {"done": 0, "refused": 3}


def run_exit_code(answer: RunAnswer | DriftRepair) -> int:
    """0 done, 3 refused, 1 anything else (CONTRACT.md)."""
    return _RUN_EXIT_CODES.get(answer.state, 1)


def _scope(
    space: list[str] | None,
    asset: list[str] | None = None,
    tier: list[str] | None = None,
    target: list[str] | None = None,
) -> ScopeRequest:
    return ScopeRequest(tuple(space or ()), tuple(asset or ()), tuple(tier or ()), tuple(target or ()))


def discover(context: typer.Context, space: Space = None, tier: Tier = None) -> int:
    """Read Datasphere into the local catalog. Writes nothing to AWS."""
    from spheresync_server.cli.output.changes import show_discovery

    async def work(bench: Bench) -> DiscoveryAnswer:
        return await bench.service.catalog.discover(_scope(space, tier=tier), bench.principal, progress=bench.progress)

    return perform(invocation_of(context), work, show_discovery, exit_code=lambda answer: int(answer.state != "done"))


def preview(
    context: typer.Context,
    *,
    space: Space = None,
    asset: Asset = None,
    tier: Tier = None,
    target: Target = None,
    no_refresh: Annotated[bool, typer.Option("--no-refresh", help="Do not read Datasphere first.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 4 when there are changes.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Items shown.")] = 20,
) -> int:
    """Work out what would change and save it as a change set to review."""
    from spheresync_server.cli.output.changes import changes_something, never_read, show_change_set

    async def work(bench: Bench) -> ChangeSetAnswer:
        return await bench.service.changes.preview(
            _scope(space, asset, tier, target),
            bench.principal,
            refresh=not no_refresh,
            limit=limit,
            progress=bench.progress,
        )

    def code(answer: ChangeSetAnswer) -> int:
        if answer.problems_total or never_read(answer):
            return 1
        return 4 if exit_code and changes_something(answer) else 0

    return perform(invocation_of(context), work, show_change_set, exit_code=code)


def apply(
    context: typer.Context,
    change_set_id: Annotated[str, typer.Argument(metavar="CHANGE_SET_ID", help="Id that preview gave (cs_…).")],
    allow_deletes: AllowDeletes = False,
) -> int:
    """Execute a saved change set and wait for the end."""
    from spheresync_server.cli.output.changes import show_run

    async def work(bench: Bench) -> RunAnswer:
        run = await bench.service.runs.apply(change_set_id, bench.principal, allow_deletes=allow_deletes)
        return await _follow(bench, run)

    return perform(
        invocation_of(context),
        work,
        partial(show_run, allowing_deletes=allow_deletes),
        exit_code=run_exit_code,
        needs=Role.OPERATOR,
        what="spheresync apply",
        tells=True,
    )


def sync(
    context: typer.Context,
    *,
    space: Space = None,
    asset: Asset = None,
    tier: Tier = None,
    target: Target = None,
    allow_deletes: AllowDeletes = False,
    max_deletes: Annotated[
        int | None,
        typer.Option("--max-deletes", metavar="N", min=0, help="Replace the guards by this number, for this run."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read and compare everything anew.")] = False,
) -> int:
    """Discover, preview and apply in one go, and wait for the end."""
    from spheresync_server.cli.output.changes import show_run

    async def work(bench: Bench) -> RunAnswer:
        run = await bench.service.runs.sync(
            _scope(space, asset, tier, target),
            bench.principal,
            full=full,
            allow_deletes=allow_deletes,
            max_deletes=max_deletes,
        )
        ended = await _follow(bench, run)
        await bench.service.state.care(bench.principal, when_due=True)
        return ended

    return perform(
        invocation_of(context),
        work,
        show_run,
        exit_code=run_exit_code,
        needs=Role.OPERATOR,
        what="spheresync sync",
        tells=True,
    )


def cancel(
    context: typer.Context,
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="Id of a queued or running run.")],
) -> int:
    """Stop a run at its next asset, also one of another process."""
    from spheresync_server.cli.output.changes import show_run

    async def work(bench: Bench) -> RunAnswer:
        return await bench.service.runs.cancel_run(run_id, bench.principal)

    return perform(invocation_of(context), work, show_run, needs=Role.OPERATOR, what="spheresync cancel")


async def _follow(bench: Bench, run: RunAnswer) -> RunAnswer:
    bench.followed.append(run.run_id)
    return await bench.service.runs.wait(run.run_id, bench.principal, progress=bench.progress)
