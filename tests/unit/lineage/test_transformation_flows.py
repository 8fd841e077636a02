"""Transformation flows: the query that they hold, and the table that they fill."""

from __future__ import annotations

from typing import Any

import pytest

from spheresync.model import AssetKind, Direction
from tests.unit.lineage.test_trace import Catalog, columns, ref, select, tables

pytestmark = pytest.mark.anyio


def transform(query: dict[str, Any], *elements: str, component: str = "com.sap.dwc.sqltransform") -> dict[str, Any]:
    definition = {"kind": "entity", "elements": {each: {} for each in elements}, "query": query}
    return {"component": component, "metadata": {"config": {"definition": definition, "name": "TF$TRF_TV_v"}}}


def target(name: str, **mappings: str) -> dict[str, Any]:
    pairs = [{"source": source, "target": into} for into, source in mappings.items()]
    return {"component": "com.sap.dwc.target", "metadata": {"config": {"name": name, "attributeMappings": pairs}}}


def flow(catalog: Catalog, *wires: tuple[str, str], **processes: dict[str, Any]) -> None:
    connections = [{"src": {"process": source}, "tgt": {"process": into}} for source, into in wires]
    contents = {"processes": processes, "connections": connections}
    catalog.add("TF", AssetKind.TRANSFORMATION_FLOW, {"transformationflows": {"TF": {"contents": contents}}})


@pytest.fixture
def catalog() -> Catalog:
    catalog = Catalog()
    catalog.table("SRC", "ID", "NAME", "AMT")
    catalog.table("TGT", "ID", "FULLNAME", "TOTAL")
    return catalog


QUERY = select("SRC", ref("ID"), ref("NAME", **{"as": "N"}), {"func": "SUM", "args": [ref("AMT")], "as": "S"})


@pytest.mark.parametrize("component", ["com.sap.dwc.sqltransform", "com.sap.dwc.viewtransform"])
async def test_its_query_is_followed_to_the_columns_of_its_target(catalog: Catalog, component: str) -> None:
    view = transform(QUERY, "ID", "N", "S", component=component)
    flow(catalog, ("v", "t"), v=view, t=target("TGT", ID="ID", FULLNAME="N", TOTAL="S"))
    found = await catalog.trace("S/TGT")
    assert tables(found) == {("S/SRC", "S/TF", "flow"), ("S/TF", "S/TGT", "flow")}
    assert columns(found) == {
        ("S/SRC.ID", "S/TGT.ID"),
        ("S/SRC.NAME", "S/TGT.FULLNAME"),
        ("S/SRC.AMT", "S/TGT.TOTAL"),
    }
    assert {e.how for e in found.edges if e.target_column == "TOTAL"} == {"aggregated"}
    assert found.findings == ()
    down = await catalog.trace("S/SRC", Direction.DOWNSTREAM, column="NAME")
    assert columns(down) == {("S/SRC.NAME", "S/TGT.FULLNAME")}


async def test_a_mapping_of_what_the_query_has_not_is_said_and_no_edge(catalog: Catalog) -> None:
    flow(catalog, ("v", "t"), v=transform(QUERY, "ID"), t=target("TGT", ID="ID", FULLNAME="ELSE"))
    found = await catalog.trace("S/TGT")
    assert columns(found) == {("S/SRC.ID", "S/TGT.ID")}
    assert any("ELSE: no column" in said for said in found.findings)


@pytest.mark.parametrize(
    ("wires", "processes", "said"),
    [
        ([("x", "t")], {"x": {"component": "com.sap.dwc.python", "metadata": {"config": {}}}}, "what it reads"),
        ([("v", "x"), ("x", "t")], {"v": transform(QUERY, "ID"), "x": {"component": "com.sap.x"}}, "renamed between"),
        (
            [("v", "t"), ("w", "t")],
            {"v": transform(QUERY, "ID"), "w": transform(select("SRC", ref("ID")), "ID")},
            "renamed between",
        ),
        ([("v", "t"), ("v", "x")], {"v": transform(QUERY, "ID"), "x": {"component": "com.sap.x"}}, "what it fills"),
        ([("v", "t")], {"v": transform(select("TF$TRF_TV_v", ref("ID")), "ID")}, "another one of the flow"),
        ([("v", "t")], {"v": transform({"strange": {}}, "ID")}, "form that is not known"),
    ],
)
async def test_an_operator_that_is_not_followed_is_said_and_no_edge_between_columns(
    catalog: Catalog, wires: list[tuple[str, str]], processes: dict[str, Any], said: str
) -> None:
    flow(catalog, *wires, **processes, t=target("TGT", FULLNAME="ID"))
    found = await catalog.trace("S/TGT")
    assert any(said in each for each in found.findings), found.findings
    assert ("S/TF", "S/TGT", "flow") in tables(found)
    assert {edge[0] for edge in columns(found)} <= {"S/SRC.ID"}
    assert not any("TRF_TV" in end for edge in tables(found) for end in edge)


async def test_a_target_without_mappings_is_said(catalog: Catalog) -> None:
    flow(catalog, ("v", "t"), v=transform(QUERY, "ID"), t=target("TGT"))
    found = await catalog.trace("S/TGT")
    assert columns(found) == set() and any("S/TF: what the columns of" in said for said in found.findings)
