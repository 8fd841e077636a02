"""Lineage is followed step by step, to columns that exist, through flows by their tasks."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from spheresync.lineage.graph import Lineage
from spheresync.lineage.trace import Tracer
from spheresync.mapping.references import with_whole_names
from spheresync.model import (
    OUTSIDE,
    Asset,
    AssetEntry,
    AssetId,
    AssetKind,
    Digest,
    Direction,
    EdgeKind,
    RawDefinition,
    SpaceName,
)
from spheresync.source.datasphere.normalise import normalise

pytestmark = pytest.mark.anyio

SPACES = {SpaceName("S"), SpaceName("FIN")}


@dataclass(frozen=True)
class Written:
    id: str
    kind: str
    columns: Mapping[str, str]


@dataclass
class Catalog:
    """Assets by name, as a store holds them."""

    assets: dict[str, Asset] = field(default_factory=dict)
    objects: dict[str, list[Written]] = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)

    async def definitions(self, names: Collection[str]) -> Mapping[str, Asset]:
        self.loaded += names
        return {name: self.assets[name] for name in names if name in self.assets}

    async def naming(self, names: Collection[str]) -> Sequence[str]:
        return [name for name, asset in self.assets.items() if set(asset.origins.names) & set(names)]

    async def written(self, names: Collection[str]) -> Mapping[str, Sequence[Written]]:
        return {name: self.objects[name] for name in names if name in self.objects}

    def add(self, name: str, kind: AssetKind, document: dict[str, Any], space: str = "S") -> None:
        asset = AssetId.parse(f"{space}/{name}")
        entry = AssetEntry(asset, "", None, None, False, False, kind)
        raw = RawDefinition(entry, (("csn", json.dumps(document).encode()),), Digest(""))
        self.assets[str(asset)] = with_whole_names(normalise(raw), SPACES)

    def table(self, name: str, *columns: str, space: str = "S", **elements: Any) -> None:
        named = {column: {"type": "cds.String"} for column in columns} | elements
        self.add(name, AssetKind.LOCAL_TABLE, {"definitions": {name: {"kind": "entity", "elements": named}}}, space)

    def view(self, name: str, query: dict[str, Any], *columns: str) -> None:
        elements = {column: {"type": "cds.String"} for column in columns}
        definition = {"kind": "entity", "elements": elements, "query": query}
        self.add(name, AssetKind.VIEW, {"definitions": {name: definition}})

    def flow(self, name: str, source: str, target: str, **mappings: str) -> None:
        def process(kind: str, entity: str, pairs: list[dict[str, str]]) -> dict[str, Any]:
            config = {"dwcEntity": entity, "attributeMappings": pairs}
            return {"component": f"com.sap.{kind}", "metadata": {"config": config}}

        pairs = [{"target": into, "expression": f'"{column}"'} for into, column in mappings.items()]
        contents = {
            "processes": {"r": process("table.consumer", source, []), "w": process("table.producer", target, pairs)},
            "connections": [{"src": {"process": "r"}, "tgt": {"process": "w"}}],
        }
        self.add(name, AssetKind.DATA_FLOW, {"dataflows": {name: {"contents": contents}}})

    async def trace(
        self, start: str, direction: Direction = Direction.UPSTREAM, *, depth: int = 10, column: str | None = None
    ) -> Lineage:
        return await Tracer(self, start, depth=depth, column=column).run(direction)


def select(source: str | dict[str, Any], *columns: dict[str, Any]) -> dict[str, Any]:
    return {"SELECT": {"from": {"ref": [source]} if isinstance(source, str) else source, "columns": list(columns)}}


def ref(*steps: str, **more: Any) -> dict[str, Any]:
    return {"ref": list(steps), **more}


def tables(lineage: Lineage) -> set[tuple[str, str, str]]:
    return {(e.source, e.target, e.how) for e in lineage.edges if e.kind is EdgeKind.TABLE}


def columns(lineage: Lineage) -> set[tuple[str, str]]:
    return {
        (f"{e.source}.{e.source_column}", f"{e.target}.{e.target_column}")
        for e in lineage.edges
        if e.kind is EdgeKind.COLUMN
    }


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


async def test_through_views_to_tables_of_other_spaces(catalog: Catalog) -> None:
    catalog.table("T", "A", "B", space="FIN")
    catalog.view("V", select("FIN.T", ref("A"), ref("B", **{"as": "C"})), "A", "C")
    catalog.view("W", select("V", {"func": "SUM", "args": [ref("C")], "as": "S"}), "S")
    found = await catalog.trace("S/W")
    assert tables(found) == {("FIN/T", "S/V", "query"), ("S/V", "S/W", "query")}
    assert columns(found) == {("FIN/T.A", "S/V.A"), ("FIN/T.B", "S/V.C"), ("S/V.C", "S/W.S")}
    assert found.findings == () and not found.cut
    of_one = await catalog.trace("S/W", column="S")
    assert columns(of_one) == {("FIN/T.B", "S/V.C"), ("S/V.C", "S/W.S")}
    down = await catalog.trace("FIN/T", Direction.DOWNSTREAM)
    assert (tables(down), columns(down)) == (tables(found), columns(found))
    both = await catalog.trace("S/V", Direction.BOTH)
    assert tables(both) == tables(found)


async def test_a_depth_ends_it_and_says_so(catalog: Catalog) -> None:
    catalog.table("V0", "A")
    for number in range(1, 5):
        catalog.view(f"V{number}", select(f"V{number - 1}", ref("A")), "A")
    found = await catalog.trace("S/V4", depth=2)
    assert tables(found) == {("S/V3", "S/V4", "query"), ("S/V2", "S/V3", "query")} and found.cut
    assert not (await catalog.trace("S/V4", depth=4)).cut
    assert "S/V0" not in catalog.loaded[:3]


async def test_a_circle_ends(catalog: Catalog) -> None:
    catalog.view("A", select("B", ref("X")), "X")
    catalog.view("B", select("A", ref("X")), "X")
    found = await catalog.trace("S/A", Direction.BOTH)
    assert tables(found) == {("S/B", "S/A", "query"), ("S/A", "S/B", "query")}


async def test_no_edge_leads_to_a_column_that_is_not_there(catalog: Catalog) -> None:
    catalog.table("T", "A")
    catalog.view("V", select("T", ref("A"), ref("GONE", **{"as": "B"}), ref("a", **{"as": "C"})), "A", "B", "C")
    found = await catalog.trace("S/V")
    assert columns(found) == {("S/T.A", "S/V.A")}
    assert set(found.findings) == {
        "S/V: it reads S/T.GONE, which is not there",
        "S/V: it reads S/T.a, which is not there",
    }


async def test_what_nobody_has_read_keeps_what_its_readers_name(catalog: Catalog) -> None:
    catalog.view("V", select("T", ref("A")), "A")
    found = await catalog.trace("S/V")
    assert columns(found) == {("S/T.A", "S/V.A")}
    assert {node.id: node.kind for node in found.nodes} == {"S/V": "view", "S/T": "unknown"}
    assert "S/T is not listed, or was never read" in found.findings[0]


async def test_a_name_without_its_table_is_of_the_one_that_has_it(catalog: Catalog) -> None:
    catalog.table("T", "A", "X")
    catalog.table("U", "B", "X")
    joined = {"join": "inner", "args": [ref("T"), ref("U")]}
    catalog.view("V", select(joined, ref("A"), ref("B"), ref("X")), "A", "B", "X")
    found = await catalog.trace("S/V")
    assert columns(found) == {("S/T.A", "S/V.A"), ("S/U.B", "S/V.B"), ("S/T.X", "S/V.X"), ("S/U.X", "S/V.X")}
    assert found.findings == ("S/V: it reads S/T.X, which may be of S/T or S/U",)


async def test_associations_of_what_is_read_are_followed_by_paths_only(catalog: Catalog) -> None:
    catalog.table("M", "NAME")
    link = {"type": "cds.Association", "target": "M", "on": []}
    catalog.table("T", "A", _m=link, _n={**link, "target": "OTHER"})
    catalog.view("V", select("T", ref("A"), ref("_m", "NAME", **{"as": "N"})), "A", "N")
    found = await catalog.trace("S/V", column="N")
    assert columns(found) == {("S/M.NAME", "S/V.N")}
    assert tables(found) == {("S/M", "S/V", "association")}
    whole = await catalog.trace("S/V")
    assert ("S/T.A", "S/V.A") in columns(whole) and "S/OTHER" not in {node.id for node in whole.nodes}


async def test_flows_are_passed_by_their_tasks(catalog: Catalog) -> None:
    for name in ("A", "B", "C", "D"):
        catalog.table(name, "X")
    tasks = [
        {"name": "one", "sourceObject": {"name": "A"}, "targetObject": {"name": "B"}},
        {"name": "two", "sourceObject": {"name": "C"}, "targetObject": {"name": "D"}},
    ]
    here = [{"connectionId": "$DWC", "container": ""}]
    contents = {"sourceSystem": here, "targetSystem": here, "replicationTasks": tasks}
    catalog.add("RF", AssetKind.REPLICATION_FLOW, {"replicationflows": {"RF": {"contents": contents}}})
    up = await catalog.trace("S/B")
    assert tables(up) == {("S/A", "S/RF", "replication"), ("S/RF", "S/B", "replication")}
    down = await catalog.trace("S/C", Direction.DOWNSTREAM)
    assert tables(down) == {("S/C", "S/RF", "replication"), ("S/RF", "S/D", "replication")}


async def test_a_data_flow_fills_columns_and_a_chain_runs_it(catalog: Catalog, samples: Path) -> None:
    flows = samples / "modelled-flows"
    catalog.add(
        "DF_ENRICH_CUSTOMER", AssetKind.DATA_FLOW, json.loads((flows / "data_flow_federated.json").read_bytes())
    )
    catalog.table("SRC_CUSTOMER", "NAME")
    catalog.table("ENRICHED_CUSTOMER", "CUSTOMER_NAME")
    chain = {"nodes": [{"type": "TASK", "taskIdentifier": {"objectId": "DF_ENRICH_CUSTOMER"}}]}
    catalog.add("CHAIN", AssetKind.TASK_CHAIN, {"taskchains": {"CHAIN": chain}})
    found = await catalog.trace("S/ENRICHED_CUSTOMER")
    assert tables(found) == {
        ("S/SRC_CUSTOMER", "S/DF_ENRICH_CUSTOMER", "flow"),
        ("S/DF_ENRICH_CUSTOMER", "S/ENRICHED_CUSTOMER", "flow"),
        ("S/CHAIN", "S/DF_ENRICH_CUSTOMER", "runs"),
    }
    assert columns(found) == {("S/SRC_CUSTOMER.NAME", "S/ENRICHED_CUSTOMER.CUSTOMER_NAME")}
    of_one = await catalog.trace("S/SRC_CUSTOMER", Direction.DOWNSTREAM, column="NAME")
    assert columns(of_one) == columns(found)
    carried = tables(found) - {("S/CHAIN", "S/DF_ENRICH_CUSTOMER", "runs")}
    assert tables(of_one) == carried, "the flow that carries a column is on its way, and holds no column"
    back = await catalog.trace("S/ENRICHED_CUSTOMER", column="CUSTOMER_NAME")
    assert (tables(back), columns(back)) == (carried, columns(found))
    assert {node.id: node.kind for node in back.nodes}["S/DF_ENRICH_CUSTOMER"] == "data_flow"


async def test_a_column_that_only_another_column_of_the_flow_carries_shows_no_flow(catalog: Catalog) -> None:
    catalog.table("A", "X", "Y")
    catalog.table("B", "X", "Y")
    catalog.flow("ONE", "A", "B", X="X")
    catalog.flow("TWO", "A", "B", Y="Y")
    found = await catalog.trace("S/B", column="X")
    assert tables(found) == {("S/A", "S/ONE", "flow"), ("S/ONE", "S/B", "flow")}
    catalog.flow("TWO", "A", "B", X="X")
    both = await catalog.trace("S/B", column="X")
    assert {node.id for node in both.nodes} == {"S/A", "S/B", "S/ONE", "S/TWO"}


async def test_a_flow_that_does_not_tell_of_columns_is_where_a_column_ends(catalog: Catalog) -> None:
    for name in ("A", "B", "C", "D"):
        catalog.table(name, "X")
    tasks = [
        {"name": "one", "sourceObject": {"name": "A"}, "targetObject": {"name": "B"}},
        {"name": "two", "sourceObject": {"name": "C"}, "targetObject": {"name": "D"}},
    ]
    here = [{"connectionId": "$DWC", "container": ""}]
    contents = {"sourceSystem": here, "targetSystem": here, "replicationTasks": tasks}
    catalog.add("RF", AssetKind.REPLICATION_FLOW, {"replicationflows": {"RF": {"contents": contents}}})
    up = await catalog.trace("S/B", column="X")
    assert (tables(up), columns(up)) == ({("S/RF", "S/B", "replication")}, set())
    assert up.findings == ("S/RF fills S/B, and does not tell what its columns are made from",)
    down = await catalog.trace("S/C", Direction.DOWNSTREAM, column="X")
    assert tables(down) == {("S/C", "S/RF", "replication")}


async def test_a_column_leads_through_such_a_flow_to_the_connection_of_its_task_and_of_no_other(
    catalog: Catalog,
) -> None:
    for name in ("B", "D"):
        catalog.table(name, "X")
    tasks = [
        {"name": "one", "sourceObject": {"name": "VBAK"}, "targetObject": {"name": "B"}},
        {"name": "two", "sourceObject": {"name": "VBAP"}, "targetObject": {"name": "D"}},
    ]
    there, here = {"connectionId": "S4H", "container": "/CDS"}, {"connectionId": "$DWC", "container": ""}
    contents = {"sourceSystem": [there], "targetSystem": [here], "replicationTasks": tasks}
    catalog.add("RF", AssetKind.REPLICATION_FLOW, {"replicationflows": {"RF": {"contents": contents}}})
    up = await catalog.trace("S/B", column="X")
    (connection,) = {node.id for node in up.nodes} - {"S/RF", "S/B"}
    assert connection.startswith(OUTSIDE) and connection.endswith("VBAK")
    assert tables(up) == {(connection, "S/RF", "replication"), ("S/RF", "S/B", "replication")}
    assert up.findings == ("S/RF fills S/B, and does not tell what its columns are made from",)


async def test_back_to_a_connection_and_on_to_what_was_written(catalog: Catalog, samples: Path) -> None:
    remote = json.loads((samples / "modelled-flows" / "remote_table_hana_quoted.json").read_bytes())
    catalog.add("RT_BIC_MATERIAL", AssetKind.REMOTE_TABLE, remote)
    catalog.objects["S/RT_BIC_MATERIAL"] = [Written("glue:s.rt", "glue", {"/BIC/MY_KEY": "_bic_my_key"})]
    found = await catalog.trace("S/RT_BIC_MATERIAL", Direction.BOTH)
    outside = f"{OUTSIDE}HANA_DP_AGENT/MY_SCHEMA./BIC/MY_MATERIAL"
    assert tables(found) == {
        (outside, "S/RT_BIC_MATERIAL", "remote"),
        ("S/RT_BIC_MATERIAL", "glue:s.rt", "written"),
    }
    assert columns(found) == {("S/RT_BIC_MATERIAL./BIC/MY_KEY", "glue:s.rt._bic_my_key")}
    assert {node.id: node.kind for node in found.nodes}[outside] == "outside"
    of_one = await catalog.trace("S/RT_BIC_MATERIAL", column="/BIC/MY_KEY")
    assert (tables(of_one), columns(of_one)) == ({(outside, "S/RT_BIC_MATERIAL", "remote")}, set())


async def test_the_recorded_view_has_the_edges_of_its_document_and_no_other(catalog: Catalog, samples: Path) -> None:
    name = "SAP.TIME.VIEW_DIMENSION_DAY"
    document = json.loads((samples / "recorded-tenant" / "views" / f"{name}.json").read_bytes())
    catalog.add(name, AssetKind.VIEW, document)
    found = await catalog.trace(f"S/{name}")
    table = "S/SAP.TIME.M_TIME_DIMENSION"
    assert tables(found) == {(table, f"S/{name}", "query")}
    named = ("DATE_SQL", "DATE_SAP", "DAY_OF_WEEK", "CALWEEK", "CALMONTH", "MONTH", "CALQUARTER", "QUARTER", "YEAR")
    assert columns(found) == {(f"{table}.{each}", f"S/{name}.{each}") for each in (*named, "DAY_INT")}
