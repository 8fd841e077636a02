"""What a lineage does not know is told as such, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.lineage.graph import Edge, Lineage
from spheresync.model import (
    Asset,
    AssetId,
    AssetKind,
    Column,
    Direction,
    EdgeKind,
    ObjectOrigin,
    Origins,
    Reads,
    SourceType,
    SpaceName,
    TechnicalName,
)
from spheresync.service.catalog.lineage_unknown import may_use, unknown_of

VIEW = Asset(
    AssetId(SpaceName("S"), TechnicalName("V")),
    AssetKind.VIEW,
    (),
    tuple(Column(TechnicalName(name), SourceType("cds.String")) for name in ("A", "B")),
)
NAME = "S/V"
READS = Edge("S/T", NAME, EdgeKind.TABLE, "query")
OF_A = Edge("S/T", NAME, EdgeKind.COLUMN, "direct", "A", "A")
USED = Edge(NAME, "S/W", EdgeKind.TABLE, "query")
WRITTEN = Edge(NAME, "glue:default:s.v", EdgeKind.TABLE, "written")


def said(
    *edges: Edge,
    way: Direction = Direction.BOTH,
    on: bool = True,
    asset: Asset | None = VIEW,
    column: str | None = None,
    referred_to: bool = False,
) -> str:
    found = Lineage((), edges, (), cut=False)
    return " | ".join(unknown_of(NAME, asset, found, way, reads_objects=on, column=column, referred_to=referred_to))


def test_no_source_and_no_use_are_not_known_and_not_none() -> None:
    assert "where S/V comes from is not known" in said(WRITTEN)
    assert "no query or flow that was read takes data from S/V, and no association" in said(WRITTEN)
    table = replace(VIEW, kind=AssetKind.LOCAL_TABLE)
    assert said(way=Direction.UPSTREAM, asset=table) == "the definition of S/V names nothing that it is made from"
    assert said(asset=None) == "S/V was never read, so nothing is known of where it comes from"
    model = replace(VIEW, kind=AssetKind.ANALYTIC_MODEL)
    assert said(WRITTEN, way=Direction.DOWNSTREAM, asset=model) == "", "a model is the end of what Datasphere makes"


@pytest.mark.parametrize(
    ("edges", "way", "begins"),
    [
        ((), Direction.BOTH, "where it comes from and what uses it is not known, which is not that there is nothing"),
        ((USED,), Direction.BOTH, "where it comes from is not known"),
        ((WRITTEN,), Direction.DOWNSTREAM, "what uses it is not known"),
        ((READS, OF_A, USED), Direction.DOWNSTREAM, "datasphere.objects is off, so what is shown was read before"),
    ],
)
def test_where_objects_are_not_read_that_is_the_reason(edges: tuple[Edge, ...], way: Direction, begins: str) -> None:
    assert said(*edges, way=way, on=False).startswith(begins)


def test_what_is_referred_to_is_not_said_to_be_named_by_nothing() -> None:
    assert "leads to it" not in said(WRITTEN, referred_to=True)
    assert "takes data from S/V; what else uses it" in said(WRITTEN, referred_to=True)
    of_a = said(WRITTEN, column="A", asset=replace(VIEW, origins=Origins(objects=(ObjectOrigin("S/T", Reads.QUERY),))))
    assert "where S/V.A comes from is not known" in of_a and "takes data from S/V.A" in of_a


def test_where_objects_are_not_read_what_refers_to_it_is_not_known_either() -> None:
    assert "associations are not read either" in said(on=False)
    assert "associations" not in said(on=False, way=Direction.UPSTREAM)


def test_columns_without_a_source_are_named() -> None:
    assert said(READS, OF_A, USED) == "of 1 of 2 columns no source is known: B"
    assert said(READS, OF_A, replace(OF_A, source_column="B", target_column="B"), USED) == ""


def test_assets_that_do_not_tell_what_they_read_may_read_any() -> None:
    told = replace(VIEW, origins=Origins(objects=(ObjectOrigin(NAME, Reads.QUERY),)))
    silent = replace(VIEW, id=AssetId(SpaceName("S"), TechnicalName("SILENT")))
    assert [*may_use(NAME, [VIEW, told, silent])] == [
        "what these are made from is not known, so any of them may use S/V: S/SILENT"
    ]
