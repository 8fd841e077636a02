"""The embedded tenant answers as the reference says (datasphere-api.md 1 to 3)."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from spheresync.dog.edits import set_label
from spheresync.dog.faults import Faults
from spheresync.dog.objects import DogObject, DogSpace, Landscape
from spheresync.dog.tenant import DOG_BASE_URL, DOG_TOKEN_URL, DogTenant
from spheresync.dog.traffic import RequestKind
from spheresync.errors import UsageError
from spheresync.model import AssetKind
from tests.simulators.landscape_edits import add_asset, remove_asset
from tests.simulators.memory_content import MemoryContent

pytestmark = pytest.mark.anyio
CATALOG = "/api/v1/datasphere/consumption/catalog"
RELATIONAL = "/api/v1/datasphere/consumption/relational"
ANALYTICAL = "/api/v1/datasphere/consumption/analytical"
XML = {"Accept": "application/xml"}


def client_of(tenant: DogTenant, **headers: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=tenant), base_url=DOG_BASE_URL, headers=headers)


async def signed_in(tenant: DogTenant) -> httpx2.AsyncClient:
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.sign_in.client_id,
        "client_secret": tenant.sign_in.client_secret,
    }
    async with client_of(tenant) as client:
        answer = await client.post(DOG_TOKEN_URL, data=form)
    return client_of(tenant, Authorization=f"Bearer {answer.json()['access_token']}")


async def names(client: httpx2.AsyncClient, path: str) -> list[str]:
    """Names of a whole listing, following nextLink until there is none."""
    found: list[str] = []
    url: str | None = path
    while url is not None:
        document: dict[str, Any] = (await client.get(url)).json()
        found += [row["name"] for row in document["value"]]
        url = document.get("@odata.nextLink")
    return found


@pytest.fixture
def tenant(tmp_path: Path) -> DogTenant:
    return DogTenant(tmp_path)


def tenant_of(count: int, *, page_size: int = 500) -> DogTenant:
    objects = tuple(DogObject(AssetKind.VIEW, f"A{number:04d}", f"Asset {number}") for number in range(count))
    return DogTenant(content=MemoryContent(Landscape((DogSpace("S", "S", objects),))), page_size=page_size)


class TestToken:
    async def test_basic_and_body_credentials_are_taken(self, tenant: DogTenant) -> None:
        pair = f"{tenant.sign_in.client_id}:{tenant.sign_in.client_secret}"
        basic = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        async with client_of(tenant) as client:
            answer = await client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=basic)
        assert answer.status_code == 200
        assert answer.json().keys() >= {"access_token", "expires_in"}
        async with await signed_in(tenant) as client:
            assert (await client.get(f"{CATALOG}/spaces")).status_code == 200

    async def test_a_wrong_secret_and_another_grant_are_refused(self, tenant: DogTenant) -> None:
        form = {"client_id": tenant.sign_in.client_id, "client_secret": "wrong", "grant_type": "client_credentials"}
        async with client_of(tenant) as client:
            refused = await client.post("/oauth/token", data=form)
            right = form | {"client_secret": tenant.sign_in.client_secret, "grant_type": "password"}
            unsupported = await client.post("/oauth/token", data=right)
        assert (refused.status_code, refused.json()["error"]) == (401, "unauthorized")
        assert (unsupported.status_code, unsupported.json()["error"]) == (400, "unsupported_grant_type")

    async def test_without_a_token_or_with_a_revoked_one_it_is_401(self, tenant: DogTenant) -> None:
        async with client_of(tenant) as client:
            assert (await client.get(f"{CATALOG}/spaces")).status_code == 401
        async with await signed_in(tenant) as client:
            tenant.faults = Faults(revoked_tokens=1)
            refused = await client.get(f"{CATALOG}/spaces")
        assert refused.status_code == 401
        assert refused.json()["error"] == "unauthorized"
        async with await signed_in(tenant) as client:
            assert (await client.get(f"{CATALOG}/spaces")).status_code == 200

    async def test_a_token_holds_in_another_process_on_the_same_folder(self, tenant: DogTenant, tmp_path: Path) -> None:
        async with await signed_in(tenant) as client:
            token = client.headers["Authorization"]
        async with client_of(DogTenant(tmp_path), Authorization=token) as client:
            assert (await client.get(f"{CATALOG}/spaces")).status_code == 200


class TestCatalog:
    async def test_an_entry_has_the_members_of_a_real_one(self, tenant: DogTenant) -> None:
        async with await signed_in(tenant) as client:
            rows = (await client.get(f"{CATALOG}/spaces('SALES')/assets")).json()["value"]
        entries = {row["name"]: row for row in rows}
        model = entries["AM_SALES"]
        assert model == {
            "name": "AM_SALES",
            "label": "Sales Analysis",
            "spaceName": "SALES",
            "assetRelationalMetadataUrl": None,
            "assetRelationalDataUrl": None,
            "assetAnalyticalMetadataUrl": f"{DOG_BASE_URL}{ANALYTICAL}/SALES/AM_SALES/$metadata",
            "assetAnalyticalDataUrl": f"{DOG_BASE_URL}{ANALYTICAL}/SALES/AM_SALES/",
            "supportsAnalyticalQueries": True,
            "hasParameters": False,
        }
        assert entries["REVENUE_BY_PERIOD"]["hasParameters"] is True
        assert {"Orders", "ORDERS"} <= entries.keys()

    async def test_only_exposed_views_and_models_are_listed(self, tenant: DogTenant) -> None:
        async with await signed_in(tenant) as client:
            listed = await names(client, f"{CATALOG}/assets")
            spaces = await names(client, f"{CATALOG}/spaces")
            one_space = await client.get(f"{CATALOG}/spaces('FINANCE')")
        assert not {"LT_ORDERS", "RT_VBAK", "V_ORDERS_STAGING", "RF_S4_SALES", "TC_SALES_DAILY"} & set(listed)
        assert spaces == ["SALES", "SUPPLY_CHAIN", "FINANCE", "HR"]
        assert 55 <= len(listed) <= 65
        assert one_space.json()["label"] == "Finanzen & Controlling"

    async def test_legacy_paths_answer_with_legacy_urls(self, tenant: DogTenant) -> None:
        async with await signed_in(tenant) as client:
            row = (await client.get("/api/v1/dwc/catalog/spaces('HR')/assets")).json()["value"][0]
            assert row["assetRelationalMetadataUrl"].startswith(f"{DOG_BASE_URL}/api/v1/dwc/consumption/relational/HR/")
            assert (await client.get(row["assetRelationalMetadataUrl"], headers=XML)).status_code == 200
            tenant.faults = Faults(legacy_only=True)
            assert "html" in (await client.get(f"{CATALOG}/spaces")).headers["content-type"]
            assert (await client.get("/api/v1/dwc/catalog/spaces")).status_code == 200

    async def test_a_full_page_leads_on_even_to_an_empty_one(self) -> None:
        tenant = tenant_of(6, page_size=3)
        async with await signed_in(tenant) as client:
            found = await names(client, f"{CATALOG}/spaces('S')/assets")
        assert found == [f"A{number:04d}" for number in range(6)]
        assert tenant.traffic.count(RequestKind.SPACE_ASSETS) == 3

    async def test_client_paging_turns_next_links_off_and_top_is_capped(self) -> None:
        async with await signed_in(tenant_of(8, page_size=3)) as client:
            page = (await client.get(f"{CATALOG}/assets?$top=100&$skip=1")).json()
        assert [row["name"] for row in page["value"]] == ["A0001", "A0002", "A0003"]
        assert "@odata.nextLink" not in page

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("$filter=spaceName%20eq%20'HR'", 200),
            ("$filter=name%20eq%20'ORDERS'%20and%20spaceName%20eq%20'SALES'", 200),
            ("$filter=spaceName+eq+'HR'", 400),
            ("$filter=contains(tolower(name),'x')", 400),
            ("$filter=assetType%20eq%20'View'", 400),
            ("$search=orders", 400),
            ("$top=many", 400),
        ],
    )
    async def test_query_options(self, tenant: DogTenant, query: str, status: int) -> None:
        async with await signed_in(tenant) as client:
            answer = await client.get(f"{CATALOG}/assets?{query}")
        assert answer.status_code == status
        if status == 400:
            assert answer.json()["error"].keys() == {"code", "message"}

    async def test_unknown_paths_answer_a_login_page(self, tenant: DogTenant) -> None:
        async with client_of(tenant) as client:
            answer = await client.get("/api/v1/datasphere/kpis")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")


class TestConsumption:
    @pytest.mark.parametrize(
        ("path", "accept", "status"),
        [
            (f"{RELATIONAL}/SALES/ORDERS/$metadata", "application/xml", 200),
            (f"{RELATIONAL}/SALES/ORDERS/$metadata", "application/json", 406),
            (f"{RELATIONAL}/SALES/SAP.TIME.VIEW_DIMENSION_DAY/$metadata", "application/xml", 200),
            (f"{ANALYTICAL}/SALES/Orders/$metadata", "application/xml", 200),
            (f"{ANALYTICAL}/SALES/ORDERS/$metadata", "application/xml", 400),
            (f"{RELATIONAL}/SALES/AM_SALES/$metadata", "application/xml", 404),
            (f"{RELATIONAL}/SALES/LT_ORDERS/$metadata", "application/xml", 404),
            (f"{RELATIONAL}/SALES/orders/$metadata", "application/xml", 404),
            (f"{RELATIONAL}/NOT_MINE/X/$metadata", "application/xml", 403),
            (f"{CATALOG}/spaces('NOT_MINE')/assets", "application/json", 403),
            (f"{CATALOG}/$metadata", "application/json", 406),
            (f"{CATALOG}/$metadata", "application/xml", 200),
            (f"{RELATIONAL}/SALES/ORDERS?$top=1", "application/json", 400),
        ],
    )
    async def test_status(self, tenant: DogTenant, path: str, accept: str, status: int) -> None:
        async with await signed_in(tenant) as client:
            assert (await client.get(path, headers={"Accept": accept})).status_code == status

    async def test_the_service_document_names_the_entity_set(self, tenant: DogTenant) -> None:
        async with await signed_in(tenant) as client:
            answer = await client.get(f"{RELATIONAL}/SALES/SAP.TIME.VIEW_DIMENSION_DAY/")
        assert [row["name"] for row in answer.json()["value"]] == ["SAP_TIME_VIEW_DIMENSION_DAY"]


class TestFaults:
    @pytest.mark.parametrize(
        ("faults", "path", "status", "content_type"),
        [
            (Faults(unavailable_spaces=frozenset({"HR"})), f"{CATALOG}/spaces('HR')/assets", 503, "json"),
            (Faults(unavailable_spaces=frozenset({"HR"})), f"{CATALOG}/spaces('SALES')/assets", 200, "json"),
            (Faults(denied_spaces=frozenset({"HR"})), f"{CATALOG}/spaces('HR')/assets", 403, "json"),
            (Faults(denied_spaces=frozenset({"HR"})), f"{RELATIONAL}/HR/EMPLOYEES/$metadata", 403, "json"),
            (Faults(html_outage=True), f"{CATALOG}/spaces", 200, "html"),
            (Faults(error_storm=True), f"{RELATIONAL}/HR/EMPLOYEES/$metadata", 500, "json"),
            (Faults(failing_matching="HR/EMPLOYEES"), f"{RELATIONAL}/HR/EMPLOYEES/$metadata", 500, "json"),
            (Faults(failing_page=1), f"{CATALOG}/spaces('HR')/assets", 500, "json"),
        ],
    )
    async def test_status(self, tenant: DogTenant, faults: Faults, path: str, status: int, content_type: str) -> None:
        async with await signed_in(tenant) as client:
            tenant.faults = faults
            answer = await client.get(path, headers={"Accept": "*/*"})
        assert answer.status_code == status
        assert content_type in answer.headers["content-type"]

    async def test_throttling_ends_by_itself(self, tenant: DogTenant) -> None:
        async with await signed_in(tenant) as client:
            tenant.faults = Faults(throttle_next=2, retry_after=7)
            answers = [await client.get(f"{CATALOG}/spaces") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [429, 429, 200]
        assert answers[0].headers["retry-after"] == "7"

    async def test_a_body_breaks_off_and_another_has_a_wrong_shape(self, tenant: DogTenant) -> None:
        async with await signed_in(tenant) as client:
            whole = (await client.get(f"{CATALOG}/spaces")).content
            tenant.faults = Faults(truncated_matching="/spaces")
            cut = (await client.get(f"{CATALOG}/spaces")).content
            tenant.faults = Faults(wrong_shape_matching="/spaces")
            odd = (await client.get(f"{CATALOG}/spaces")).json()
        assert cut == whole[: len(whole) // 2]
        assert "value" not in odd

    async def test_paging_faults(self) -> None:
        tenant = tenant_of(6, page_size=2)
        path = f"{CATALOG}/spaces('S')/assets"
        async with await signed_in(tenant) as client:
            tenant.faults = Faults(paging_loop=True)
            assert (await client.get(path)).json()["@odata.nextLink"] == f"{DOG_BASE_URL}{path}"
            tenant.faults = Faults(relative_links=True)
            assert (await client.get(path)).json()["@odata.nextLink"] == "assets?$skiptoken=2"
            tenant.faults = Faults(foreign_next_link=True)
            assert "elsewhere.invalid" in (await client.get(path)).json()["@odata.nextLink"]
            tenant.faults = Faults(failing_page=2)
            assert (await client.get(path)).status_code == 200
            assert (await client.get(f"{path}?$skiptoken=2")).status_code == 500

    async def test_assets_vanish_and_come_back(self) -> None:
        tenant = tenant_of(10)
        async with await signed_in(tenant) as client:
            tenant.faults = Faults(vanish=0.7)
            assert await names(client, f"{CATALOG}/assets") == ["A0000", "A0001", "A0002"]
            tenant.faults = replace(tenant.faults, vanish_spaces=frozenset({"OTHER"}))
            assert len(await names(client, f"{CATALOG}/assets")) == 10

    async def test_a_hidden_space_is_neither_listed_nor_readable(self, tenant: DogTenant) -> None:
        async with await signed_in(tenant) as client:
            tenant.faults = Faults(hidden_spaces=frozenset({"HR"}))
            assert "HR" not in await names(client, f"{CATALOG}/spaces")
            assert "EMPLOYEES" not in await names(client, f"{CATALOG}/assets")
            assert (await client.get(f"{CATALOG}/spaces('HR')/assets")).status_code == 403

    async def test_compressed_bodies_say_the_same(self, tenant: DogTenant) -> None:
        async with await signed_in(tenant) as client:
            plain = await client.get(f"{RELATIONAL}/HR/PAYROLL/$metadata", headers=XML)
            tenant.faults = Faults(gzip=True)
            packed = await client.get(f"{RELATIONAL}/HR/PAYROLL/$metadata", headers=XML)
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content

    def test_faults_are_set_by_json_and_unknown_ones_are_refused(self) -> None:
        changed = Faults().changed({"denied_spaces": ["HR"], "vanish": 1, "throttle_next": 3})
        assert changed == Faults(denied_spaces=frozenset({"HR"}), vanish=1.0, throttle_next=3)
        assert Faults().changed(changed.to_json()) == changed
        with pytest.raises(UsageError, match="no fault 'denied'"):
            Faults().changed({"denied": ["HR"]})
        with pytest.raises(UsageError, match="takes a bool"):
            Faults().changed({"gzip": 1})


async def test_edits_are_served_at_once(tenant: DogTenant) -> None:
    async with await signed_in(tenant) as client:
        before = await names(client, f"{CATALOG}/spaces('HR')/assets")
        tenant.edit(
            set_label("HR", "PAYROLL", "Löhne"),
            remove_asset("HR", "HOLIDAYS"),
            add_asset("HR", DogObject(AssetKind.VIEW, "NEW", "New")),
        )
        rows = (await client.get(f"{CATALOG}/spaces('HR')/assets")).json()["value"]
        document = await client.get(f"{RELATIONAL}/HR/PAYROLL/$metadata", headers=XML)
    assert {row["name"] for row in rows} == (set(before) - {"HOLIDAYS"}) | {"NEW"}
    assert 'Term="Common.Label" String="Löhne"' in document.text


async def test_traffic_tells_what_was_asked(tenant: DogTenant) -> None:
    async with await signed_in(tenant) as client:
        await client.get(f"{CATALOG}/spaces")
        await client.get(f"{RELATIONAL}/HR/PAYROLL/$metadata", headers=XML)
    assert tenant.traffic.counts() == {"token": 1, "spaces": 1, "relational_metadata": 1}
    times = [hit.at for hit in tenant.traffic.hits]
    assert times == sorted(times)
    tenant.traffic.clear()
    assert tenant.traffic.count() == 0
