"""Objects that a path over associations passes through are lineage like those that a query names."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spheresync.lineage.broken import LineageCheck
from spheresync.lineage.stored import StoredLineage
from spheresync.lineage.trace import Tracer
from spheresync.mapping.references import with_whole_names
from spheresync.model import AssetEntry, AssetId, AssetKind, Digest, Direction, RawDefinition, SpaceName
from spheresync.source.datasphere.normalise import normalise
from spheresync.state.definitions import encode_asset
from spheresync.state.port import Tx
from spheresync.state.records import AssetRecord
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.lineage.test_trace import Catalog, ref, select, tables

pytestmark = pytest.mark.anyio

AT = "2026-01-01T00:00:00Z"

PASSED = {("S/B", "S/V", "association"), ("S/C", "S/V", "association")}
TEXT = ref("_B", "_C", "TXT", **{"as": "T"})
SUBQUERY = select("A", ref("_B", "_C", "TXT"))
JOINED = {
    "join": "inner",
    "args": [ref("A"), ref("D")],
    "on": [ref("A", "_B", "_C", "TXT"), "=", ref("D", "K")],
}
QUERIES: dict[str, dict[str, Any]] = {
    "select": select("A", TEXT),
    "qualified": select("A", ref("A", "_B", "_C", "TXT", **{"as": "T"})),
    "calculated": select("A", {"func": "UPPER", "args": [ref("_B", "_C", "TXT")], "as": "T"}),
    "from": select({"ref": ["A", "_B", "_C"]}, ref("TXT", **{"as": "T"})),
    "from with a filter": select(
        {"ref": ["A", {"id": "_B", "where": [ref("ID"), "=", {"val": "1"}]}, "_C"]}, ref("TXT", **{"as": "T"})
    ),
    "where": {
        "SELECT": {
            **select("A", ref("ID", **{"as": "T"}))["SELECT"],
            "where": [ref("_B", "_C", "TXT"), "=", {"val": "x"}],
        }
    },
    "exists": {"SELECT": {**select("A", ref("ID", **{"as": "T"}))["SELECT"], "where": ["exists", ref("_B", "_C")]}},
    "having": {
        "SELECT": {
            **select("A", ref("ID", **{"as": "T"}))["SELECT"],
            "having": [{"func": "MAX", "args": [ref("_B", "_C", "TXT")]}, ">", {"val": 1}],
        }
    },
    "order": {"SELECT": {**select("A", ref("ID", **{"as": "T"}))["SELECT"], "orderBy": [ref("_B", "_C", "TXT")]}},
    "join": select(JOINED, ref("A", "ID", **{"as": "T"})),
    "subquery": select({**SUBQUERY, "as": "x"}, {"val": 1, "as": "T"}),
    "subquery of a condition": {
        "SELECT": {**select("A", ref("ID", **{"as": "T"}))["SELECT"], "where": [ref("ID"), "in", SUBQUERY]}
    },
    "union": {"SET": {"op": "union", "args": [select("A", ref("ID", **{"as": "T"})), select("A", TEXT)]}},
}


def association(target: str, on: list[Any]) -> dict[str, Any]:
    return {"type": "cds.Association", "target": target, "on": on}


def landscape(query: dict[str, Any]) -> Catalog:
    catalog = Catalog()
    catalog.table("A", "ID", _B=association("B", [ref("ID"), "=", ref("_B", "ID")]))
    catalog.table("B", "ID", "CID", _C=association("C", [ref("CID"), "=", ref("_C", "ID")]))
    catalog.table("C", "ID", "TXT")
    catalog.table("D", "K")
    catalog.view("V", query, "T")
    return catalog


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
async def test_every_object_on_the_way_is_an_edge(query: dict[str, Any]) -> None:
    found = await landscape(query).trace("S/V")
    assert tables(found) >= PASSED
    assert {source for source, _, _ in tables(found)} <= {"S/A", "S/B", "S/C", "S/D"}
    assert found.findings == ()


async def test_an_object_on_the_way_that_nobody_has_read_ends_it_and_is_named() -> None:
    catalog = landscape(QUERIES["select"])
    del catalog.assets["S/B"]
    found = await catalog.trace("S/V")
    assert ("S/B", "S/V", "association") in tables(found)
    assert any("S/B, which nobody has read" in said for said in found.findings)
    assert not any("not there" in said for said in found.findings)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "state") as opened:
        yield opened


async def remember(store: SqliteStore, catalog: Catalog, *names: str) -> None:
    """As a discovery does: definitions, what their documents name, and the check at its end."""
    check = LineageCheck(store, "me", at=AT)
    assets = [catalog.assets[name] for name in names]

    async def write(tx: Tx) -> None:
        digests = await tx.blobs.put_many([encode_asset(asset) for asset in assets])
        await tx.catalog.put_assets(
            [
                replace(AssetRecord.first_seen(asset.id, asset.kind, at=AT), definition=digest)
                for asset, digest in zip(assets, digests, strict=True)
            ]
        )
        await tx.catalog.set_references([(asset.id, asset.origins.names) for asset in assets])
        ids = [asset.id for asset in assets]
        await check.note(tx, ids, [asset.id for asset in assets if asset.origins.names])

    async def nobody(tx: Tx, moved: object) -> None: ...

    await store.write(write)
    await check.run(nobody)


@pytest.mark.parametrize("query", [QUERIES["select"], QUERIES["from"], QUERIES["exists"]])
async def test_what_is_passed_leads_on_to_who_passes_it(store: SqliteStore, query: dict[str, Any]) -> None:
    catalog = landscape(query)
    await remember(store, catalog, *catalog.assets)
    source = StoredLineage(store, ())
    for name in ("S/B", "S/C"):
        down = await Tracer(source, name, depth=3).run(Direction.DOWNSTREAM)
        assert (name, "S/V", "association") in tables(down)


async def test_it_is_looked_for_again_where_an_association_leads_elsewhere(store: SqliteStore) -> None:
    catalog = landscape(QUERIES["select"])
    catalog.table("E", "ID", "TXT")
    await remember(store, catalog, *catalog.assets)
    catalog.table("B", "ID", "CID", _C=association("E", [ref("CID"), "=", ref("_C", "ID")]))
    await remember(store, catalog, "S/B")
    source = StoredLineage(store, ())
    assert await source.naming({"S/E"}) == ["S/V"]
    assert await source.naming({"S/C"}) == []


def read(document: dict[str, Any], kind: AssetKind, name: str = "X") -> tuple[str, ...]:
    entry = AssetEntry(AssetId.parse(f"S/{name}"), "", None, None, False, False, kind)
    raw = RawDefinition(entry, (("csn", json.dumps(document).encode()),), Digest(""))
    return with_whole_names(normalise(raw), {SpaceName("S")}).origins.unknown


def unknown_of(query: dict[str, Any], *columns: str, **more: Any) -> tuple[str, ...]:
    elements = {column: {"type": "cds.String"} for column in columns}
    definition = {"kind": "entity", "elements": elements, "query": query, **more}
    return read({"definitions": {"X": definition}}, AssetKind.VIEW)


def test_what_of_a_query_is_not_followed_is_said() -> None:
    assert unknown_of(select("T", ref("A"), ref("B")), "A", "B") == ()
    assert any("R: no column" in said for said in unknown_of(select("T", ref("A")), "A", "R"))
    assert any("'inline'" in said for said in unknown_of(select("T", ref("T", inline=[ref("A")])), "A"))
    assert any("'expand'" in said for said in unknown_of(select("T", ref("_B", expand=[ref("A")])), "A"))
    strange = {"SELECT": {**select("T", ref("A"))["SELECT"], "pivot": {}}}
    assert any("'pivot'" in said for said in unknown_of(strange, "A"))
    assert any("'case'" in said for said in unknown_of(select("T", {"case": [ref("A")], "as": "A"}), "A"))
    script = {"@DataWarehouse.tableFunction.script": "BEGIN RETURN SELECT 1 AS A FROM DUMMY; END"}
    said = unknown_of(select("X", ref("A")), "A", **script)
    assert any("script of a table function" in each for each in said) and any("itself" in each for each in said)


def test_a_measure_that_only_a_text_makes_is_said() -> None:
    def model(**measure: Any) -> tuple[str, ...]:
        definition = {
            "kind": "entity",
            "elements": {"AMT": {}, "DBL": {}},
            "@ObjectModel.modelingPattern": {"#": "ANALYTICAL_CUBE"},
            "query": select("T", ref("AMT")),
        }
        measures = {
            "AMT": {"measureType": "AnalyticModelMeasureType.FactSourceMeasure", "key": "AMT"},
            "DBL": {"measureType": "AnalyticModelMeasureType.CalculatedMeasure", **measure},
        }
        layer = {"X": {"measures": measures}}
        return read({"definitions": {"X": definition}, "businessLayerDefinitions": layer}, AssetKind.ANALYTIC_MODEL)

    assert model(formula="[0] * 2", elements={"0": {"key": "AMT"}}) == ()
    assert model(formula="100") == ()
    assert any("'DBL'" in said for said in model(formula="AMT * 2"))
    assert any("'DBL'" in said for said in model(formula="[0] * 2", elements={"0": {"key": "ELSEWHERE"}}))
