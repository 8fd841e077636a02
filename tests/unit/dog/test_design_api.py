"""The embedded tenant answers the design-time object API as the reference says (datasphere-api.md 4.1 to 4.3)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import httpx2
import pytest

from spheresync.dog.design import Design
from spheresync.dog.faults import Faults
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.objects import DogObject, DogSpace, Landscape, landscape_from_json, landscape_to_json
from spheresync.dog.tenant import DOG_BASE_URL, DOG_TOKEN_URL, DogTenant
from spheresync.dog.traffic import RequestKind
from spheresync.errors import UsageError
from spheresync.model import AssetKind
from spheresync.source.datasphere.csn.definition import read_object
from spheresync.source.datasphere.csn.document import parse_csn
from tests.simulators.edits_from_json import edit_from_json
from tests.simulators.landscape_edits import set_design
from tests.simulators.memory_content import MemoryContent

pytestmark = pytest.mark.anyio
API = "/dwaas-core/api/v1"
CONTENT = "application/vnd.sap.datasphere.object.content"
RUN_TIME = {"Accept": f"{CONTENT}.run-time+json"}
SEGMENTS = {
    AssetKind.LOCAL_TABLE: "localtables",
    AssetKind.REMOTE_TABLE: "remotetables",
    AssetKind.VIEW: "views",
    AssetKind.ANALYTIC_MODEL: "analyticmodels",
    AssetKind.DATA_FLOW: "dataflows",
    AssetKind.REPLICATION_FLOW: "replicationflows",
    AssetKind.TRANSFORMATION_FLOW: "transformationflows",
    AssetKind.TASK_CHAIN: "taskchains",
}


async def signed_in(tenant: DogTenant) -> httpx2.AsyncClient:
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.sign_in.client_id,
        "client_secret": tenant.sign_in.client_secret,
    }
    transport = httpx2.ASGITransport(app=tenant)
    async with httpx2.AsyncClient(transport=transport, base_url=DOG_BASE_URL) as client:
        token = (await client.post(DOG_TOKEN_URL, data=form)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.AsyncClient(transport=transport, base_url=DOG_BASE_URL, headers=headers)


@pytest.fixture
def tenant() -> DogTenant:
    return DogTenant(content=MemoryContent(retailer_landscape()))


def tenant_of(count: int) -> DogTenant:
    tables = tuple(DogObject(AssetKind.LOCAL_TABLE, f"T{number:03d}", "T", exposed=False) for number in range(count))
    return DogTenant(content=MemoryContent(Landscape((DogSpace("S", "S", tables),))))


async def names(client: httpx2.AsyncClient, path: str) -> list[str]:
    return [row["technicalName"] for row in (await client.get(path)).json()]


async def test_discovery_names_the_paths_that_are_served(tenant: DogTenant) -> None:
    async with await signed_in(tenant) as client:
        answer = await client.get(f"{API}/discovery")
        document: dict[str, Any] = answer.json()
        assert document["openapi"] == "3.0.3"
        assert set(document["paths"]) == {
            f"{API}/discovery",
            f"{API}/content",
            *(f"{API}/spaces/{{spaceId}}/{segment}" for segment in SEGMENTS.values()),
            *(f"{API}/spaces/{{spaceId}}/{segment}/{{technicalName}}" for segment in SEGMENTS.values()),
        }
        digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
        assert answer.headers["x-sap-cli-core-discovery-etag"] == digest
        tenant.faults = Faults(no_content=True, absent_types=frozenset({"taskchains"}))
        fewer = (await client.get(f"{API}/discovery")).json()["paths"]
        assert {path for path in document["paths"] if path not in fewer} == {
            f"{API}/content",
            f"{API}/spaces/{{spaceId}}/taskchains",
            f"{API}/spaces/{{spaceId}}/taskchains/{{technicalName}}",
        }
        assert (await client.get(f"{API}/spaces/SALES/taskchains")).status_code == 404
        assert (await client.get(f"{API}/content?space=SALES")).status_code == 404
        tenant.faults = Faults(no_discovery=True)
        missing = await client.get(f"{API}/discovery")
    assert (missing.status_code, missing.json()["code"]) == (404, "notFound")


@pytest.mark.parametrize("kind", AssetKind)
async def test_every_type_is_listed_and_each_object_reads_as_what_it_is(tenant: DogTenant, kind: AssetKind) -> None:
    async with await signed_in(tenant) as client:
        for space in tenant.landscape.spaces:
            base = f"{API}/spaces/{space.name}/{SEGMENTS[kind]}"
            expected = [item for item in space.objects if item.kind is kind]
            assert await names(client, f"{base}?top=200") == [item.name for item in expected]
            for item in expected:
                answer = await client.get(f"{base}/{item.name}", headers=RUN_TIME)
                assert (answer.status_code, answer.headers["content-type"]) == (200, RUN_TIME["Accept"])
                found = read_object(parse_csn(answer.content), item.name)
                assert [str(column.name) for column in found.columns] == [column.name for column in item.columns]


async def test_a_listing_is_a_bare_array_of_twenty_five_up_to_the_empty_page() -> None:
    tenant = tenant_of(230)
    base = f"{API}/spaces/S/localtables"
    async with await signed_in(tenant) as client:
        first = (await client.get(base)).json()
        assert first == [{"technicalName": f"T{number:03d}"} for number in range(25)]
        pages = [await names(client, f"{base}?top=100&skip={skip}") for skip in (0, 100, 200, 230)]
        assert [len(page) for page in pages] == [100, 100, 30, 0]
        assert len({name for page in pages for name in page}) == 230
        assert len(await names(client, f"{base}?top=500")) == 200, "more than 200 are not given"
        assert await names(client, f"{base}?$top=3&$skip=7") == [row["technicalName"] for row in first]
    assert tenant.traffic.count(RequestKind.OBJECTS) == 7


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("top=3&skip=0", 200),
        ("select=technicalName,businessName,status", 200),
        ("select=changedOn", 400),
        ("filter=status%20eq%20Deployed", 200),
        ("filter=status+eq+Deployed", 200),
        ("filter=contains(technicalName,'X')", 400),
        ("top=many", 400),
        ("skip=-1", 400),
        ("unheard=of", 200),
    ],
)
async def test_options_of_a_listing(tenant: DogTenant, query: str, status: int) -> None:
    async with await signed_in(tenant) as client:
        answer = await client.get(f"{API}/spaces/SALES/views?{query}")
    assert answer.status_code == status
    assert isinstance(answer.json(), list if status == 200 else dict)


async def test_an_option_chooses_properties_names_and_what_is_deployed(tenant: DogTenant) -> None:
    tenant.edit(set_design("SALES", "ORDERS", {"deployed": False}))
    base = f"{API}/spaces/SALES/views"
    async with await signed_in(tenant) as client:
        asked = f"{base}?top=200&select=technicalName,businessName,status&technicalNames=ORDERS,Orders"
        assert (await client.get(asked)).json() == [
            {"technicalName": "Orders", "businessName": "Sales Orders", "status": "Deployed"},
            {"technicalName": "ORDERS", "businessName": "Sales Orders (legacy extract)", "status": "Not Deployed"},
        ]
        assert await names(client, f"{base}?filter=status%20ne%20'Deployed'") == ["ORDERS"]
        assert (await client.get(f"{base}/ORDERS", headers=RUN_TIME)).status_code == 404
        design_time = await client.get(f"{base}/ORDERS", headers={"Accept": f"{CONTENT}.design-time+json"})
        assert (design_time.status_code, design_time.headers["content-type"]) == (200, f"{CONTENT}.design-time+json")
        content = (await client.get(f"{API}/content?space=SALES&definitions=true")).json()["SALES"]["definitions"]
    assert "Orders" in content
    assert "ORDERS" not in content


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/vnd.sap.datasphere.object+json"])
async def test_without_the_media_type_there_is_no_csn(tenant: DogTenant, accept: str) -> None:
    path = f"{API}/spaces/SALES/views/Orders"
    async with await signed_in(tenant) as client:
        for _ in range(2):  # the second is served from what is remembered
            short = await client.get(path, headers={"Accept": accept})
            assert short.json() == {"technicalName": "Orders", "businessName": "Sales Orders", "type": "views"}
            whole = await client.get(path, headers={"Accept": f"{CONTENT}+json"})
            assert (whole.headers["content-type"], "definitions" in whole.json()) == (f"{CONTENT}+json", True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("spaces/SALES/analyticmodels/Orders", 404),
        ("spaces/SALES/views/NOPE", 404),
        ("spaces/SALES/views/orders", 404),
        ("spaces/SALES/views/SAP.TIME.VIEW_DIMENSION_DAY", 200),
        ("spaces/SALES/localtables/LT_ORDERS", 200),
        ("spaces/NOT_MINE/views", 403),
        ("spaces/NOT_MINE/views/Orders", 403),
        ("content?space=NOT_MINE&definitions=true", 403),
        ("content", 403),
    ],
)
async def test_status(tenant: DogTenant, path: str, status: int) -> None:
    async with await signed_in(tenant) as client:
        answer = await client.get(f"{API}/{path}", headers=RUN_TIME)
    assert answer.status_code == status
    assert isinstance(answer.json(), dict), "an error is JSON too"


async def test_names_are_percent_encoded() -> None:
    name = "/BIC/Ä Übersicht"
    landscape = Landscape((DogSpace("S", "S", (DogObject(AssetKind.VIEW, name, "x"),)),))
    async with await signed_in(DogTenant(content=MemoryContent(landscape))) as client:
        answer = await client.get(f"{API}/spaces/S/views/%2FBIC%2F%C3%84%20%C3%9Cbersicht", headers=RUN_TIME)
    assert list(answer.json()["definitions"]) == [name]


async def test_other_paths_and_methods(tenant: DogTenant) -> None:
    async with await signed_in(tenant) as client:
        for path in ("spaces/SALES/ermodels", "spaces//views", "nothing", "spaces/SALES/views/Orders/x"):
            assert "html" in (await client.get(f"{API}/{path}")).headers["content-type"]
        assert (await client.post(f"{API}/spaces/SALES/views")).status_code == 405
    transport = httpx2.ASGITransport(app=tenant)
    async with httpx2.AsyncClient(transport=transport, base_url=DOG_BASE_URL) as client:
        assert (await client.get(f"{API}/discovery")).status_code == 401


async def test_the_content_of_a_space_is_read_at_once(tenant: DogTenant) -> None:
    async with await signed_in(tenant) as client:
        without = (await client.get(f"{API}/content?space=HR")).json()
        whole = (await client.get(f"{API}/content?space=HR&definitions=true")).json()
        some = (await client.get(f"{API}/content?space=HR&definitions=PAYROLL,EMPLOYEES")).json()
        single = (await client.get(f"{API}/spaces/HR/views/PAYROLL", headers=RUN_TIME)).json()
    assert without["HR"].keys() == {"spaceDefinition"}
    assert whole["HR"]["spaceDefinition"]["version"] == "1.0.4"
    assert whole["HR"]["definitions"]["PAYROLL"] == single["definitions"]["PAYROLL"]
    assert set(some["HR"]["definitions"]) == {"PAYROLL", "EMPLOYEES"}
    assert tenant.traffic.counts() == {"token": 1, "content": 3, "object": 1}


class TestFaults:
    PATHS = (f"{API}/discovery", f"{API}/spaces/HR/views", f"{API}/spaces/HR/views/PAYROLL", f"{API}/content?space=HR")

    @pytest.mark.parametrize("path", PATHS)
    async def test_they_are_those_of_the_catalog(self, tenant: DogTenant, path: str) -> None:
        async with await signed_in(tenant) as client:
            whole = (await client.get(path, headers=RUN_TIME)).content
            tenant.faults = Faults(throttle_next=1, retry_after=9)
            throttled = await client.get(path)
            assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "9")
            for faults in (Faults(html_outage=True), Faults(html_matching=path.partition("?")[0])):
                tenant.faults = faults
                answer = await client.get(path)
                assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html")
            for faults, status in (
                (Faults(error_storm=True), 500),
                (Faults(failing_matching="dwaas-core", failing_status=502), 502),
                (Faults(revoke_next=1), 401),
            ):
                tenant.faults = faults
                assert (await client.get(path)).status_code == status
            tenant.faults = Faults(truncated_matching="dwaas-core")
            assert (await client.get(path, headers=RUN_TIME)).content == whole[: len(whole) // 2]
            tenant.faults = Faults(wrong_shape_matching="dwaas-core")
            assert (await client.get(path)).json() == {"d": {}}

    async def test_a_server_that_ignores_skip_gives_the_first_page_for_ever(self) -> None:
        tenant = tenant_of(40)
        tenant.faults = Faults(skip_ignored=True)
        async with await signed_in(tenant) as client:
            first, second = [await names(client, f"{API}/spaces/S/localtables?skip={skip}") for skip in (0, 25)]
        assert first == second

    async def test_half_a_listing(self) -> None:
        tenant = tenant_of(40)
        async with await signed_in(tenant) as client:
            tenant.faults = Faults(failing_page=2)
            base = f"{API}/spaces/S/localtables?top=20"
            assert [(await client.get(f"{base}&skip={skip}")).status_code for skip in (0, 20)] == [200, 500]
            tenant.faults = Faults(vanish=0.5)
            assert len(await names(client, f"{API}/spaces/S/localtables?top=200")) == 20
            assert (await client.get(f"{API}/spaces/S/localtables/T039", headers=RUN_TIME)).status_code == 404

    async def test_what_the_catalog_lost_the_object_api_lost_too(self, tenant: DogTenant) -> None:
        tenant.faults = Faults(vanish=0.5)
        async with await signed_in(tenant) as client:
            rows = (await client.get("/api/v1/datasphere/consumption/catalog/spaces('HR')/assets")).json()["value"]
            kept = [
                name
                for segment in ("views", "analyticmodels")
                for name in await names(client, f"{API}/spaces/HR/{segment}?top=200")
            ]
        assert {row["name"] for row in rows} <= set(kept)

    @pytest.mark.parametrize("field", ["denied_spaces", "hidden_spaces"])
    async def test_spaces_that_are_not_open(self, tenant: DogTenant, field: str) -> None:
        tenant.faults = Faults().changed({field: ["HR"]})
        async with await signed_in(tenant) as client:
            answers = [await client.get(path, headers=RUN_TIME) for path in self.PATHS[1:]]
        assert [answer.status_code for answer in answers] == [403, 403, 403]

    async def test_a_space_that_is_not_available_is_not_listed(self, tenant: DogTenant) -> None:
        tenant.faults = Faults(unavailable_spaces=frozenset({"HR"}))
        async with await signed_in(tenant) as client:
            answers = [await client.get(path, headers=RUN_TIME) for path in self.PATHS[1:]]
        assert [answer.status_code for answer in answers] == [503, 200, 503]


def test_what_only_csn_says_lasts_and_is_left_out_where_there_is_none() -> None:
    plain = landscape_to_json(Landscape((DogSpace("S", "S", (DogObject(AssetKind.VIEW, "V", "V"),)),)))
    assert "design" not in json.dumps(plain)
    landscape = landscape_from_json(plain)
    for document in (
        {"op": "add_column", "space": "S", "asset": "V", "column": {"name": "A", "type": "Date"}},
        {
            "op": "set_design",
            "space": "S",
            "asset": "V",
            "design": {
                "reads": [{"source": {"object": "T"}, "picks": [{"column": "A", "path": ["T", "X"]}]}],
                "associations": [{"name": "_B", "target": "B", "columns": [["A", "ID"]], "use": "text"}],
            },
        },
        {"op": "set_design", "space": "S", "asset": "V", "design": {"labels": [["de", "Sicht"]]}},
        {"op": "set_column_design", "space": "S", "asset": "V", "column": "A", "design": {"personal": True}},
        {"op": "rename_column", "space": "S", "asset": "V", "column": "A", "name": "B"},
    ):
        landscape = edit_from_json(document)(landscape)  # type: ignore[arg-type]
    assert landscape_from_json(json.loads(json.dumps(landscape_to_json(landscape)))) == landscape
    (item,) = landscape.spaces[0].objects
    assert (item.columns[0].name, item.columns[0].design.personal, item.design.labels) == (
        "B",
        True,
        (("de", "Sicht"),),
    )
    pick = item.design.reads[0].pick("B")
    assert pick is not None
    assert (pick.path, item.design.associations[0].columns) == (("T", "X"), (("B", "ID"),))
    assert item.design != Design()


@pytest.mark.parametrize(
    "design", [{"nope": 1}, {"labels": "de"}, {"reads": [{"source": {"object": 7}}]}, {"deployed": "perhaps"}, []]
)
def test_a_malformed_design_is_refused(design: object) -> None:
    document: Any = {"op": "set_design", "space": "HR", "asset": "PAYROLL", "design": design}
    with pytest.raises(UsageError, match="design"):
        edit_from_json(document)(retailer_landscape())
