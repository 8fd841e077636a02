"""The connector as one: from the catalog to assets, and what its connection test says."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import httpx2
import pytest

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetEntry, AssetId, RawDefinition, SpaceName, TechnicalName
from spheresync.source.datasphere.normalise import normalise
from spheresync.source.datasphere.source import DatasphereSource
from spheresync.source.protocol import Check
from tests.unit.source.documents import edmx, entity, entry
from tests.unit.source.double import BASE, CURRENT, Hands, Reply, Tenant, as_json, connect, page, rows

pytestmark = pytest.mark.anyio

GOOD = edmx(entity('<Property Name="A" Type="Edm.Int32"/>'))
R, A = "/r/$metadata", "/a/$metadata"
BOTH = entry(relational_metadata_url=f"{BASE}{R}", analytical_metadata_url=f"{BASE}{A}")


def xml(body: bytes = GOOD) -> Reply:
    return Reply(200, body, {"content-type": "application/xml"})


def source(tenant: Tenant, hands: Hands) -> DatasphereSource:
    return DatasphereSource(connect(tenant, hands))


async def fetched(tenant: Tenant, hands: Hands, wanted: AssetEntry = BOTH) -> RawDefinition:
    async with source(tenant, hands) as opened:
        return await opened.fetch(wanted)


async def test_both_documents_are_fetched_at_once(tenant: Tenant, hands: Hands) -> None:
    tenant.on(R, xml())
    tenant.on(A, xml(GOOD + b"\n"))
    definition = await fetched(tenant, hands)
    assert definition.documents == (("relational", GOOD), ("analytical", GOOD + b"\n"))
    assert definition.notes == ()
    assert tenant.most_in_flight == 2
    assert {request.headers["accept"] for request in tenant.requests[1:]} == {"application/xml"}
    assert [column.name for column in normalise(definition).columns] == ["A"]


async def test_the_digest_covers_documents_and_entry(tenant: Tenant, hands: Hands) -> None:
    tenant.on(R, xml())
    tenant.on(A, xml())
    plain = (await fetched(tenant, hands)).digest
    assert (await fetched(tenant, hands)).digest == plain
    relabelled = entry(
        relational_metadata_url=f"{BASE}{R}", analytical_metadata_url=f"{BASE}{A}", label="Something else"
    )
    assert (await fetched(tenant, hands, relabelled)).digest != plain
    tenant.on(A, xml(GOOD.replace(b"Int32", b"Int64")))
    assert (await fetched(tenant, hands)).digest != plain


async def test_no_analytical_access_is_a_note(tenant: Tenant, hands: Hands) -> None:
    tenant.on(R, xml())
    tenant.on(A, Reply(400))
    definition = await fetched(tenant, hands)
    assert [surface for surface, _ in definition.documents] == ["relational"]
    assert [(note.subject, note.code) for note in definition.notes] == [("DEMO/SALES", "no_analytical_access")]


@pytest.mark.parametrize(
    ("relational", "analytical", "fault"),
    [
        (Reply(404), xml(), SourceFault.NOT_EXPOSED),
        (Reply(403), xml(), SourceFault.FORBIDDEN),
        (Reply(400), xml(), SourceFault.BAD_REQUEST),
        (Reply(500), Reply(400), SourceFault.SERVER_ERROR),
        (xml(), Reply(404), SourceFault.NOT_EXPOSED),
        (xml(), Reply(500), SourceFault.SERVER_ERROR),
        (xml(), page(), SourceFault.HTML_INSTEAD),
        (xml(GOOD[:-30]), xml(), SourceFault.TRUNCATED),
        (xml(b"{}"), xml(), SourceFault.WRONG_SHAPE),
        (Reply(406), xml(), SourceFault.NOT_ACCEPTABLE),
    ],
)
async def test_a_missing_document_is_an_error_that_names_the_asset(
    tenant: Tenant, hands: Hands, relational: Reply, analytical: Reply, fault: SourceFault
) -> None:
    tenant.on(R, relational)
    tenant.on(A, analytical)
    with pytest.raises(SourceError) as caught:
        await fetched(tenant, hands)
    assert caught.value.fault is fault
    assert "DEMO/SALES" in caught.value.message
    assert caught.value.remedy


async def test_analytical_access_that_the_catalog_promises_is_not_a_note(tenant: Tenant, hands: Hands) -> None:
    """Columns that only that document has would be lost."""
    tenant.on(R, xml())
    tenant.on(A, Reply(400))
    promised = entry(
        relational_metadata_url=f"{BASE}{R}", analytical_metadata_url=f"{BASE}{A}", supports_analytical_queries=True
    )
    with pytest.raises(SourceError) as caught:
        await fetched(tenant, hands, promised)
    assert caught.value.fault is SourceFault.NO_ANALYTICAL_ACCESS


async def test_an_analytic_model_without_analytical_access_is_an_error(tenant: Tenant, hands: Hands) -> None:
    tenant.on(A, Reply(400))
    model = entry(relational_metadata_url=None, analytical_metadata_url=f"{BASE}{A}")
    with pytest.raises(SourceError) as caught:
        await fetched(tenant, hands, model)
    assert caught.value.fault is SourceFault.NO_ANALYTICAL_ACCESS


async def test_an_entry_without_urls_is_an_error(tenant: Tenant, hands: Hands) -> None:
    with pytest.raises(SourceError, match="DEMO/SALES"):
        await fetched(tenant, hands, entry(relational_metadata_url=None))


async def test_a_document_cut_on_the_way_is_asked_for_again(tenant: Tenant, hands: Hands) -> None:
    tenant.on(R, xml(GOOD[:-1]), xml(GOOD[:-40]), xml())
    definition = await fetched(tenant, hands, entry(relational_metadata_url=f"{BASE}{R}"))
    assert definition.documents == (("relational", GOOD),)


@pytest.mark.parametrize(
    ("served", "asked"),
    [
        ("/r/Sales Orders/$metadata", "/r/Sales%20Orders/$metadata"),
        ("/r/Aufträge/$metadata", "/r/Auftr%C3%A4ge/$metadata"),
        ("/r/%2FBIC%2FX/$metadata", "/r/%2FBIC%2FX/$metadata"),
        ("/r/100%/$metadata", "/r/100%25/$metadata"),
        ("/r/A#1/$metadata", "/r/A%231/$metadata"),
        ("/r/why?/$metadata", "/r/why%3F/$metadata"),
        ("/r/it's/$metadata", "/r/it's/$metadata"),
        ("/r/A/$metadata?sap-language=EN", "/r/A/$metadata?sap-language=EN"),
    ],
)
async def test_urls_are_sent_as_they_were_meant(tenant: Tenant, hands: Hands, served: str, asked: str) -> None:
    tenant.fallback = lambda request: xml()
    await fetched(tenant, hands, entry(relational_metadata_url=f"{BASE}{served}"))
    assert tenant.asked() == [f"{BASE}{asked}"]


async def test_a_cancelled_fetch_leaves_nothing_behind(tenant: Tenant, hands: Hands) -> None:
    tenant.on(R, xml())
    tenant.on(A, xml())
    tenant.linger = 1000
    async with source(tenant, hands) as opened:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(opened.fetch, BOTH)
                while tenant.in_flight < 1:
                    await anyio.lowlevel.checkpoint()
                scope.cancel()
        assert tenant.in_flight == 0
        tenant.linger = 1
        await opened.fetch(BOTH)


async def test_from_the_catalog_to_an_asset(tenant: Tenant, hands: Hands) -> None:
    tenant.on(f"{CURRENT}/spaces", rows({"name": "DEMO", "label": "Demo"}))
    tenant.on(
        f"{CURRENT}/spaces('DEMO')/assets",
        rows({"name": "SALES", "spaceName": "DEMO", "assetRelationalMetadataUrl": f"{BASE}{R}"}),
    )
    tenant.on(R, xml())
    async with source(tenant, hands) as opened:
        (space,) = (await opened.list_spaces()).items
        (listed,) = (await opened.list_assets(space.name)).items
        asset = normalise(await opened.fetch(listed))
        assert opened.usage.requests == 4
    assert (str(asset.id), [column.name for column in asset.columns]) == ("DEMO/SALES", ["A"])
    assert space.name == SpaceName("DEMO")


@pytest.mark.parametrize(
    ("token", "spaces", "verdict"),
    [
        (None, rows({"name": "A"}, {"name": "B"}), ([True, True, True], "2 spaces can be listed: A, B.")),
        (None, rows({"name": "A"}), ([True, True, True], "1 space can be listed: A.")),
        (None, rows(), ([True, False], "no space")),
        (None, Reply(403), ([True, False], "403")),
        (Reply(401), rows(), ([False], "token server")),
        (httpx2.ConnectError("x"), rows(), ([False], "no answer")),
    ],
)
async def test_the_connection_test(
    tenant: Tenant,
    hands: Hands,
    token: Reply | Exception | None,
    spaces: Reply,
    verdict: tuple[list[bool], str],
) -> None:
    tenant.on_token = lambda request: token
    tenant.on(f"{CURRENT}/spaces", spaces)
    for space in "AB":
        tenant.on(f"{CURRENT}/spaces('{space}')/assets", rows({"name": "X", "spaceName": space}))
    async with source(tenant, hands) as opened:
        checks = await opened.check()
    verdicts, says = verdict
    assert [check.ok for check in checks] == verdicts
    assert says in checks[-1].message
    assert all(check.ok or check.remedy for check in checks)


async def checked(
    tenant: Tenant, hands: Hands, spaces: dict[str, Reply], wants: Callable[[SpaceName], bool] = lambda _: True
) -> list[Check]:
    """What a connection test says of the spaces."""
    tenant.on(f"{CURRENT}/spaces", rows(*({"name": space} for space in spaces)))
    for space, reply in spaces.items():
        tenant.on(f"{CURRENT}/spaces('{space}')/assets", reply)
    async with source(tenant, hands) as opened:
        checks = await opened.check(wants)
    assert [check.ok for check in checks[:2]] == [True, True]
    return list(checks[2:])


FULL = rows(*({"name": f"V{n}"} for n in range(500)), **{"@odata.nextLink": "assets?$skiptoken=500"})


async def test_a_space_without_access_is_named_with_the_remedy(tenant: Tenant, hands: Hands) -> None:
    good, bad = await checked(tenant, hands, {"SALES": FULL, "HR": Reply(403), "EMPTY": rows()})
    assert good.ok and "2 spaces can be listed: EMPTY, SALES." in good.message
    assert "Nothing is exposed for consumption in EMPTY." in good.message
    assert not bad.ok and bad.connection == "datasphere space HR" and "403" in bad.message
    assert "Add the technical user (or who signed in) to the space" in bad.remedy
    assert sorted(tenant.asked("/assets")) == [
        f"{BASE}{CURRENT}/spaces('{space}')/assets" for space in ("EMPTY", "HR", "SALES")
    ], "one request each, however many pages there are"


async def test_spaces_outside_the_scope_are_counted_and_not_asked(tenant: Tenant, hands: Hands) -> None:
    spaces = {"SALES": FULL, "HR": Reply(403)}
    (only,) = await checked(tenant, hands, spaces, lambda space: space == "SALES")
    assert (
        only.ok and "1 space can be listed: SALES. Outside the configured scope, so not asked: 1 space" in only.message
    )
    assert len(tenant.asked("/assets")) == 1


async def test_many_spaces_make_a_short_answer_of_one_request_each(tenant: Tenant, hands: Hands) -> None:
    spaces = {f"GOOD{n:02}": FULL for n in range(60)} | {f"SHUT{n:02}": Reply(403) for n in range(40)}
    checks = await checked(tenant, hands, spaces)
    assert "60 spaces can be listed: GOOD00, " in checks[0].message and "and 50 more" in checks[0].message
    assert [check.connection for check in checks[1:-1]] == [f"datasphere space SHUT{n:02}" for n in range(10)]
    assert "30 more spaces" in checks[-1].message and "SHUT10" in checks[-1].message and checks[-1].remedy
    assert sum(len(check.message) + len(check.remedy) for check in checks) < 4_000
    assert len(tenant.asked("/assets")) == 100


async def test_a_space_that_went_away_meanwhile_is_no_call_to_expose_it(tenant: Tenant, hands: Hands) -> None:
    (gone,) = await checked(tenant, hands, {"GONE": Reply(404)})
    assert not gone.ok and "test again" in gone.remedy and "Expose" not in gone.remedy


@pytest.mark.parametrize(
    ("relational", "analytical", "served"),
    [(404, 404, False), (410, 404, None), (404, 200, True), (200, 404, True), (404, 403, None), (403, 404, None)],
)
async def test_an_asset_is_gone_only_where_the_tenant_says_so_of_each_definition(
    tenant: Tenant, hands: Hands, relational: int, analytical: int, served: bool | None
) -> None:
    for path, status in ((R, relational), (A, analytical)):
        tenant.on(path, xml() if status == 200 else Reply(status, b"{}", {"content-type": "application/json"}))
    async with source(tenant, hands) as opened:
        if served is None:
            with pytest.raises(SourceError):
                await opened.is_served(BOTH)
        else:
            assert await opened.is_served(BOTH) is served


@pytest.mark.parametrize(
    ("reply", "gone"),
    [
        (Reply(404, b'{"error":{"code":"404","message":"Not Found"}}', {"content-type": "application/json"}), True),
        (Reply(404, b'{"error":"not_found"}', {"content-type": "application/json"}), True),
        (Reply(404), True),
        (Reply(404, b"404 Not Found", {"x-cf-routererror": "unknown_route"}), False),
        (Reply(404, b'{"error":{}}', {"x-cf-routererror": "unknown_route"}), False),
        (Reply(404, b'{"error":{}}', {"retry-after": "30"}), False),
        (Reply(404, b"", {"retry-after": "30"}), False),
        (page("<html>nginx</html>", 404), False),
        (Reply(404, b"<html>", {"content-type": "application/json"}), False),
        (Reply(404, b"404 page not found", {"content-type": "text/plain"}), False),
        (Reply(404, b'{"message":"tenant is being upgraded"}', {"content-type": "application/json"}), False),
        (Reply(404, b'["error"]', {"content-type": "application/json"}), False),
        (Reply(410, b'{"error":{}}', {"content-type": "application/json"}), False),
    ],
)
async def test_only_an_answer_that_datasphere_itself_gives_proves_that_an_asset_is_gone(
    tenant: Tenant, hands: Hands, reply: Reply, gone: bool
) -> None:
    for path in (R, A):
        tenant.on(path, reply)
    async with source(tenant, hands) as opened:
        if gone:
            assert await opened.is_served(BOTH) is False
        else:
            with pytest.raises(SourceError):
                await opened.is_served(BOTH)


@pytest.mark.parametrize(
    ("reply", "held"),
    [
        (as_json({"name": "V'1", "spaceName": "SALES"}), True),
        (as_json({"name": "ANOTHER"}), False),
        (as_json({"value": []}), False),
        (as_json(["V'1"]), False),
        (Reply(200, b"{", {"content-type": "application/json"}), False),
        (Reply(404, b'{"error":{}}', {"content-type": "application/json"}), False),
        (Reply(404), False),
        (Reply(400), False),
        (Reply(405), False),
        (page(), False),
        (Reply(403), None),
        (Reply(500), None),
        (Reply(404, b"", {"x-cf-routererror": "unknown_route"}), None),
    ],
)
async def test_the_catalog_is_asked_for_an_asset_by_its_name(
    tenant: Tenant, hands: Hands, reply: Reply, held: bool | None
) -> None:
    asset = AssetId(SpaceName("SALES"), TechnicalName("V'1"))
    tenant.on(f"{CURRENT}/spaces('SALES')/assets('V%27%271')", reply)
    async with source(tenant, hands) as opened:
        if held is None:
            with pytest.raises(SourceError):
                await opened.holds(asset)
        else:
            assert await opened.holds(asset) is held


async def test_a_catalog_that_takes_no_names_is_not_asked_for_the_next_one(tenant: Tenant, hands: Hands) -> None:
    tenant.fallback = lambda request: page()
    async with source(tenant, hands) as opened:
        for name in ("A", "B"):
            assert not await opened.holds(AssetId(SpaceName("SALES"), TechnicalName(name)))
    assert tenant.asked("assets('B')") == []
