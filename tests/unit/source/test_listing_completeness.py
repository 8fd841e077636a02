"""Whatever makes an answer less than the whole listing makes the listing incomplete, and says why."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import Listing, SpaceName
from spheresync.model.json_document import MAX_VALUES, RepeatedMemberError, read_json
from spheresync.source.datasphere.listing.catalog import Catalog
from spheresync.source.datasphere.listing.listing_collector import EXAMPLES
from spheresync.source.datasphere.listing.pages import MAX_ROWS
from tests.unit.source.double import BASE, CURRENT, Hands, Reply, Tenant, as_json, connect, rows
from tests.unit.source.test_catalog import ASSETS, SALES, SPACES, asset, assets, codes, names

pytestmark = pytest.mark.anyio

CATALOG = f"{BASE}{CURRENT}"


async def test_odata_4_0_is_asked_for_everywhere(tenant: Tenant, hands: Hands) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{"@odata.nextLink": "assets?$skiptoken=1"}))
    tenant.on(f"{ASSETS}?$skiptoken=1", rows())
    async with connect(tenant, hands) as http:
        await Catalog(http).list_assets(SALES)
    asked = [request for request in tenant.requests if CURRENT in str(request.url)]
    assert [request.headers["odata-maxversion"] for request in asked] == ["4.0", "4.0"]


@pytest.mark.parametrize("spelling", ["@odata.nextLink", "@nextLink"])
async def test_both_standard_spellings_of_the_next_link_are_followed(
    tenant: Tenant, hands: Hands, spelling: str
) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{spelling: f"{BASE}{ASSETS}?$skiptoken=1"}))
    tenant.on(f"{ASSETS}?$skiptoken=1", rows(asset("B"), **{"@count": 2}))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing)) == (True, ["A", "B"])


@pytest.mark.parametrize(
    "more",
    [
        {"odata.nextLink": "x"},
        {"@odata.NextLink": "x"},
        {"@odata.nextlink": "x"},
        {"nextLink": "x"},
        {"__next": "x"},
        {"next": {"href": "x"}},
        {"d": {"__next": "x"}},
        {"value@odata.nextLink": "x"},
        {"_links": {"next": {"href": "x"}}},
        {"links": [{"rel": "self", "href": "y"}, {"rel": "next", "href": "x"}]},
        {"paging": {"cursors": {"nextCursor": "x"}}},
        {"meta": [[{"hasMore": True}]]},
        {"$skiptoken": "x"},
        {"continuationToken": "x"},
    ],
    ids=json.dumps,
)
async def test_what_looks_like_another_next_link_makes_the_listing_incomplete(
    tenant: Tenant, hands: Hands, more: dict[str, object]
) -> None:
    tenant.on(ASSETS, rows(asset("A"), **more))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing), codes(listing)) == (False, ["A"], ["wrong_shape"])
    assert next(iter(more)) in listing.problems[0].message
    assert len(tenant.asked()) == 1, "what it means is not guessed"


@pytest.mark.parametrize("link", ["<x>; rel=next", '<y>; rel="prev", <x>; rel="last next"'])
async def test_a_link_header_that_leads_on_makes_the_listing_incomplete(
    tenant: Tenant, hands: Hands, link: str
) -> None:
    reply = rows(asset("A"))
    reply.headers["link"] = link
    tenant.on(ASSETS, reply)
    assert not (await assets(tenant, hands)).complete


@pytest.mark.parametrize(
    "other",
    [
        {"@odata.nextLink": None},
        {"@odata.metadataEtag": 'W/"1"', "@odata.type": "#Collection(Catalog.Asset)", "@odata.id": "assets"},
        {"@odata.count": None},
        {"@com.sap.vocabularies.Common.v1.Label": "Assets"},
        {"@total_count": 1, "total": "1"},
        {"next": None},
        {"hasMore": False},
        {"@odata.context": "$metadata#assets"},
        {"_links": {"self": {"href": "x"}, "prev": {"href": "y"}}},
    ],
    ids=json.dumps,
)
async def test_what_does_not_lead_on_leaves_the_listing_complete(
    tenant: Tenant, hands: Hands, other: dict[str, object]
) -> None:
    tenant.on(ASSETS, rows(asset("A"), **other))
    assert (await assets(tenant, hands)).complete


@pytest.mark.parametrize(
    "controls",
    [
        {"@odata.nextLink": []},
        {"@nextLink": {"href": "x"}},
        {"@odata.nextLink": "a", "@nextLink": "b"},
        {"@odata.count": 1, "@count": 2},
        {"@odata.count": "many"},
        {"@odata.count": -1},
        {"@count": 1.5},
        {"@count": [1]},
        {"error": ""},
        {"error": {}},
        {"@odata.error": {"code": "1"}},
    ],
    ids=json.dumps,
)
async def test_control_members_that_say_nothing_certain(
    tenant: Tenant, hands: Hands, controls: dict[str, object]
) -> None:
    tenant.on(ASSETS, rows(asset("A"), **controls))
    listing = await assets(tenant, hands)
    assert (listing.complete, codes(listing)) == (False, ["wrong_shape"])


@pytest.mark.parametrize(
    "more",
    [
        {"@odata.nextLink": ""},
        {"@nextLink": ""},
        {"@odata.deltaLink": f"{BASE}/delta"},
        {"cursor": "abc"},
        {"paging": {"offset": 0}},
        {"page": {"number": 0, "totalPages": 2}},
        {"isLast": False},
        {"last": False},
        {"truncated": True},
        {"partial": True},
        {"totalPages": 2},
        {"$skip": 11},
        {"offset": 0},
        {"warnings": ["cut"]},
        {"value@odata.error": {"code": "1"}},
        {"value@Core.Messages": []},
        {"@Core.Messages": ["cut"]},
        {"@Org.OData.Core.V1.Truncated": True},
        {"_links": {"last": {"href": "x"}}},
        {"whatever": 0},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("pages", [1, 2])
async def test_whatever_is_no_member_of_a_listing_makes_it_incomplete_and_is_named(
    tenant: Tenant, hands: Hands, more: dict[str, object], pages: int
) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{"@odata.nextLink": "assets?$skiptoken=1"} if pages == 2 else more))
    tenant.on(f"{ASSETS}?$skiptoken=1", rows(asset("B"), **more))
    listing = await assets(tenant, hands)
    assert (listing.complete, len(listing.items), codes(listing)) == (False, pages, ["wrong_shape"])
    assert next(iter(more)) in listing.problems[0].message or "next link is empty" in listing.problems[0].message


@pytest.mark.parametrize("more", [{"truncated": True}, {"warnings": ["cut"]}])
async def test_a_doubt_beside_a_next_link_is_told_once(tenant: Tenant, hands: Hands, more: dict[str, object]) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{"@odata.nextLink": "assets?$skiptoken=1"}, **more))
    tenant.on(f"{ASSETS}?$skiptoken=1", rows(asset("B"), **more))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing), codes(listing)) == (False, ["A", "B"], ["wrong_shape"])


_OTHERS = [
    "$metadata#assets/$delta",
    "$metadata#assets/$entity",
    "$metadata#assets/%24delta",
    "$metadata#spaces",
    "$metadata#spaces('SALES')",
    "$metadata#spaces('OTHER')/assets",
    "$metadata#spaces('SALES')/assets/$deletedEntity",
    "$metadata#Collection($ref)",
    f"{CATALOG}/$metadata#connections(name,label)",
    f"$metadata#{'(' * 5000}",
]
_SAME = [
    "$metadata",
    "https://proxy.example/x/$metadata#assets",
    "$metadata#assets(name,label,owner(id))",
    "$metadata#Assets",
    "$metadata#spaces('SALES')/assets",
    "$metadata#spaces(%27SALES%27)/assets",
    "$metadata#Catalog.Container.assets",
    "$metadata#assets/Catalog.View",
    "$metadata#Collection(Catalog.Asset)",
]


@pytest.mark.parametrize("spelling", ["@odata.context", "@context"])
@pytest.mark.parametrize(
    ("context", "whole"), [*((other, False) for other in _OTHERS), *((same, True) for same in _SAME)]
)
async def test_a_context_must_name_what_was_asked_for(
    tenant: Tenant, hands: Hands, spelling: str, context: str, whole: bool
) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{"@odata.nextLink": "../next/7"}))
    tenant.on(f"{CATALOG}/spaces('SALES')/../next/7", rows(asset("B"), **{spelling: context}))
    tenant.on(f"{CATALOG}/next/7", rows(asset("B"), **{spelling: context}))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing)) == (whole, ["A", "B"])


async def test_the_context_of_the_first_page_and_of_the_spaces_is_held_against_what_was_asked(
    tenant: Tenant, hands: Hands
) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{"@odata.context": "$metadata#assets/$delta"}))
    assert not (await assets(tenant, hands)).complete
    tenant.on(SPACES, rows({"name": "HR", "label": "HR"}, **{"@odata.context": "$metadata#assets"}))
    async with connect(tenant, hands) as http:
        assert not (await Catalog(http).list_spaces()).complete


@pytest.mark.parametrize(
    "spelling",
    [
        *("@odata.count", "@count", "odata.count", "__count", "@odata.Count"),
        *("total", "totalCount", "total_count", "$count", "@odata.totalCount", "inlinecount", "totalElements"),
    ],
)
@pytest.mark.parametrize(
    ("count", "complete"),
    [
        (2, True),
        ("2", True),
        (2.0, True),
        (3, False),
        ("3", False),
        (1, False),
        ("1", False),
        (0, False),
        (True, False),
        (False, False),
        ("9" * 30, False),
    ],
)
async def test_a_count_in_any_spelling_must_agree_with_the_rows(
    tenant: Tenant, hands: Hands, spelling: str, count: object, complete: bool
) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{spelling: count, "@odata.nextLink": "assets?$skiptoken=1"}))
    tenant.on(f"{ASSETS}?$skiptoken=1", rows(asset("B")))
    assert (await assets(tenant, hands)).complete is complete


async def test_a_listing_that_shrinks_while_it_is_read_is_incomplete(tenant: Tenant, hands: Hands) -> None:
    tenant.on(ASSETS, rows(asset("A"), asset("B"), **{"@count": 4, "@nextLink": "assets?$skip=2"}))
    tenant.on(f"{ASSETS}?$skip=2", rows(asset("D"), **{"@count": 3}))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing)) == (False, ["A", "B", "D"])
    assert "4 rows before, and now 3" in listing.problems[0].message


@pytest.mark.parametrize(
    ("context", "link"),
    [
        ("$metadata#assets", "assets?$skiptoken=1"),
        ("../$metadata#assets", "spaces('SALES')/assets?$skiptoken=1"),
        ("../$metadata#spaces('SALES')/assets", "spaces('SALES')/assets?$skiptoken=1"),
        (f"{CATALOG}/$metadata#assets", "spaces('SALES')/assets?$skiptoken=1"),
        (f"{CATALOG}/$metadata#spaces('SALES')/assets", "spaces(%27SALES%27)/assets?$skiptoken=1"),
        (f"{CATALOG}/$metadata#assets", "./spaces('SALES')/assets?$skiptoken=1"),
        (f"{CURRENT}/$metadata#assets", "spaces('SALES')/assets?$skiptoken=1"),
        (f"{CATALOG}/$metadata#assets", "assets?$skiptoken=1"),
        (f"{CATALOG}/$metadata#assets", "?$skiptoken=1"),
        (f"{CATALOG}/$metadata#assets", f"{ASSETS}?$skiptoken=1"),
        (f"{CATALOG}/$metadata#assets", f"{BASE}{ASSETS}?$skiptoken=1"),
        ("https://elsewhere.example/catalog/$metadata#assets", "assets?$skiptoken=1"),
        ("https://elsewhere.example/catalog/$metadata#assets", f"{BASE}{ASSETS}?$skiptoken=1"),
        (None, "assets?$skiptoken=1"),
    ],
)
@pytest.mark.parametrize("spelling", ["@odata.", "@"])
async def test_a_relative_next_link_leads_on_whatever_the_server_takes_it_to_be_relative_to(
    tenant: Tenant, hands: Hands, context: str | None, link: str, spelling: str
) -> None:
    controls = {f"{spelling}context": context, f"{spelling}nextLink": link}
    last = rows(asset("B"), asset("C"))
    tenant.on(ASSETS, rows(asset("A"), **controls))
    tenant.on(f"{ASSETS}?$skiptoken=1", last)
    tenant.on(f"{CURRENT}/spaces(%27SALES%27)/assets?$skiptoken=1", last)
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing)) == (True, ["A", "B", "C"])
    assert len(tenant.asked()) == 2


@pytest.mark.parametrize("there", [f"{CATALOG}/next/7", f"{CATALOG}/spaces('SALES')/next/7"])
async def test_a_link_to_somewhere_else_is_tried_as_the_standard_reads_it_and_then_against_the_request(
    tenant: Tenant, hands: Hands, there: str
) -> None:
    controls = {"@odata.context": "../$metadata#assets", "@odata.nextLink": "next/7"}
    tenant.on(ASSETS, rows(asset("A"), **controls))
    tenant.on(there, rows(asset("B")))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing)) == (True, ["A", "B"])


async def test_a_context_on_another_host_leads_nowhere(tenant: Tenant, hands: Hands) -> None:
    controls = {"@odata.context": "//evil.example/$metadata", "@odata.nextLink": "next/7"}
    tenant.on(ASSETS, rows(asset("A"), **controls))
    listing = await assets(tenant, hands)
    assert (listing.complete, codes(listing)) == (False, ["foreign_origin"])
    assert {request.url.host for request in tenant.requests if request.method == "GET"} == {BASE.partition("//")[2]}


async def test_a_full_page_without_link_is_not_believed_after_links_either(tenant: Tenant, hands: Hands) -> None:
    everything = [asset(f"A{number}") for number in range(1001)]
    tenant.on(ASSETS, rows(*everything[:500], **{"@odata.nextLink": "assets?$skiptoken=500"}))
    tenant.on(f"{ASSETS}?$skiptoken=500", rows(*everything[500:1000]))
    tenant.on(f"{ASSETS}?$top=500&$skip=1000", rows(*everything[1000:]))
    tenant.on(f"{ASSETS}?$top=500&$skip=1001", rows())
    listing = await assets(tenant, hands)
    assert (listing.complete, len(listing.items)) == (True, 1001)


@pytest.mark.parametrize(
    "body",
    [
        '{"value": [{"name": "A"}], "value": []}',
        '{"value": [], "value": [{"name": "A"}]}',
        '{"value": [{"name": "A", "name": "B"}]}',
        '{"value": [{"name": "A", "na\\u006de": "B"}]}',
        '{"value": [{"name": "A", "other": [{"deep": {"x": 1, "x": 1}}]}]}',
        '{"@odata.nextLink": "assets?$skip=1", "value": [{"name": "A"}], "@odata.nextLink": ""}',
        '{"value": [{"name": "A"}], "@odata.count": NaN}',
    ],
)
async def test_two_members_of_one_name_are_no_answer(tenant: Tenant, hands: Hands, body: str) -> None:
    tenant.on(ASSETS, Reply(200, body.encode(), {"content-type": "application/json"}))
    listing = await assets(tenant, hands)
    assert (listing.complete, listing.items, codes(listing)) == (False, (), ["wrong_shape"])


_LEAVES = st.none() | st.booleans() | st.integers() | st.text()
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=15
)


@given(_JSON)
def test_every_other_document_is_read_as_the_standard_library_reads_it(document: object) -> None:
    assert read_json(json.dumps(document).encode()) == document
    assert read_json(b"\xef\xbb\xbf" + json.dumps(document).encode()) == document


@given(_JSON, st.text(), st.lists(st.sampled_from(["[%s]", '{"a": %s}', '[0, {"b": [%s]}]']), max_size=5))
def test_a_member_that_is_there_twice_is_found_at_any_depth(document: object, name: str, around: list[str]) -> None:
    key, value = json.dumps(name), json.dumps(document)
    text = f"{{{key}: {value}, {key}: {value}}}"
    for frame in around:
        text = frame.replace("%s", text)
    with pytest.raises(RepeatedMemberError):
        read_json(text.encode())


@pytest.mark.parametrize("answer", ['{"access_token": "one", "access_token": "two", "expires_in": 3600}'])
async def test_a_token_that_is_answered_twice_is_not_used(tenant: Tenant, hands: Hands, answer: str) -> None:
    tenant.on_token = lambda request: Reply(200, answer.encode(), {"content-type": "application/json"})
    listing = await assets(tenant, hands)
    assert (listing.complete, codes(listing), tenant.asked()) == (False, ["wrong_shape"], [])


@pytest.mark.parametrize(
    "change",
    [
        {"label": "Another"},
        {"label": 5},
        {"assetRelationalMetadataUrl": None},
        {"assetAnalyticalMetadataUrl": f"{BASE}/a"},
        {"hasParameters": True},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("pages", [1, 2])
async def test_an_asset_that_is_listed_twice_with_different_content_is_told_and_stays_listed(
    tenant: Tenant, hands: Hands, change: dict[str, object], order: int, pages: int
) -> None:
    first, second = [asset("B"), asset("B", **change)][::order]
    if pages == 1:
        tenant.on(ASSETS, rows(asset("A"), first, second, second, asset("C")))
    else:
        tenant.on(ASSETS, rows(asset("A"), first, **{"@odata.nextLink": "assets?$skiptoken=1"}))
        tenant.on(f"{ASSETS}?$skiptoken=1", rows(second, asset("C")))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing)) == (True, ["A", "B", "C"])
    assert [str(flawed) for flawed in listing.flaws] == ["SALES/B"]
    assert [problem.subject for problem in listing.problems] == ["SALES/B"]
    assert "twice with different content" in listing.problems[0].message


async def test_a_space_that_is_listed_twice_with_different_content_is_told_and_stays_listed(
    tenant: Tenant, hands: Hands
) -> None:
    twice = [{"name": "SALES", "label": "One"}, {"name": "SALES", "label": "Two"}]
    tenant.on(SPACES, rows({"name": "HR", "label": "HR"}, *twice))
    async with connect(tenant, hands) as http:
        listing = await Catalog(http).list_spaces()
    assert (listing.complete, [space.name for space in listing.items]) == (True, ["HR", "SALES"])
    assert list(listing.flaws) == [SpaceName("SALES")]


async def test_many_bad_rows_are_one_problem_with_examples(tenant: Tenant, hands: Hands) -> None:
    tenant.on(ASSETS, rows(asset("A"), *[None] * 1000, *[asset(f"B{n}", spaceName="HR") for n in range(1000)]))
    tenant.on(f"{ASSETS}?$top=500&$skip=2001", rows())
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing), len(listing.problems)) == (False, ["A"], 2)
    nothing, foreign = [problem.message for problem in listing.problems]
    assert "1000 rows" in nothing and "Row 2" in nothing and "and 995 more" in nothing
    assert "1000 rows" in foreign and "'B0' of 'HR'" in foreign


async def test_one_fault_of_many_assets_is_one_problem_and_a_flaw_of_each(tenant: Tenant, hands: Hands) -> None:
    tenant.on(ASSETS, rows(*[asset(f"A{n}", label=n) for n in range(1000)], asset("B", hasParameters="no")))
    tenant.on(f"{ASSETS}?$top=500&$skip=1001", rows())
    listing = await assets(tenant, hands)
    assert (listing.complete, len(listing.items), len(listing.flaws)) == (True, 1001, 1001)
    assert [problem.subject for problem in listing.problems] == ["SALES", "SALES/B"]
    assert "1000 of the assets of SALES" in listing.problems[0].message
    assert f"and {1000 - EXAMPLES} more" in listing.problems[0].message


@pytest.mark.parametrize(
    "body",
    [
        b'{"value": [' + b",".join([b'{"name": 7}'] * 1_000_000) + b"]}",
        b'{"value": [' + b",".join([b"0"] * (MAX_ROWS + 1)) + b"]}",
        b'{"value": [' + b"[]," * MAX_VALUES + b"0]}",
        b'{"value": ["' + b"x" * (40 * 1024 * 1024) + b'"]}',
    ],
    ids=["a million rows", "numbers", "lists", "one text"],
)
async def test_a_page_that_is_too_large_takes_no_more_memory_than_its_bytes(
    tenant: Tenant, hands: Hands, body: bytes
) -> None:
    tenant.on(ASSETS, Reply(200, body, {"content-type": "application/json"}))
    tracemalloc.start()
    try:
        listing = await assets(tenant, hands)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (listing.complete, codes(listing)) == (False, ["too_large"])
    assert peak < 2 * len(body) + 64 * 1024 * 1024


async def test_a_listing_without_end_is_given_up(tenant: Tenant, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spheresync.source.datasphere.listing.listing_collector.MAX_ITEMS", 50)

    def answer(_: object) -> Reply:
        number = len(tenant.requests)
        more = [asset(f"A{number}_{row}") for row in range(20)]
        return rows(*more, **{"@odata.nextLink": f"assets?$skiptoken={number}"})

    tenant.fallback = answer
    listing: Listing = await assets(tenant, hands)  # type: ignore[type-arg]
    assert (listing.complete, codes(listing), len(listing.items)) == (False, ["too_large"], 60)


@pytest.mark.parametrize("junk", [b"}", b"garbage", b'{"value": []}', b"\x00"])
async def test_something_after_the_document_is_no_answer(tenant: Tenant, hands: Hands, junk: bytes) -> None:
    body = json.dumps({"value": [asset("A")]}).encode()
    tenant.on(ASSETS, Reply(200, body + junk, {"content-type": "application/json"}))
    assert not (await assets(tenant, hands)).complete


async def test_an_empty_page_in_the_middle_does_not_end_the_listing(tenant: Tenant, hands: Hands) -> None:
    tenant.on(ASSETS, rows(**{"@nextLink": "assets?$skiptoken=1"}))
    tenant.on(f"{ASSETS}?$skiptoken=1", rows(**{"@nextLink": "assets?$skiptoken=2"}))
    tenant.on(f"{ASSETS}?$skiptoken=2", as_json({"value": [asset("A")]}))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing)) == (True, ["A"])
