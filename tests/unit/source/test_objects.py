"""The design-time object API: listed whole or said to be not, and each CSN read as cheaply as the tenant allows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetEntry, AssetId, AssetKind, Listing, SpaceName, TechnicalName
from spheresync.source.datasphere.csn.definition import read_object
from spheresync.source.datasphere.csn.document import parse_csn
from spheresync.source.datasphere.normalise import normalise
from spheresync.source.datasphere.objects.object_types import SEGMENTS, object_path
from spheresync.source.datasphere.objects.space_content import read_content
from spheresync.source.datasphere.source import DatasphereSource
from spheresync.source.transport.http import Login, Response, TenantHttp
from spheresync.source.transport.request_budget import UnlimitedBudget
from tests.unit.source.double import BASE, CURRENT, SECRET, Hands, Reply, Tenant, as_json, page, rows

pytestmark = pytest.mark.anyio

SALES = SpaceName("SALES")
OBJECTS = "/dwaas-core/api/v1"
VENDOR = "application/vnd.sap.datasphere.object.content.run-time+json"
TYPES = (
    *("localtables", "remotetables", "views", "analyticmodels"),
    *("dataflows", "replicationflows", "transformationflows", "taskchains"),
)


def definition(*columns: str, **more: Any) -> dict[str, Any]:
    return {"kind": "entity", "elements": {name: {"type": "cds.String", "length": 5} for name in columns}, **more}


@dataclass
class ObjectServer:
    """Answers the object API as a tenant does; whatever is in `instead` for a path comes first."""

    lists: dict[str, list[str]] = field(default_factory=dict)
    csn: dict[str, dict[str, Any]] = field(default_factory=dict)  # by segment/name
    content: dict[str, Any] | None = None
    discovery: Reply | None = None
    instead: dict[str, Reply] = field(default_factory=dict)
    most: int = 25
    ignores_skip: bool = False

    def __call__(self, request: httpx2.Request) -> Reply:
        url = request.url
        path = url.path.removeprefix(OBJECTS)
        if path in self.instead:
            return self.instead[path]
        if path == "/discovery":
            return self.discovery or absent()
        if path == "/content":
            return absent() if self.content is None else as_json(self.content)
        parts = path.split("/")[1:]
        if len(parts) == 3 and parts[0] == "spaces":
            return self._list(parts[2], dict(url.params))
        if len(parts) == 4 and (found := self.csn.get("/".join(parts[2:]))) is not None:
            assert request.headers["accept"] == VENDOR
            return Reply(200, json.dumps(found).encode(), {"content-type": VENDOR})
        return absent()

    def _list(self, segment: str, query: dict[str, str]) -> Reply:
        names = self.lists.get(segment, [])
        skip = 0 if self.ignores_skip else int(query.get("skip", 0))
        assert "$top" not in query
        size = min(self.most, int(query.get("top", 25)))
        selected = query.get("select", "technicalName").split(",")
        found = [{"technicalName": name, "businessName": f"The {name}", "status": "Deployed"} for name in names]
        return as_json([{key: row[key] for key in selected} for row in found[skip : skip + size]])


def absent(status: int = 404) -> Reply:
    return Reply(status, b'{"error":{"code":"404"}}', {"content-type": "application/json"})


@pytest.fixture
def server(tenant: Tenant) -> ObjectServer:
    served = ObjectServer()
    tenant.fallback = served
    tenant.on(f"{CURRENT}/spaces('SALES')/assets", rows())
    return served


def source(tenant: Tenant, hands: Hands) -> DatasphereSource:
    http = TenantHttp(BASE, Login("id", SECRET), budget=UnlimitedBudget(), clock=hands.clock(), transport=tenant)
    return DatasphereSource(http, objects=True)


async def listed(tenant: Tenant, hands: Hands) -> Listing[AssetEntry]:
    async with source(tenant, hands) as opened:
        return await opened.list_assets(SALES)


def kinds(listing: Listing[AssetEntry]) -> dict[str, AssetKind]:
    return {str(entry.id.name): entry.kind for entry in listing.items}


def entry(name: str, kind: AssetKind = AssetKind.LOCAL_TABLE, **more: Any) -> AssetEntry:
    facts: dict[str, Any] = {"label": "", "relational_metadata_url": None, "analytical_metadata_url": None}
    facts |= {"supports_analytical_queries": False, "has_parameters": False, "object_type": kind}
    return AssetEntry(id=AssetId(SALES, TechnicalName(name)), **{**facts, **more})


async def test_every_type_is_listed_to_its_empty_page(tenant: Tenant, hands: Hands, server: ObjectServer) -> None:
    many = [f"T{number:03}" for number in range(60)]
    server.lists = {"localtables": many, "taskchains": ["CHAIN"], "views": ["V"], "dataflows": ["DF"]}
    listing = await listed(tenant, hands)
    assert listing.complete and listing.problems == ()
    assert kinds(listing) == {
        **dict.fromkeys(many, AssetKind.LOCAL_TABLE),
        "CHAIN": AssetKind.TASK_CHAIN,
        "V": AssetKind.VIEW,
        "DF": AssetKind.DATA_FLOW,
    }
    assert {str(each.id.name): each.label for each in listing.items}["V"] == "The V"
    assert [url.partition("skip=")[2].partition("&")[0] for url in tenant.asked("/localtables?")] == [
        "0",
        "25",
        "50",
        "60",
    ]


async def test_what_the_catalog_lists_keeps_what_it_says(tenant: Tenant, hands: Hands, server: ObjectServer) -> None:
    model = {
        "name": "M",
        "label": "Model",
        "assetAnalyticalMetadataUrl": f"{BASE}/a/M",
        "supportsAnalyticalQueries": True,
    }
    tenant.on(f"{CURRENT}/spaces('SALES')/assets", rows(model))
    server.lists = {"analyticmodels": ["M"], "views": ["HIDDEN"]}
    listing = await listed(tenant, hands)
    found = {str(each.id.name): each for each in listing.items}
    assert (found["M"].label, found["M"].kind, found["M"].analytical_metadata_url) == (
        "Model",
        AssetKind.ANALYTIC_MODEL,
        f"{BASE}/a/M",
    )
    assert (found["HIDDEN"].kind, found["HIDDEN"].relational_metadata_url) == (AssetKind.VIEW, None)


async def test_a_server_that_ignores_skip_lists_nothing_whole(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    server.lists, server.ignores_skip = {"views": ["A", "B"]}, True
    listing = await listed(tenant, hands)
    assert (listing.complete, [each.code for each in listing.problems]) == (False, ["paging_loop"])
    assert set(kinds(listing)) == {"A", "B"}


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(403, b"{}", {"content-type": "application/json"}), "forbidden"),
        (Reply(500), "server_error"),
        (page(), "html_instead"),
        (as_json({"value": []}), "wrong_shape"),
        (as_json([{"name": "A"}]), "wrong_shape"),
        (as_json(["A"]), "wrong_shape"),
        (Reply(200, b'[{"technicalName":"A"},', {"content-type": "application/json"}), "truncated"),
    ],
)
async def test_an_error_is_never_an_empty_list(
    tenant: Tenant, hands: Hands, server: ObjectServer, reply: Reply, code: str
) -> None:
    server.lists = {"views": ["A"], "localtables": ["T"]}
    server.instead = {"/spaces/SALES/views": reply}
    listing = await listed(tenant, hands)
    assert (listing.complete, [each.code for each in listing.problems]) == (False, [code])
    assert set(kinds(listing)) == {"T"}
    assert "views" in listing.problems[0].message and listing.problems[0].remedy
    assert ("DW Modeler" in listing.problems[0].remedy) is (code == "forbidden")


async def test_no_view_is_listed_by_half_its_facts_where_the_catalog_is_not_whole(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    tenant.on(f"{CURRENT}/spaces('SALES')/assets", Reply(500))
    server.lists = {"views": ["A"], "localtables": ["T"]}
    listing = await listed(tenant, hands)
    assert (listing.complete, set(kinds(listing))) == (False, {"T"})


async def test_what_the_tenant_does_not_offer_is_not_asked_for(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    server.lists = {"views": ["A"]}
    paths = {f"{OBJECTS}/spaces/{{spaceId}}/views": {}, f"{OBJECTS}/spaces/{{spaceId}}/localtables?x": {}}
    server.discovery = as_json({"openapi": "3.0.3", "paths": paths})
    listing = await listed(tenant, hands)
    assert listing.complete
    assert {url.split("/")[-1].partition("?")[0] for url in tenant.asked("/SALES/")} == {"views", "localtables"}


@pytest.mark.parametrize("discovery", [None, page(), as_json({"paths": {"/else": {}}}), as_json([])])
async def test_without_a_discovery_document_a_type_that_is_not_there_is_not_offered(
    tenant: Tenant, hands: Hands, server: ObjectServer, discovery: Reply | None
) -> None:
    server.discovery = discovery
    server.lists = {"views": ["A"]}
    server.instead = {"/spaces/SALES/taskchains": absent()}
    assert (await listed(tenant, hands)).complete
    server.instead = {"/spaces/SALES/taskchains": Reply(404, b"no such host", {"content-type": "text/plain"})}
    assert not (await listed(tenant, hands)).complete, "the 404 of a proxy says nothing"


async def test_a_type_that_is_offered_and_not_there_is_an_error(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    server.discovery = as_json({"paths": {f"{OBJECTS}/spaces/{{s}}/{each}": {} for each in TYPES}})
    server.instead = {"/spaces/SALES/taskchains": absent()}
    assert not (await listed(tenant, hands)).complete


async def test_a_tenant_that_takes_no_select(tenant: Tenant, hands: Hands, server: ObjectServer) -> None:
    def answer(request: httpx2.Request) -> Reply:
        return Reply(400) if "select" in dict(request.url.params) else server(request)

    tenant.fallback = answer
    server.lists = {"views": ["A", "B"]}
    assert (await listed(tenant, hands)).complete


async def test_what_is_not_deployed_is_not_there(tenant: Tenant, hands: Hands, server: ObjectServer) -> None:
    page_of = as_json([{"technicalName": "A", "status": "Not Deployed"}, {"technicalName": "B", "status": "Deployed"}])
    tenant.on(f"{OBJECTS}/spaces/SALES/views?top=200&skip=0&select=technicalName,businessName,status", page_of)
    assert set(kinds(await listed(tenant, hands))) == {"B"}


async def test_a_name_in_two_lists_is_left_as_it_was(tenant: Tenant, hands: Hands, server: ObjectServer) -> None:
    server.lists = {"views": ["A"], "localtables": ["A"]}
    listing = await listed(tenant, hands)
    assert (listing.complete, len(listing.items), len(listing.flaws)) == (True, 1, 1)


async def test_a_definition_is_read_by_its_type_else_by_its_sibling(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    server.csn = {"localtables/T": {"definitions": {"T": definition("A")}}}
    async with source(tenant, hands) as opened:
        found = normalise(await opened.fetch(entry("T", AssetKind.REMOTE_TABLE)))
        assert [str(column.type) for column in found.columns] == ["cds.String(5)"]
        with pytest.raises(SourceError) as caught:
            await opened.fetch(entry("GONE"))
        assert caught.value.fault is SourceFault.NOT_EXPOSED and "SALES/GONE" in caught.value.message
        assert await opened.is_served(entry("T")) and not await opened.is_served(entry("GONE"))
        server.instead = {"/spaces/SALES/localtables/T": Reply(403)}
        with pytest.raises(SourceError) as caught:
            await opened.fetch(entry("T"))
        assert "DW Modeler" in caught.value.remedy


async def test_the_content_of_a_space_saves_single_reads(tenant: Tenant, hands: Hands, server: ObjectServer) -> None:
    tables = {f"T{number}": definition("B", "A") for number in range(6)}
    typeless = {"kind": "entity", "elements": {"B": {}}, "query": {"SELECT": {"from": {"ref": ["T1"]}}}}
    typeless["query"]["SELECT"]["columns"] = [{"ref": ["B"]}]
    server.content = {"SALES": {"spaceDefinition": {}, "definitions": {**tables, "V": typeless}}}
    server.csn = {"dataflows/DF": {"dataflows": {"DF": {"contents": {}}}}}
    entries = [*(entry(name) for name in tables), entry("V", AssetKind.VIEW), entry("DF", AssetKind.DATA_FLOW)]
    async with source(tenant, hands) as opened:
        opened.expect(entries)
        found = [normalise(await opened.fetch(each)) for each in entries]
        assert opened.usage.saved == 6, "seven definitions came with one request"
        assert len(tenant.asked("/content?")) == 1
        asked = len(tenant.asked())
        opened.expect(entries[:2])
        server.csn |= {f"localtables/{name}": {"definitions": {name: table}} for name, table in tables.items()}
        await opened.fetch(entries[0])
        assert len(tenant.asked()) == asked + 1, "few definitions are read one by one"
    assert [str(column.name) for column in found[0].columns] == ["B", "A"], "in their own order"
    assert [str(column.type) for column in found[6].columns] == ["cds.String(5)"], "by what it selects"
    assert found[7].kind is AssetKind.DATA_FLOW and found[7].columns == ()


def cut_out(content: object, name: str, kind: AssetKind = AssetKind.VIEW) -> bytes | None:
    """The document of an object out of the content of its space."""
    answer = Response(200, httpx2.Headers(), json.dumps(content).encode(), f"{BASE}/content")
    return read_content(answer, SALES).cut_out(name, kind)


_TEXTS = {"en": {"title": "Title", "a": "Amount"}, "de": {"title": "Titel", "a": "Betrag"}}
_MORE: dict[str, dict[str, Any]] = {
    "Money": {"kind": "type", "type": "Amount", "@EndUserText.label": "{i18n>a}"},
    "Amount": {"kind": "type", "type": "cds.Decimal", "precision": 11, "scale": 4},
    "Pair": {"kind": "type", "elements": {"one": {"type": "Money"}, "two": {"items": {"type": "Amount"}}}},
    "BASE": definition("B", "K"),
}
_ELEMENTS: dict[str, dict[str, Any]] = {
    "T": {"type": "cds.String", "length": 3, "@EndUserText.label": "{i18n>title}"},
    "M": {"type": "Money"},
    "P": {"type": "Pair"},
    "R": {"type": {"ref": ["BASE", "K"]}},
    "L": {"items": {"elements": {"I": {"type": "Amount"}}}},
    "S": {"elements": {"I": {"type": "Amount"}}},
    "B": {},
}


@given(
    st.sets(st.sampled_from([*_ELEMENTS]), min_size=1),
    st.sets(st.sampled_from([*_MORE])),
    st.sets(st.sampled_from(["title", "a"])),
    st.booleans(),
)
def test_an_object_is_the_same_whichever_way_it_is_read(
    used: set[str], left_out: set[str], without: set[str], has_params: bool
) -> None:
    query = {"SELECT": {"from": {"ref": ["BASE"]}, "columns": [{"ref": ["B"]}]}}
    params = {"params": {"P1": {"type": "Amount"}}} if has_params else {}
    view = {"kind": "entity", "elements": {name: _ELEMENTS[name] for name in sorted(used)}, "query": query, **params}
    whole = {"definitions": {"V": view, **_MORE}, "i18n": _TEXTS}
    texts = {language: {k: t for k, t in each.items() if k not in without} for language, each in _TEXTS.items()}
    content = {"definitions": {k: d for k, d in whole["definitions"].items() if k not in left_out}, "i18n": texts}
    served = cut_out({"SALES": content}, "V")
    if served is not None:
        single = read_object(parse_csn(json.dumps(whole).encode()), "V")
        assert read_object(parse_csn(served), "V") == single
    assert served is not None or left_out or without, "what is whole is used"


async def test_a_space_without_texts_or_types_has_its_objects_read_one_by_one(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    titled = {f"T{number}": definition("A", **{"@EndUserText.label": "{i18n>title}"}) for number in range(6)}
    typed = {"kind": "entity", "elements": {"A": {"type": "Money"}}}
    plain = definition("A")
    server.content = {"SALES": {"definitions": {**titled, "C": typed, "PLAIN": plain}}}
    server.csn = {f"localtables/{name}": {"definitions": {name: t}, "i18n": _TEXTS} for name, t in titled.items()}
    server.csn["localtables/C"] = {"definitions": {"C": typed, **_MORE}, "i18n": _TEXTS}
    entries = [entry(name) for name in (*titled, "C", "PLAIN")]
    async with source(tenant, hands) as opened:
        opened.expect(entries)
        found = [normalise(await opened.fetch(each)) for each in entries]
        assert opened.usage.saved == 0, "the one that came with the content cost as much"
        assert not tenant.asked("localtables/PLAIN?")
    assert found[0].labels == (("de", "Titel"), ("en", "Title"))
    assert str(found[6].columns[0].type) == "cds.Decimal(11,4)"


@pytest.mark.parametrize("reply", [absent(), page(), Reply(500), as_json({"OTHER": {}}), as_json({"SALES": {}})])
async def test_without_the_content_of_a_space_objects_are_read_one_by_one(
    tenant: Tenant, hands: Hands, server: ObjectServer, reply: Reply
) -> None:
    server.instead = {"/content": reply}
    server.csn = {f"localtables/T{number}": {"definitions": {f"T{number}": definition("A")}} for number in range(6)}
    entries = [entry(f"T{number}") for number in range(6)]
    async with source(tenant, hands) as opened:
        opened.expect(entries)
        for each in entries:
            assert normalise(await opened.fetch(each)).columns
        assert opened.usage.saved == 0


async def test_the_documents_of_an_exposed_view_are_merged(tenant: Tenant, hands: Hands, server: ObjectServer) -> None:
    name = "V"
    edmx = (
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        '<Schema Namespace="S" xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityType Name="V">'
        '<Key><PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.String" MaxLength="10" Nullable="false"/>'
        '<Property Name="GEO" Type="Edm.String"/><Property Name="AMT" Type="Edm.Decimal" Precision="9" Scale="2"/>'
        '<Property Name="OLD" Type="Edm.Int32"/></EntityType><EntityContainer Name="C">'
        '<EntitySet Name="V" EntityType="S.V"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
    )
    tenant.on("/r", Reply(200, edmx.encode(), {"content-type": "application/xml"}))
    elements = {
        "ID": {"type": "cds.String", "length": 10, "key": True, "@EndUserText.label": "{i18n>id}"},
        "GEO": {"type": "cds.hana.ST_GEOMETRY"},
        "AMT": {"type": "cds.Decimal", "precision": 11, "scale": 2, "@Aggregation.default": {"#": "SUM"}},
        "NEW": {"type": "cds.Date"},
    }
    csn = {"definitions": {name: {"kind": "entity", "elements": elements}}, "i18n": {"de": {"id": "Kennung"}}}
    server.csn = {"views/V": csn}
    async with source(tenant, hands) as opened:
        asset = normalise(
            await opened.fetch(entry(name, AssetKind.VIEW, relational_metadata_url=f"{BASE}/r", label="View"))
        )
    assert [(str(c.name), str(c.type), c.labels) for c in asset.columns] == [
        ("ID", "cds.String(10)", (("de", "Kennung"),)),
        ("GEO", "cds.hana.ST_GEOMETRY", ()),
        ("AMT", "cds.Decimal(11,2)", ()),
        ("OLD", "Edm.Int32", ()),
        ("NEW", "cds.Date", ()),
    ]
    assert (asset.columns[2].aggregation, asset.label) == ("SUM", "View")
    assert dict(asset.provenance)["type of OLD"] == "$metadata" and dict(asset.provenance)["types"] == "csn"
    assert list(asset.findings) == [
        "AMT is Edm.Decimal(9,2) in $metadata and cds.Decimal(11,2) in the CSN, which counts",
        "only $metadata has OLD",
        "$metadata leaves out NEW, which the CSN has",
    ]


async def test_an_exposed_view_without_csn_is_what_its_metadata_says(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    tenant.on("/r", Reply(200, b"<x/>", {"content-type": "application/xml"}))
    wanted = entry("V", AssetKind.VIEW, relational_metadata_url=f"{BASE}/r", object_type=None)
    async with source(tenant, hands) as opened:
        assert [document for document, _ in (await opened.fetch(wanted)).documents] == ["relational"]
        server.instead = {"/spaces/SALES/views/V": Reply(500)}
        with pytest.raises(SourceError):
            await opened.fetch(wanted)


async def test_a_connection_test_says_whether_objects_can_be_listed(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    tenant.on(f"{CURRENT}/spaces", rows({"name": "SALES", "label": "Sales"}))
    async with source(tenant, hands) as opened:
        good = {check.connection: check for check in await opened.check()}["design-time objects"]
        server.instead = {"/spaces/SALES/views": Reply(403)}
        bad = {check.connection: check for check in await opened.check()}["design-time objects"]
    assert good.ok and not bad.ok and "SALES" in bad.message and "DW Modeler" in bad.remedy


@pytest.mark.parametrize(("status", "unproven"), [(500, {"T", "V", "HIDDEN"}), (403, {"T", "HIDDEN"})])
async def test_what_an_unread_list_may_hold_too_is_unproven_but_what_the_catalog_holds_where_a_role_is_missing(
    tenant: Tenant, hands: Hands, server: ObjectServer, status: int, unproven: set[str]
) -> None:
    view = {"name": "V", "label": "V", "assetRelationalMetadataUrl": f"{BASE}/r/V"}
    tenant.on(f"{CURRENT}/spaces('SALES')/assets", rows(view))
    server.lists = {"localtables": ["T"], "views": ["V", "HIDDEN"]}
    assert (await listed(tenant, hands)).unproven == frozenset()
    server.instead = {"/spaces/SALES/dataflows": Reply(status, b"{}", {"content-type": "application/json"})}
    assert {str(each.name) for each in (await listed(tenant, hands)).unproven} == unproven


ODD = st.text(alphabet=st.sampled_from("./%2eE?#\\;Aa "), min_size=1, max_size=8)


@given(space=ODD, name=ODD, kind=st.sampled_from([*SEGMENTS]))
def test_no_name_leads_to_another_path_than_its_own(space: str, name: str, kind: AssetKind) -> None:
    asset = AssetId(SpaceName(space), TechnicalName(name))
    try:
        path = object_path(asset, kind)
    except SourceError as error:
        assert error.fault is SourceFault.WRONG_SHAPE and error.remedy
        return
    sent = httpx2.URL(BASE).join(path).raw_path.decode()
    assert [unquote(part) for part in sent.split("/")] == [*f"{OBJECTS}/spaces".split("/"), space, SEGMENTS[kind], name]
    while (decoded := unquote(sent)) != sent:
        sent = decoded
        assert not {".", ".."} & {*sent.replace("\\", "/").split("/")}


@pytest.mark.parametrize("name", ["..", ".", "%2e%2e", "%252E.", "a/../b", "..\\x", "..?x", ".#", "../..", "..;x"])
async def test_a_name_that_walks_a_path_is_an_error_of_its_asset_and_asks_nobody(
    tenant: Tenant, hands: Hands, server: ObjectServer, name: str
) -> None:
    async with source(tenant, hands) as opened:
        await opened.list_spaces()
        before = len(tenant.asked("/"))
        for ask in (opened.fetch, opened.is_served):
            with pytest.raises(SourceError, match="nothing was asked") as raised:
                await ask(entry(name))
            assert raised.value.message.startswith(f"SALES/{name}: csn: ") and raised.value.remedy
        assert len(tenant.asked("/")) == before


async def test_a_list_that_is_not_there_is_not_to_be_mended_by_exposing_something(
    tenant: Tenant, hands: Hands, server: ObjectServer
) -> None:
    server.discovery = as_json({"paths": {f"{OBJECTS}/spaces/{{s}}/{each}": {} for each in TYPES}})
    server.instead = {"/spaces/SALES/taskchains": absent()}
    told = (await listed(tenant, hands)).problems
    async with source(tenant, hands) as opened:
        with pytest.raises(SourceError) as raised:
            await opened.fetch(entry("GONE"))
    for remedy in (told[0].remedy, raised.value.remedy):
        assert remedy and "Expose" not in remedy


@pytest.mark.parametrize("discovery", [True, False])
async def test_kinds_of_which_no_list_is_offered_are_said(
    tenant: Tenant, hands: Hands, server: ObjectServer, discovery: bool
) -> None:
    if discovery:
        server.discovery = as_json(
            {"paths": {f"{OBJECTS}/spaces/{{s}}/{each}": {} for each in TYPES if each != "localtables"}}
        )
    else:
        server.instead = {"/spaces/SALES/localtables": absent()}
    listing = await listed(tenant, hands)
    assert (listing.complete, listing.not_offered) == (True, {AssetKind.LOCAL_TABLE})
