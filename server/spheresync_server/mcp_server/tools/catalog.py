"""Tools that look at the local catalog. They read Spheresync's own store; none of them calls SAP or AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from mcp.types import CallToolResult
from pydantic import Field

from spheresync.answers import AssetDetail, AssetPage, AssetRow, LineageAnswer, MappingExplanation, Page, SpaceRow
from spheresync.answers.lineage import DEEPEST, DEPTH
from spheresync.model import AssetStatus, counted
from spheresync_server.answer_summaries import asset_lines, gone_of, lineage_lines, personal_data_line, range_shown
from spheresync_server.mcp_server.engine_texts import with_tool_names
from spheresync_server.mcp_server.tool_results import ROW_BUDGET, page_line, respond
from spheresync_server.mcp_server.tools.arguments import (
    Asset,
    AssetDetailWord,
    Column,
    Cursor,
    Detail,
    DirectionWord,
    Kind,
    Limit,
    Sort,
    Status,
    TierName,
)
from spheresync_server.server_context import ServiceTools
from spheresync_server.untrusted import visible

_ASK_FOR_COLUMNS = "Ask for some columns with column, or read the resource spheresync://assets/SPACE/NAME."
_EDGES = 500
_NEVER_READ = "Nothing is known yet, as Datasphere was never read: call preview_changes with refresh=true first."


class CatalogTools(ServiceTools):
    """What is known of spaces and assets."""

    async def list_spaces(self, limit: Limit = 50, cursor: Cursor = None) -> Annotated[CallToolResult, Page[SpaceRow]]:
        """Spaces of the tenant, with asset counts by kind, tier and status."""
        page = await self._service.catalog.list_spaces(
            self._server_context.principal, limit=limit, cursor=cursor, budget=ROW_BUDGET
        )
        told = page_line("space", page)
        if not page.total:
            told = await self._why_nothing_is_known()
        noted = sum(row.problem is not None for row in page.items)
        spaces = (
            f"{counted(noted, 'space')} of these could not be read lately or left out: see problem." if noted else ""
        )
        return respond(self._server_context, page, told, spaces, _gone_line(page.items), told={"total", "first"})

    async def list_assets(
        self,
        *,
        space: Annotated[str | None, Field(description="Only this space")] = None,
        kind: Annotated[Kind | None, Field(description="Only this kind")] = None,
        tier: Annotated[TierName | None, Field(description="Only this tier")] = None,
        status: Annotated[Status | None, Field(description="Only this status")] = None,
        query: Annotated[str | None, Field(description="Words, or a glob of names")] = None,
        column: Annotated[str | None, Field(description="Has it: name or glob")] = None,
        pii: Annotated[str | None, Field(description="Class, any, none or key")] = None,
        term: Annotated[str | None, Field(description="Business term")] = None,
        owner: Annotated[str | None, Field(description="Owner or steward, or none")] = None,
        min_columns: Annotated[int | None, Field(ge=0, description="Columns at least")] = None,
        sort: Sort = None,
        count_only: Annotated[bool, Field(strict=True, description="Only counts")] = False,
        detail: Detail = "concise",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Annotated[CallToolResult, AssetPage]:
        """Find assets in the catalog; query searches names, labels, descriptions, columns, terms."""
        page = await self._service.catalog.list_assets(
            self._server_context.principal,
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
            count_only=count_only,
            detail=detail,
            limit=limit,
            cursor=cursor,
            budget=ROW_BUDGET,
        )
        if (
            not page.total
            and not (await self._service.catalog.list_spaces(self._server_context.principal, limit=1)).total
        ):
            return respond(self._server_context, page, await self._why_nothing_is_known())
        return respond(
            self._server_context,
            page,
            *asset_lines(page),
            *await self._beside(page, space, status),
            *_problem_lines(page.items),
            told={"total", "first", "kinds", "statuses", "searched", "as_of", "notes", "meant"},
        )

    async def _beside(self, page: AssetPage, space: str | None, status: str | None) -> list[str]:
        """Why a list of a space is empty, and what a list of one status leaves out."""
        principal = self._server_context.principal
        beside = await self._service.catalog.beside(status, principal)
        if space is not None and not page.total and await self._service.catalog.why_no_assets(space, principal):
            return ["See list_spaces: why nothing of that space is known is its problem there.", beside]
        return [beside]

    async def _why_nothing_is_known(self) -> str:
        empty = await self._service.catalog.why_no_assets(None, self._server_context.principal)
        return with_tool_names(empty) if empty else _NEVER_READ

    async def describe_asset(
        self, asset: Asset, detail: AssetDetailWord = "full", column: Column = None, cursor: Cursor = None
    ) -> Annotated[CallToolResult, AssetDetail]:
        """One asset: columns, context, targets, personal data."""
        answer = await self._service.catalog.describe_asset(
            asset, self._server_context.principal, detail=detail, column=column, cursor=cursor, budget=ROW_BUDGET
        )
        return respond(
            self._server_context,
            answer,
            f"{visible(answer.asset)} is {_article(answer.kind)}, tier {answer.tier}, {answer.status}: "
            f"{_columns_shown(answer)}, {counted(len(answer.targets), 'target object')}, "
            f"last sync {answer.last_sync or 'never'}, last read from Datasphere {answer.read_at or 'never'}.",
            with_tool_names(answer.seen_in_aws or ""),
            "It has a problem: see problem." if answer.problem else "",
            _differ_by_case_line(answer),
            personal_data_line(answer),
            told={
                "kind",
                "tier",
                "status",
                "last_sync",
                "read_at",
                "seen_in_aws",
                "differ_by_case",
                "columns_total",
                "first",
            },
            more=_ASK_FOR_COLUMNS,
        )

    async def explain_mapping(
        self, asset: Asset, column: Column = None, cursor: Cursor = None
    ) -> Annotated[CallToolResult, MappingExplanation]:
        """Why an asset gets its table, names and types: rules, decisions, findings."""
        answer = await self._service.catalog.explain_mapping(
            asset, self._server_context.principal, column=column, cursor=cursor, budget=ROW_BUDGET
        )
        return respond(
            self._server_context,
            answer,
            f"{visible(answer.asset)} is {'included' if answer.included else 'excluded'}, tier {answer.tier}; "
            f"{counted(len(answer.rules), 'rule')} fired, {_columns_shown(answer)}, "
            f"{counted(len(answer.findings), 'finding')}.",
            told={"included", "tier", "columns_total", "first"},
            more=_ASK_FOR_COLUMNS,
        )

    async def get_lineage(
        self,
        asset: Asset,
        column: Annotated[str | None, Field(description="Only this column")] = None,
        direction: Annotated[DirectionWord, Field(description="Which way")] = "both",
        depth: Annotated[int, Field(ge=1, le=DEEPEST, description="Steps")] = DEPTH,
    ) -> Annotated[CallToolResult, LineageAnswer]:
        """Where an asset or column comes from and goes, and what refers to it."""
        answer = await self._service.catalog.get_lineage(
            asset,
            self._server_context.principal,
            column=column,
            direction=direction,
            depth=depth,
            budget=ROW_BUDGET,
        )
        return respond(
            self._server_context,
            answer,
            *lineage_lines(answer, most=_EDGES),
            told={"asset", "direction", "depth", "as_of", "edges", "referred_by", "referred_by_total", "findings"},
        )


def _differ_by_case_line(answer: AssetDetail) -> str:
    others = ", ".join(map(visible, answer.differ_by_case))
    return f"Not to be taken for another asset whose name differs by case only: {others}." if others else ""


def _columns_shown(answer: AssetDetail | MappingExplanation) -> str:
    """How many columns there are, and which of them are shown."""
    shown = len(answer.columns)
    if answer.columns_total is None:
        return counted(shown, "column")
    if answer.first is None:
        return f"{shown:,} of {counted(answer.columns_total, 'column')}"
    more = ", pass next_cursor as cursor for more" if answer.next_cursor else ""
    return f"columns {range_shown(answer.first, shown)} of {answer.columns_total:,}{more}"


def _gone_line(rows: Sequence[SpaceRow]) -> str:
    """Of which spaces the counts hold assets that Datasphere lists no more."""
    told = [f"{visible(row.space)} {count}" for row in rows if (count := gone_of(row.statuses))]
    return f"Counted too, though Datasphere lists them no more: {', '.join(told)}." if told else ""


def _article(kind: str) -> str:
    return f"an {kind}" if kind.startswith("a") else f"a {kind}"


def _problem_lines(rows: Sequence[AssetRow]) -> Iterator[str]:
    """How many of a page could not be read, so that what is told of them may be out of date; and of others what is."""
    unread = sum(row.status == AssetStatus.FAILED and row.problem is not None for row in rows)
    others = Counter(row.status for row in rows if row.status != AssetStatus.FAILED and row.problem is not None)
    if unread:
        yield f"{counted(unread, 'asset')} of these could not be read or written lately: see problem."
    if others:
        kinds = ", ".join(f"{count} {status}" for status, count in sorted(others.items()))
        yield f"There is something to know of {counted(others.total(), 'asset')} of these ({kinds}): see problem."
