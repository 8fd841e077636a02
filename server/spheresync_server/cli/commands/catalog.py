"""The commands that read the tenant's catalog into the state and tell what is in it: discover, assets, lineage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spheresync.answers import AssetPage, DiscoveryAnswer, LineageAnswer
from spheresync.model import Detail, Direction, LineageExport
from spheresync_server.cli.commands.options import CursorOption, DetailOption, LimitOption, SpaceOption, TierOption
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.service_command import ServiceSession, ask_service
from spheresync_server.scope_arguments import scope_request


def discover(context: typer.Context, space: SpaceOption = None, tier: TierOption = None) -> int:
    """Read Datasphere into the local catalog. Writes nothing to AWS."""
    from spheresync_server.cli.output.changes import show_discovery

    async def ask(session: ServiceSession) -> DiscoveryAnswer:
        return await session.service.catalog.discover(
            scope_request(space, tiers=tier), session.principal, progress=session.progress
        )

    return ask_service(
        invocation_of(context),
        ask,
        show_discovery,
        exit_code=lambda answer: int(answer.state != "done"),
        delivers_lineage=True,
    )


def assets(
    context: typer.Context,
    *,
    space: Annotated[str | None, typer.Option(metavar="S", help="Only this space.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="K", help="Only this kind, such as view.")] = None,
    tier: Annotated[str | None, typer.Option(metavar="T", help="Only critical, high or medium.")] = None,
    status: Annotated[str | None, typer.Option(metavar="S", help="Only this status, such as failed.")] = None,
    query: Annotated[
        str | None,
        typer.Option(metavar="Q", help="Words in names, labels, columns, descriptions or terms, or a glob of names."),
    ] = None,
    column: Annotated[str | None, typer.Option(metavar="C", help="Has this column; a name or a glob.")] = None,
    pii: Annotated[
        str | None, typer.Option(metavar="CLASS", help="Holds this class of personal data, any, none or key.")
    ] = None,
    term: Annotated[str | None, typer.Option(metavar="T", help="Has this business term.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="O", help="Has this owner or steward; none: lacks one.")] = None,
    min_columns: Annotated[int | None, typer.Option(min=0, metavar="N", help="Has at least so many columns.")] = None,
    sort: Annotated[
        str | None,
        typer.Option(metavar="F", help="name, label, kind, tier, status, columns, changed, read; -F from the end."),
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Only how many there are.")] = False,
    detail: DetailOption = Detail.CONCISE,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
) -> int:
    """List the local catalog."""
    from spheresync_server.cli.output.assets import show_asset_count, show_assets

    why_none: list[str] = []
    beside: list[str] = []

    async def ask(session: ServiceSession) -> AssetPage:
        page = await session.service.catalog.list_assets(
            session.principal,
            space=space,
            kind=kind,
            tier=tier,
            status=status,
            query=query,
            column=column,
            pii=pii,
            term=term,
            owner=owner,
            min_columns=min_columns,
            sort=sort,
            count_only=count,
            detail=detail,
            limit=limit,
            cursor=None if count else cursor,
        )
        if count:
            return page
        if not page.total:
            why_none.append(await session.service.catalog.why_no_assets(space, session.principal))
        beside.append(await session.service.catalog.beside(status, session.principal))
        return page

    def show(page: AssetPage) -> None:
        if count:
            show_asset_count(page)
        else:
            show_assets(page, "".join(why_none), beside="".join(beside))

    return ask_service(invocation_of(context), ask, show)


def lineage(
    context: typer.Context,
    asset: Annotated[str, typer.Argument(metavar="SPACE/NAME")],
    *,
    column: Annotated[str | None, typer.Option(metavar="C", help="Only this column.")] = None,
    direction: Annotated[Direction, typer.Option(help="Which way to follow it.")] = Direction.BOTH,
    depth: Annotated[int | None, typer.Option(min=1, metavar="N", help="Steps, 10 by default.")] = None,
    openlineage: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as OpenLineage events too, one a line.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
) -> int:
    """Show where an asset comes from and where it goes."""
    from spheresync_server.cli.output.records import show_lineage

    async def ask(session: ServiceSession) -> LineageAnswer:
        return await session.service.catalog.get_lineage(
            asset,
            session.principal,
            column=column,
            direction=direction,
            depth=depth,
            export=None if openlineage is None else LineageExport(openlineage, replace=force),
        )

    return ask_service(invocation_of(context), ask, show_lineage)
