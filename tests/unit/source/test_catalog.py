"""Listing: complete or said to be not, whatever the tenant answers."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from spheresync.model import AssetKind, Listing, SpaceName
from spheresync.source.datasphere.listing.catalog import Catalog
from tests.unit.source.double import BASE, CURRENT, LEGACY, Hands, Reply, Tenant, as_json, connect, page, rows

pytestmark = pytest.mark.anyio

SALES = SpaceName("SALES")
SPACES = f"{CURRENT}/spaces"
ASSETS = f"{CURRENT}/spaces('SALES')/assets"


def asset(name: object, **more: object) -> dict[str, object]:
    return {
        "name": name,
        "label": f"The {name}",
        "spaceName": "SALES",
        "assetRelationalMetadataUrl": f"{BASE}/r/{name}/$metadata",
        "assetAnalyticalMetadataUrl": None,
        "supportsAnalyticalQueries": False,
        "hasParameters": False,
        **more,
    }


async def assets(tenant: Tenant, hands: Hands) -> Listing:  # type: ignore[type-arg]
    async with connect(tenant, hands) as http:
        return await Catalog(http).list_assets(SALES)


def codes(listing: Listing) -> list[str]:  # type: ignore[type-arg]
    return [problem.code for problem in listing.problems]


def names(listing: Listing) -> list[str]:  # type: ignore[type-arg]
    return [str(item.id.name) for item in listing.items]


@pytest.mark.samples
async def test_the_recorded_catalog(tenant: Tenant, hands: Hands, samples: Path) -> None:
    recorded = samples / "recorded-tenant"
    tenant.on(SPACES, as_json(json.loads((recorded / "catalog_spaces.json").read_bytes())))
    tenant.on(
        f"{CURRENT}/spaces('DEMO_SPACE')/assets",
        as_json(json.loads((recorded / "catalog_assets.json").read_bytes())),
    )
    async with connect(tenant, hands) as http:
        catalog = Catalog(http)
        spaces = await catalog.list_spaces()
        listed = await catalog.list_assets(spaces.items[0].name)
    assert (spaces.scope, spaces.complete, spaces.items[0].label) == ("tenant", True, "DEMO_SPACE")
    assert (listed.scope, listed.complete, len(listed.items), listed.problems) == ("DEMO_SPACE", True, 5, ())
    day, model = listed.items[0], listed.items[4]
    assert (str(day.id), day.label, day.kind) == (
        "DEMO_SPACE/SAP.TIME.VIEW_DIMENSION_DAY",
        "Time Dimension - Day",
        AssetKind.VIEW,
    )
    assert (model.kind, model.relational_metadata_url) == (AssetKind.ANALYTIC_MODEL, None)
    assert model.supports_analytical_queries


@pytest.mark.parametrize("relative", [False, True])
async def test_next_links_are_followed_to_the_end(tenant: Tenant, hands: Hands, relative: bool) -> None:
    prefix = "assets" if relative else f"{BASE}{ASSETS}"
    link = {"@odata.nextLink": f"{prefix}?$skiptoken=2"}
    tenant.on(ASSETS, rows(asset("A"), asset("B"), **link))
    tenant.on(f"{ASSETS}?$skiptoken=2", rows(**{"@odata.nextLink": f"{prefix}?$skiptoken=3"}))
    tenant.on(f"{ASSETS}?$skiptoken=3", rows(asset("B"), asset("C")))
    listing = await assets(tenant, hands)
    assert listing.complete
    assert names(listing) == ["A", "B", "C"]


async def test_a_full_page_without_link_is_not_believed(tenant: Tenant, hands: Hands) -> None:
    everything = [asset(f"A{number}") for number in range(1203)]
    tenant.on(ASSETS, rows(*everything[:500]))
    tenant.on(f"{ASSETS}?$top=500&$skip=500", rows(*everything[500:1000]))
    tenant.on(f"{ASSETS}?$top=500&$skip=1000", rows(*everything[1000:]))
    tenant.on(f"{ASSETS}?$top=500&$skip=1203", rows())
    listing = await assets(tenant, hands)
    assert listing.complete
    assert len(listing.items) == 1203


async def test_a_tenant_that_ignores_skip_is_not_believed(tenant: Tenant, hands: Hands) -> None:
    tenant.fallback = lambda request: rows(*[asset(f"A{number}") for number in range(500)])
    listing = await assets(tenant, hands)
    assert not listing.complete
    assert codes(listing) == ["paging_loop"]
    assert len(tenant.asked()) == 2


@pytest.mark.parametrize("target", ["", "?$skiptoken=1"])
async def test_a_loop_of_links_ends(tenant: Tenant, hands: Hands, target: str) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{"@odata.nextLink": f"{BASE}{ASSETS}?$skiptoken=1"}))
    tenant.on(f"{ASSETS}?$skiptoken=1", rows(asset("B"), **{"@odata.nextLink": f"{BASE}{ASSETS}{target}"}))
    listing = await assets(tenant, hands)
    assert (listing.complete, codes(listing), names(listing)) == (False, ["paging_loop"], ["A", "B"])
    assert len(tenant.asked()) == 2


async def test_links_that_always_lead_on_to_the_same_rows_end(tenant: Tenant, hands: Hands) -> None:
    def answer(request: httpx2.Request) -> Reply:
        number = len(tenant.requests)
        return rows(asset("A"), **{"@odata.nextLink": f"{BASE}{ASSETS}?$skiptoken={number}"})

    tenant.fallback = answer
    listing = await assets(tenant, hands)
    assert codes(listing) == ["paging_loop"]
    assert len(tenant.asked()) == 2


async def test_a_link_to_elsewhere_is_not_followed(tenant: Tenant, hands: Hands) -> None:
    tenant.on(ASSETS, rows(asset("A"), **{"@odata.nextLink": "https://evil.example/next"}))
    listing = await assets(tenant, hands)
    assert (listing.complete, codes(listing), names(listing)) == (False, ["foreign_origin"], ["A"])
    assert all(request.url.host != "evil.example" for request in tenant.requests)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(503), "server_error"),
        (Reply(403), "forbidden"),
        (httpx2.ConnectError("x"), "unreachable"),
        (page(), "html_instead"),
        (Reply(200, b'{"value": ['), "truncated"),
        (Reply(200, b""), "truncated"),
        (Reply(200, '{"value": [{"name": "Ä'.encode()[:-1]), "truncated"),
        (Reply(200, b'{"value": ["\xff"]}'), "wrong_shape"),
        (Reply(200, b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "too_large"),
        (Reply(200, b'{"value": [1' + b"0" * 5000 + b"]}"), "wrong_shape"),
        (as_json({"error": {}}), "wrong_shape"),
        (as_json({"value": None}), "wrong_shape"),
        (as_json({"value": {}}), "wrong_shape"),
        (as_json([]), "wrong_shape"),
        (as_json({"value": [], "@odata.nextLink": 7}), "wrong_shape"),
    ],
)
@pytest.mark.parametrize("second_page", [False, True])
async def test_a_failure_is_an_incomplete_listing(
    tenant: Tenant, hands: Hands, reply: Reply | Exception, code: str, second_page: bool
) -> None:
    if second_page:
        tenant.on(ASSETS, rows(asset("A"), **{"@odata.nextLink": "assets?$skiptoken=1"}))
        tenant.on(f"{ASSETS}?$skiptoken=1", reply)
    else:
        tenant.on(ASSETS, reply)
    listing = await assets(tenant, hands)
    assert (listing.complete, codes(listing)) == (False, [code])
    assert names(listing) == (["A"] if second_page else [])
    assert listing.problems[0].subject == "SALES"
    assert listing.problems[0].remedy


class Ticking(Hands):
    """Time passes between any two looks at the clock, as it does outside of tests."""

    @property
    def now(self) -> float:
        self._now += 0.001
        return self._now

    @now.setter
    def now(self, value: float) -> None:
        self._now = value


@pytest.mark.parametrize("status", [500, 503])
async def test_a_page_that_never_comes_spoils_its_space_and_not_the_tenant(tenant: Tenant, status: int) -> None:
    hands = Ticking()
    answers = {
        f"{BASE}{ASSETS}": rows(asset("A"), **{"@odata.nextLink": f"{BASE}{ASSETS}?$skiptoken=2"}),
        f"{BASE}{ASSETS}?$skiptoken=2": Reply(status),
        f"{BASE}{CURRENT}/spaces('OTHER')/assets": rows(asset("B", spaceName="OTHER")),
    }
    tenant.fallback = lambda request: answers[str(request.url)]
    async with connect(tenant, hands) as http:
        catalog = Catalog(http)
        listing = await catalog.list_assets(SALES)
        assert (listing.complete, codes(listing), names(listing)) == (False, ["server_error"], ["A"])
        assert not http.gave_up
        assert (await catalog.list_assets(SpaceName("OTHER"))).complete


async def test_json_that_breaks_off_is_asked_for_again(tenant: Tenant, hands: Hands) -> None:
    tenant.on(ASSETS, Reply(200, b'{"value": [{"na'), rows(asset("A")))
    assert names(await assets(tenant, hands)) == ["A"]


@pytest.mark.parametrize(
    "refusal", [Reply(404), Reply(405), page(), Reply(404, b"<html>", {"content-type": "text/html"})]
)
async def test_the_legacy_path_is_found_and_remembered(tenant: Tenant, hands: Hands, refusal: Reply) -> None:
    tenant.on(SPACES, refusal)
    tenant.on(f"{LEGACY}/spaces", rows({"name": "SALES", "label": None}))
    tenant.on(f"{LEGACY}/spaces('SALES')/assets", rows(asset("A")))
    async with connect(tenant, hands) as http:
        catalog = Catalog(http)
        spaces = await catalog.list_spaces()
        listing = await catalog.list_assets(SALES)
    assert (spaces.complete, spaces.items[0].label) == (True, "")
    assert names(listing) == ["A"]
    assert tenant.asked(ASSETS) == []


async def test_pages_in_place_of_both_paths_are_no_empty_tenant(tenant: Tenant, hands: Hands) -> None:
    tenant.fallback = lambda request: page()
    async with connect(tenant, hands) as http:
        listing = await Catalog(http).list_spaces()
    assert (listing.complete, listing.items, codes(listing)) == (False, (), ["html_instead"])
    assert CURRENT in listing.problems[0].message


async def test_an_outage_is_not_taken_for_an_old_tenant(tenant: Tenant, hands: Hands) -> None:
    tenant.on(SPACES, Reply(503))
    async with connect(tenant, hands) as http:
        assert not (await Catalog(http).list_spaces()).complete
    assert tenant.asked(LEGACY) == []


async def test_a_space_that_is_gone_later_is_an_error_of_its_path(tenant: Tenant, hands: Hands) -> None:
    tenant.on(SPACES, rows({"name": "SALES", "label": "S"}))
    tenant.on(ASSETS, Reply(404))
    async with connect(tenant, hands) as http:
        catalog = Catalog(http)
        await catalog.list_spaces()
        listing = await catalog.list_assets(SALES)
    assert (listing.complete, codes(listing)) == (False, ["not_exposed"])
    assert tenant.asked(LEGACY) == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (None, "Row 2"),
        ("B", "Row 2"),
        ({"label": "x"}, "Row 2"),
        (asset(None), "Row 2"),
        (asset(""), "Row 2"),
        (asset(7), "Row 2"),
        (asset("B", spaceName="HR"), "'HR'"),
        (asset("B", spaceName=3), "Row 2"),
    ],
)
async def test_a_row_that_names_nothing_makes_the_listing_incomplete(
    tenant: Tenant, hands: Hands, row: object, says: str
) -> None:
    tenant.on(ASSETS, rows(asset("A"), row, asset("C")))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing), codes(listing)) == (False, ["A", "C"], ["wrong_shape"])
    assert says in listing.problems[0].message


@pytest.mark.parametrize(
    ("field", "value"),
    [("label", 5), ("assetRelationalMetadataUrl", []), ("hasParameters", "yes"), ("supportsAnalyticalQueries", 1)],
)
async def test_a_bad_fact_spoils_its_asset_only(tenant: Tenant, hands: Hands, field: str, value: object) -> None:
    tenant.on(ASSETS, rows(asset("A"), asset("B", **{field: value})))
    listing = await assets(tenant, hands)
    assert (listing.complete, names(listing)) == (True, ["A", "B"])
    assert [problem.subject for problem in listing.problems] == ["SALES/B"]
    assert field in listing.problems[0].message


@pytest.mark.parametrize(
    ("count", "complete"), [(2, True), ("2", True), (3, False), (1, False), (None, True), (True, False)]
)
async def test_an_announced_count_must_agree(tenant: Tenant, hands: Hands, count: object, complete: bool) -> None:
    tenant.on(ASSETS, rows(asset("A"), asset("B"), asset("B"), **{"@odata.count": count}))
    assert (await assets(tenant, hands)).complete is complete


async def test_names_are_literals_in_the_url(tenant: Tenant, hands: Hands) -> None:
    space = SpaceName("O'Brien & Söhne/50%+?")
    tenant.fallback = lambda request: rows()
    async with connect(tenant, hands) as http:
        assert (await Catalog(http).list_assets(space)).complete
    assert tenant.asked() == [f"{BASE}{CURRENT}/spaces('O%27%27Brien%20%26%20S%C3%B6hne%2F50%25%2B%3F')/assets"]


@pytest.mark.parametrize("name", ["\ud83d", "a\udc00", " ", "A/B", "\x00"])
async def test_a_row_of_whatever_name_is_a_row(tenant: Tenant, hands: Hands, name: str) -> None:
    tenant.on(ASSETS, rows(asset("A"), asset(name), **{"@odata.count": 2}))
    tenant.on(SPACES, rows({"name": name, "label": "S"}, {"name": "", "label": "S"}))
    async with connect(tenant, hands) as http:
        spaces = await Catalog(http).list_spaces()
        listing = await Catalog(http).list_assets(SALES)
    assert (listing.complete, names(listing), listing.problems) == (True, ["A", name], ())
    assert (spaces.complete, [space.name for space in spaces.items]) == (True, [name, ""])
