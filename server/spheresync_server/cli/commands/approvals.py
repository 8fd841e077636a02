"""Commands by which people vouch for a change set and carry it on: approve, promote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spheresync.answers import ApprovalAnswer, PromotionAnswer
from spheresync.model.roles import Role
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.work import Bench, perform


def approve(
    context: typer.Context,
    change_set_id: Annotated[str, typer.Argument(metavar="CHANGE_SET_ID", help="Id that preview gave (cs_…).")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="Items in the answer.")] = 20,
) -> int:
    """Put on record that you approve a saved change set as it is. Writes nothing to AWS."""
    from spheresync_server.cli.output.changes import show_approval

    async def work(bench: Bench) -> ApprovalAnswer:
        return await bench.service.changes.approve(change_set_id, bench.principal, limit=limit)

    return perform(invocation_of(context), work, show_approval, needs=Role.ADMIN, what="spheresync approve")


def promote(
    context: typer.Context,
    change_set_id: Annotated[str, typer.Argument(metavar="CHANGE_SET_ID", help="Id that preview gave (cs_…).")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> int:
    """Write scope and rules of a change set to a file that the next environment names as `promotion:`."""
    from spheresync_server.cli.output.changes import show_promotion

    async def work(bench: Bench) -> PromotionAnswer:
        return await bench.service.changes.promote(change_set_id, file, bench.principal, replace=force)

    return perform(invocation_of(context), work, show_promotion, needs=Role.OPERATOR, what="spheresync promote")
