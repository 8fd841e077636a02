"""Listing a Glue of its own process: whole or an error; databases; what the doctor asks."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest

from spheresync.config import DriftPolicies
from spheresync.errors import TargetError, TargetFault
from spheresync.model import Action, DesiredObject, Digest, PhysicalName, canonical_json
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.glue.target import GlueTarget
from tests.integration.glue_tables import OWNER, SALES, body, operation
from tests.simulators.glue_process import GlueSimulator, running_glue

pytestmark = pytest.mark.anyio
HR = PhysicalName("hr")
ABSENT = PhysicalName("absent")


@pytest.fixture(scope="module")
def simulator() -> Iterator[GlueSimulator]:
    """Two databases: `sales`, foreign, with 250 foreign tables; `hr`, ours, and empty."""
    with running_glue() as running:
        client = running.client()
        client.create_database(DatabaseInput={"Name": "SALES"})
        ours = {"spheresync.managed-by": OWNER, "spheresync.source": "HR"}
        client.create_database(DatabaseInput={"Name": "hr", "Parameters": ours})
        for number in range(250):
            client.create_table(DatabaseName="sales", TableInput={"Name": f"foreign_{number:03}"})
        yield running


@pytest.fixture
def glue(simulator: GlueSimulator) -> GlueSimulator:
    simulator.heal()
    simulator.reset()
    return simulator


async def _no_sleep(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


@pytest.fixture
def target(glue: GlueSimulator) -> Iterator[GlueTarget]:
    door = AwsDoor(glue.session, sleep=_no_sleep)
    yield GlueTarget(door, owner=OWNER, drift=DriftPolicies())
    door.close()


def _database(name: str) -> DesiredObject:
    content = {"Name": name, "Parameters": {"spheresync.managed-by": OWNER, "spheresync.source": name.upper()}}
    return DesiredObject(PhysicalName(name), PhysicalName(name), canonical_json(content), Digest(""))


async def test_an_inventory_pages_through_what_is_wanted_and_exists(target: GlueTarget, glue: GlueSimulator) -> None:
    found = await target.inventory(frozenset({SALES, ABSENT}))
    assert set(found.containers) == {SALES}
    assert not found.containers[SALES].ours
    assert len({live.name for live in found.objects}) == 250
    assert glue.calls() == {"GetDatabases": 1, "GetTables": 3}


async def test_an_inventory_of_everything_tells_ours_from_foreign(target: GlueTarget) -> None:
    found = await target.inventory(None)
    assert found.containers[HR].ours
    assert found.containers[HR].source == "HR"
    assert {SALES, HR} <= set(found.containers)


async def test_our_tables_show_their_markers_and_whether_they_are_intact(
    target: GlueTarget, glue: GlueSimulator
) -> None:
    await target.perform(operation(Action.CREATE, "marked", body("marked")))
    live = await target.read(SALES, PhysicalName("marked"))
    assert live is not None
    assert (live.owner, live.source, live.version, live.intact) == (OWNER, "SALES/MARKED", "0", True)
    assert live in (await target.inventory(frozenset({SALES}))).objects
    table = glue.table("sales", "marked")
    changed = {**table["Parameters"], "spheresync.label": "edited"}
    glue.client().update_table(DatabaseName="sales", TableInput={"Name": "marked", "Parameters": changed})
    edited = await target.read(SALES, PhysicalName("marked"))
    assert edited is not None
    assert (edited.intact, edited.digest) == (False, live.digest)
    glue.client().delete_table(DatabaseName="sales", Name="marked")


async def test_a_live_table_can_be_written_back_as_it_is(target: GlueTarget, glue: GlueSimulator) -> None:
    live = await target.read(SALES, PhysicalName("foreign_000"))
    assert live is not None
    assert not {b"VersionId", b"CreateTime", b"DatabaseName", b"CatalogId"} & set(live.body.split(b'"'))
    assert (live.owner, live.digest, live.intact) == (None, None, False)


async def test_nothing_is_read_of_what_is_not_there(target: GlueTarget) -> None:
    assert await target.read(SALES, PhysicalName("nobody")) is None
    assert await target.read(ABSENT, PhysicalName("nobody")) is None


@pytest.mark.parametrize("operation_name", ["GetTables", "GetDatabases"])
async def test_a_failing_page_is_an_error_and_never_a_shorter_list(
    target: GlueTarget, glue: GlueSimulator, operation_name: str
) -> None:
    glue.fault("deny", operation_name)
    with pytest.raises(TargetError) as caught:
        await target.inventory(None)
    assert caught.value.fault is TargetFault.DENIED


async def test_a_listing_without_end_is_an_error(target: GlueTarget, glue: GlueSimulator) -> None:
    glue.fault("loop", "GetTables", times=None)
    with anyio.fail_after(30), pytest.raises(TargetError, match="no end"):
        await target.inventory(frozenset({SALES}))


async def test_tables_come_a_page_at_a_time_and_a_failing_page_ends_them(
    target: GlueTarget, glue: GlueSimulator
) -> None:
    assert [len(page) async for page in target.pages(SALES)] == [100, 100, 50]
    assert [page async for page in target.pages(HR)] == [()]
    assert glue.calls() == {"GetTables": 4}
    seen = 0
    with pytest.raises(TargetError) as caught:
        async for page in target.pages(SALES):
            seen += len(page)
            glue.fault("deny", "GetTables")
    assert (caught.value.fault, seen) == (TargetFault.DENIED, 100)


async def test_a_database_that_does_not_exist_has_no_pages_and_is_not_an_empty_one(target: GlueTarget) -> None:
    with pytest.raises(TargetError) as caught:
        assert [page async for page in target.pages(ABSENT)] == []
    assert caught.value.fault is TargetFault.NO_CONTAINER


async def test_a_live_table_tells_when_it_was_changed_and_who_made_it(target: GlueTarget) -> None:
    live = await target.read(SALES, PhysicalName("foreign_000"))
    assert live is not None and live.changed_at is not None
    assert live.changed_at.endswith("Z")
    assert live.created_by == "arn:aws:iam::123456789012:user/someone"


async def test_a_database_is_made_once_and_then_left_as_it_is(target: GlueTarget, glue: GlueSimulator) -> None:
    first = await target.ensure_container(_database("finance"))
    assert (first.created, first.ours) == (True, True)
    again = await target.ensure_container(_database("finance"))
    assert (again.created, again.ours) == (False, True)
    foreign = await target.ensure_container(_database("sales"))
    assert (foreign.created, foreign.ours) == (False, False)
    assert "Parameters" not in glue.dump()["databases"]["sales"]
    assert set(glue.calls()) == {"CreateDatabase", "GetDatabase"}


async def test_a_database_whose_answer_was_lost_is_ours(target: GlueTarget, glue: GlueSimulator) -> None:
    glue.fault("lose", "CreateDatabase")
    outcome = await target.ensure_container(_database("lost"))
    assert (outcome.created, outcome.ours) == (True, True)


async def test_a_database_that_exists_needs_no_permission_to_create(target: GlueTarget, glue: GlueSimulator) -> None:
    glue.fault("deny", "CreateDatabase", times=None)
    assert not (await target.ensure_container(_database("sales"))).created
    with pytest.raises(TargetError) as caught:
        await target.ensure_container(_database("forbidden"))
    assert caught.value.fault is TargetFault.DENIED


async def test_the_doctor_writes_nothing_and_finds_nothing_wrong(target: GlueTarget, glue: GlueSimulator) -> None:
    before = glue.dump()
    assert await target.check() == ()
    assert glue.dump() == before


async def test_the_doctor_names_each_missing_permission(target: GlueTarget, glue: GlueSimulator) -> None:
    glue.fault("deny", "UpdateTable", times=None)
    glue.fault("deny", "DeleteTable", times=None)
    problems = await target.check()
    assert [problem.code for problem in problems] == ["denied", "denied"]
    assert "glue:UpdateTable" in problems[0].message
    assert all(problem.remedy for problem in problems)


async def test_the_doctor_explains_a_service_that_is_away(target: GlueTarget, glue: GlueSimulator) -> None:
    glue.fault("drop", times=None)
    (problem,) = await target.check()
    assert problem.code == "unreachable"
