"""A column that its own document gives no type has the type of the column that it is selected from, now and later."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.model import AssetEntry, AssetId, AssetKind, RawDefinition, digest_of
from spheresync.source.datasphere.source import DatasphereSource
from spheresync.state.definitions import decode_asset
from tests.simulators.in_process import InProcess, in_process
from tests.unit.lineage.test_trace import ref, select

pytestmark = pytest.mark.anyio

AMOUNT = {"type": "cds.Decimal", "precision": 15, "scale": 2}
NAME = {"type": "cds.String", "length": 40}
DAY = {"type": "cds.Date"}
TO_CUSTOMER = {"type": "cds.Association", "target": "CUSTOMERS", "on": [ref("NAME"), "=", ref("_C", "ID")]}
SOURCE = {"kind": "entity", "elements": {"AMOUNT": AMOUNT, "NAME": NAME, "DAY": DAY, "_C": TO_CUSTOMER}}
CUSTOMERS = {"kind": "entity", "elements": {"ID": {**NAME, "key": True}, "SINCE": DAY}}


def view(query: dict[str, Any], *columns: str) -> dict[str, Any]:
    return {"kind": "entity", "elements": {name: {} for name in columns}, "query": query}


def union(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"SET": {"op": "union", "all": True, "args": list(queries)}}


MODEL = view(
    select("SRC", ref("AMOUNT", **{"as": "TOTAL"}), ref("DAY"), ref("_C", "SINCE", **{"as": "SINCE"})),
    *("TOTAL", "DAY", "SINCE"),
)
OVER_MODEL = view(select("MODEL", ref("TOTAL", **{"as": "SUM_OF_IT"})), "SUM_OF_IT")


class Tenant:
    """Serves of each object the CSN of that alone."""

    def __init__(self) -> None:
        self.definitions: dict[str, dict[str, Any]] = {}
        self.order: list[str] = []

    async def fetch(self, entry: AssetEntry) -> RawDefinition:
        self.order.append(entry.id.name)
        body = json.dumps({"definitions": {entry.id.name: self.definitions[entry.id.name]}}).encode()
        return RawDefinition(entry, (("csn", body),), digest_of(body))

    def landscape(self) -> Landscape:
        column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
        named = (DogObject(AssetKind.VIEW, name, name, (column,)) for name in self.definitions)
        return Landscape((DogSpace("S", "Space", tuple(named)),))


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> Tenant:
    tenant = Tenant()
    monkeypatch.setattr(DatasphereSource, "fetch", lambda _, entry: tenant.fetch(entry))
    return tenant


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process(tmp_path) as installation:
        yield installation


@pytest.fixture
def sync(tenant: Tenant, installation: InProcess) -> Callable[..., Any]:
    async def serve(**definitions: dict[str, Any]) -> Any:
        tenant.definitions |= definitions
        installation.serve(tenant.landscape())
        return await installation.sync()

    return serve


async def types(installation: InProcess, name: str) -> dict[str, str]:
    """The types of an asset as its table has them."""
    (tables,) = installation.glue.catalog.dump()["tables"].values()
    body = tables[name.lower()]["live"]
    return {each["Parameters"]["spheresync.name"]: each["Type"] for each in body["StorageDescriptor"]["Columns"]}


async def findings_of(installation: InProcess, name: str) -> tuple[str, ...]:
    record = await installation.store.catalog.asset(AssetId.parse(f"S/{name}"))
    assert record is not None and record.definition is not None
    return decode_asset(await installation.store.blobs.get(record.definition)).findings


async def told(installation: InProcess, run: Any) -> dict[str, str]:
    """What the run's answer says of columns without a type."""
    plan = await installation.store.change_sets.get(run.change_set_id)
    return {each.subject: each.message for each in plan.findings if each.code == "type"}


EXACT = {"TOTAL": "decimal(15,2)", "DAY": "date", "SINCE": "date"}


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
async def test_through_objects_and_associations_in_whatever_order_they_are_read(
    sync: Callable[..., Any], installation: InProcess, order: tuple[int, ...]
) -> None:
    all_of = [("SRC", SOURCE), ("CUSTOMERS", CUSTOMERS), ("MODEL", MODEL), ("OVER_MODEL", OVER_MODEL)]
    run = await sync(**dict(all_of[place] for place in order))
    assert run.counts["create"] == 4 and await told(installation, run) == {}
    assert await types(installation, "MODEL") == EXACT
    assert await types(installation, "OVER_MODEL") == {"SUM_OF_IT": "decimal(15,2)"}
    again = await sync()
    assert again.counts["unchanged"] == 4


async def test_it_follows_its_source_in_the_same_run_and_only_then(
    sync: Callable[..., Any], installation: InProcess, tenant: Tenant
) -> None:
    await sync(SRC=SOURCE, CUSTOMERS=CUSTOMERS, MODEL=MODEL, OVER_MODEL=OVER_MODEL)
    wider = {**SOURCE, "elements": {**SOURCE["elements"], "AMOUNT": {**AMOUNT, "precision": 31}}}
    run = await sync(SRC=wider)
    assert run.counts["update"] == 3
    assert (await types(installation, "MODEL"))["TOTAL"] == "decimal(31,2)"
    assert await types(installation, "OVER_MODEL") == {"SUM_OF_IT": "decimal(31,2)"}
    assert (await sync()).counts["unchanged"] == 4
    longer = {**wider, "elements": {**wider["elements"], "NAME": {**NAME, "length": 50}}}
    assert (await sync(SRC=longer)).counts["update"] == 1, "what it does not select is nothing to it"


async def test_a_source_that_comes_later_gives_its_types_then(
    sync: Callable[..., Any], installation: InProcess
) -> None:
    run = await sync(MODEL=MODEL)
    assert "TOTAL, DAY, SINCE" in (await told(installation, run))["S/MODEL"]
    assert "TOTAL, DAY, SINCE: the columns have no type in any document" in await findings_of(installation, "MODEL")
    run = await sync(SRC=SOURCE, CUSTOMERS=CUSTOMERS)
    assert (run.counts["create"], run.counts["update"], await told(installation, run)) == (2, 1, {})
    assert await types(installation, "MODEL") == EXACT
    assert "type" not in " ".join(await findings_of(installation, "MODEL"))


AS_X = {"as": "X"}
OTHER = {"kind": "entity", "elements": {"AMOUNT": {**AMOUNT, "precision": 9}, "SAME": AMOUNT}}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (union(select("SRC", ref("AMOUNT", **AS_X)), select("OTHER", ref("SAME"))), "decimal(15,2)"),
        (union(select("SRC", ref("AMOUNT", **AS_X)), select("OTHER", ref("AMOUNT"))), None),
        (union(select("SRC", ref("AMOUNT", **AS_X)), select("OTHER", {"val": "none", **AS_X})), None),
        (union(select("SRC", ref("AMOUNT", **AS_X)), select("UNREAD", ref("AMOUNT"))), None),
        (select("SRC", ref("AMOUNT", cast={"type": "cds.Integer"}, **AS_X)), "int"),
        (
            select({**select("SRC", ref("AMOUNT", cast={"type": "cds.Integer"}, **AS_X)), "as": "Q"}, ref("Q", "X")),
            None,
        ),
        (
            union(
                select("SRC", ref("AMOUNT", cast={"type": "cds.Date"}, **AS_X)),
                select("OTHER", ref("SAME", cast={"type": "cds.Date"}, **AS_X)),
            ),
            "date",
        ),
        (union(select("SRC", ref("AMOUNT", cast={"type": "cds.Date"}, **AS_X)), select("SRC", ref("DAY"))), None),
        (select("SRC", {"val": 1, **AS_X}), None),
        (select("SRC", {"func": "CONCAT", "args": [ref("NAME"), {"val": "x"}], **AS_X}), None),
        (select("SRC", {"func": "SUM", "args": [ref("AMOUNT")], **AS_X}), None),
        (select("V", ref("X")), None),
        (select("CIRCLE", ref("X")), None),
    ],
)
async def test_exactly_or_not_at_all(
    sync: Callable[..., Any], installation: InProcess, query: dict[str, Any], expected: str | None
) -> None:
    circle = view(select("V", ref("X")), "X")
    run = await sync(SRC=SOURCE, CUSTOMERS=CUSTOMERS, OTHER=OTHER, CIRCLE=circle, V=view(query, "X"))
    assert (await types(installation, "V"))["X"] == (expected or "string")
    assert ("S/V" in (await told(installation, run))) == (expected is None)


async def test_what_a_pass_that_died_left_waiting_the_next_one_settles(
    sync: Callable[..., Any], installation: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync(SRC=SOURCE, CUSTOMERS=CUSTOMERS, MODEL=MODEL)
    with monkeypatch.context() as broken:
        broken.setattr("spheresync.discovery.types_from_sources.with_types", lambda *_: 1 / 0)
        elements = {**SOURCE["elements"], "AMOUNT": {**AMOUNT, "precision": 31}}
        await sync(SRC={**SOURCE, "elements": elements})
    assert (await types(installation, "MODEL"))["TOTAL"] == "decimal(15,2)", "no wrong type meanwhile"
    await sync()
    assert (await types(installation, "MODEL"))["TOTAL"] == "decimal(31,2)"


async def test_assets_with_all_their_types_cost_nothing(sync: Callable[..., Any], installation: InProcess) -> None:
    await sync(SRC=SOURCE, CUSTOMERS=CUSTOMERS)
    assert await installation.store.meta.get("open_types") is None
