"""The fake service's catalog: two spaces, and assets of names that try everything."""

from __future__ import annotations

from typing import Unpack

from spheresync.answers import (
    AssetDetail,
    AssetPage,
    AssetRow,
    ColumnRow,
    LineageAnswer,
    LineageEdge,
    LineageNode,
    MappingExplanation,
    Page,
    SpaceRow,
)
from spheresync.errors import UsageError
from spheresync.model import AssetId, LineageExport, Principal
from spheresync.service.catalog.asset_request import AssetArguments
from spheresync.service.catalog.column_pages import ColumnsWanted
from tests.unit.server.fake_asked import Asked
from tests.unit.server.fake_drift import HOSTILE

SLASHED = "SALES/Orders/2026"

HIDDEN = "SALES/V\u200bOR  DERS"

ODD = tuple(
    f"{space}/{name}"
    for space, name in (
        *(
            ("SALES", odd)
            for odd in (".", "..", "../..", "../../etc/passwd", "/etc/passwd", "./V", "a/../b", "%2e%2e", "%")
        ),
        *(
            ("SALES", odd)
            for odd in ("a\x00b", "a\nb", "a\x1b[31mb", "\x7f", "\u202eb", "?x=1", "a#b", "C:\\x", "x" * 5_000)
        ),
        ("..", ".."),
        (".", "A"),
    )
)
"""Names that a path, a URL or a terminal would take for something else."""


class FakeCatalog(Asked):
    """Spaces and assets."""

    async def beside(self, status: str | None, principal: Principal) -> str:
        return ""

    async def why_no_assets(self, space: str | None, principal: Principal) -> str:
        return ""

    async def list_spaces(
        self, principal: Principal, *, limit: int = 50, cursor: str | None = None, budget: int | None = None
    ) -> Page[SpaceRow]:
        self._asked("list_spaces", limit=limit, cursor=cursor)
        rows = [
            SpaceRow(
                space="SALES",
                label=HOSTILE,
                assets=2,
                kinds={"view": 2},
                tiers={"critical": 1, "high": 1},
                statuses={"pending": 2},
            ),
            SpaceRow(space="HR", label="People", assets=0, kinds={}, tiers={}, statuses={}),
        ]
        if limit == 1 and cursor is None:
            return Page(items=rows[:1], total=2, next_cursor="next", first=1)
        return Page(items=rows[1:] if cursor == "next" else rows, total=2, first=2 if cursor == "next" else 1)

    async def list_assets(
        self,
        principal: Principal,
        *,
        limit: int = 50,
        cursor: str | None = None,
        budget: int | None = None,
        **wanted: Unpack[AssetArguments],
    ) -> AssetPage:
        space = wanted.get("space")
        self._asked("list_assets", **wanted, limit=limit, cursor=cursor)
        if space not in {None, "SALES", "HR"}:
            raise UsageError(f"there is no space {space!r}.", remedy="Known: HR, SALES.")
        if wanted.get("count_only"):
            return AssetPage(items=[], total=2, kinds={"view": 2}, statuses={"pending": 1, "synced": 1})
        return AssetPage(
            items=[
                AssetRow(asset="SALES/V_ORDERS", kind="view", label=HOSTILE, tier="critical", status="pending"),
                AssetRow(asset=SLASHED, kind="view", label="Aufträge", tier="high", status="synced"),
            ],
            total=2,
            first=1,
        )

    async def describe_asset(
        self,
        asset: str | AssetId,
        principal: Principal,
        *,
        detail: str = "full",
        column: str | None = None,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> AssetDetail:
        asset = str(asset)
        self._asked("describe_asset", asset=asset)
        if asset not in {"SALES/V_ORDERS", SLASHED, HIDDEN, *ODD}:
            raise UsageError(f"there is no asset {asset!r}.", remedy="Did you mean SALES/V_ORDERS?")
        answer = AssetDetail(
            asset=asset,
            kind="view",
            label=HOSTILE,
            tier="critical",
            status="pending",
            problem=None,
            columns=[ColumnRow(name="ID", type="Edm.Int64", role="key", label="Id", key=True)],
            context={"labels": {"en": HOSTILE}},
            targets=[],
            fingerprints={"schema": "00"},
            last_sync=None,
            pii={"person": ["A  B\u200d"]},
            personal_data="classified",
        )
        return ColumnsWanted(column, cursor, budget).of(answer if detail == "full" else answer.concise())

    async def explain_mapping(
        self,
        text: str,
        principal: Principal,
        *,
        column: str | None = None,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> MappingExplanation:
        asset = text
        self._asked("explain_mapping", asset=asset)
        return MappingExplanation(
            asset=asset,
            included=True,
            reason="",
            tier="critical",
            database="sales",
            table="v_orders",
            rules=[],
            names=[],
            columns=[],
            findings=[],
        )

    async def get_lineage(
        self,
        asset: str,
        principal: Principal,
        *,
        column: str | None = None,
        direction: str = "both",
        depth: int | None = None,
        export: LineageExport | None = None,
        budget: int | None = None,
    ) -> LineageAnswer:
        self._asked("get_lineage", asset=asset, column=column, direction=direction, depth=depth)
        return LineageAnswer(
            asset=asset,
            direction=direction,
            depth=depth or 10,
            as_of="2026-11-22T08:00:00.000000Z",
            nodes=[LineageNode(id="SALES/T", kind="local_table", label=HOSTILE), LineageNode(id=asset, kind="view")],
            edges=[
                LineageEdge(from_="SALES/T", to=asset, kind="table", how="query"),
                LineageEdge(
                    from_="SALES/T", to=asset, kind="column", how="direct", from_column="A  B\u200d", to_column="B"
                ),
            ],
            findings=["SALES/T reads X, which is not there"],
        )

    async def suggest(self, what: str, typed: str, principal: Principal, space: str | None = None) -> list[str]:
        self._asked("suggest", what=what, typed=typed, space=space)
        known = {
            "space": ["HR", "SALES"],
            "asset": ["Orders/2026", "V_ORDERS"] if space else ["SALES/Orders/2026", "SALES/V_ORDERS"],
            "run": ["run_1"],
            "change_set": ["cs_1"],
        }
        return [name for name in known[what] if name.startswith(typed)]
