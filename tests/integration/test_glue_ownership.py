"""Whose a table is, right before it is changed: dropped and made anew, hidden, or busy; and what is sent then."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from spheresync.config import DriftPolicies
from spheresync.errors import TargetError, TargetFault
from spheresync.model import Action, PhysicalName
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.rate_limit import RateLimit
from spheresync.targets.glue.target import GlueTarget
from spheresync.targets.protocol import Operation
from tests.integration.glue_tables import OWNER, SALES, body, operation
from tests.integration.test_glue_reads import _database
from tests.simulators.glue_process import GlueSimulator

pytestmark = pytest.mark.anyio

OLD, NEW = body("orders", "Old"), body("orders", "New")
WRITES = {"CreateTable", "UpdateTable", "DeleteTable"}

CHANGES: dict[str, Callable[[], Operation]] = {
    "update": lambda: operation(Action.UPDATE, "orders", NEW, last=OLD, version="0"),
    "metadata": lambda: operation(Action.METADATA_ONLY, "orders", NEW, last=OLD, version="0", minor=True),
    "retire": lambda: operation(Action.RETIRE, "orders", NEW, last=OLD, version="0"),
    "delete": lambda: operation(Action.DELETE, "orders", None, last=OLD, version="0"),
    "restore": lambda: replace(operation(Action.UPDATE, "orders", NEW, last=OLD, version="0"), exact=True),
    "repair": lambda: replace(operation(Action.UPDATE, "orders", NEW, last=OLD, version="0"), strict=True),
}
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))


async def stands(target: GlueTarget, glue: GlueSimulator) -> None:
    """Our table is there, at version 0, as it was written."""
    await target.perform(operation(Action.CREATE, "orders", OLD))
    glue.reset()


async def refused(target: GlueTarget, wanted: Operation) -> TargetError:
    with pytest.raises(TargetError) as caught:
        await target.perform(wanted)
    assert str(wanted.asset) in caught.value.message
    assert caught.value.remedy
    return caught.value


@each_change
async def test_a_table_that_others_made_anew_at_the_same_version_is_never_touched(
    target: GlueTarget, glue: GlueSimulator, change: Callable[[], Operation]
) -> None:
    await stands(target, glue)
    glue.remake("sales", "orders", Description="Jane's own")
    before = glue.table("sales", "orders")
    assert before["VersionId"] == "0"
    glue.reset()
    error = await refused(target, change())
    assert error.fault in {TargetFault.CONFLICT, TargetFault.MOVED}
    assert not WRITES & glue.calls().keys()
    assert glue.table("sales", "orders") == before


@pytest.mark.parametrize("name", ["update", "metadata", "retire"])
async def test_a_table_made_anew_with_our_marker_copied_and_other_content_is_a_conflict(
    target: GlueTarget, glue: GlueSimulator, name: str
) -> None:
    await stands(target, glue)
    theirs = json.loads(OLD)
    theirs["StorageDescriptor"]["Columns"].append({"Name": "theirs", "Type": "string"})
    glue.remake("sales", "orders", **{key: value for key, value in theirs.items() if key != "Name"})
    glue.reset()
    error = await refused(target, CHANGES[name]())
    assert error.fault is TargetFault.CONFLICT and "made anew" in error.message
    assert glue.calls() == {"GetTable": 1}


async def test_a_table_made_anew_just_as_it_was_is_ours(target: GlueTarget, glue: GlueSimulator) -> None:
    await stands(target, glue)
    glue.remake("sales", "orders", **{key: value for key, value in json.loads(OLD).items() if key != "Name"})
    assert (await target.perform(CHANGES["update"]())).version == "1"


async def test_a_new_table_where_another_installation_has_one_is_a_conflict(
    target: GlueTarget, glue: GlueSimulator
) -> None:
    await stands(target, glue)
    glue.remake("sales", "orders", **json.loads(body("orders", "Theirs", owner="spheresync:other")))
    before = glue.table("sales", "orders")
    error = await refused(target, operation(Action.CREATE, "orders", NEW))
    assert (error.fault, "belongs to spheresync:other" in error.message) == (TargetFault.CONFLICT, True)
    assert glue.table("sales", "orders") == before


@pytest.mark.parametrize("recovering", [False, True])
@pytest.mark.parametrize("was", [OLD, NEW], ids=["moved on since", "the same"])
async def test_a_text_edited_in_a_table_that_the_state_does_not_know_stays(
    target: GlueTarget, glue: GlueSimulator, was: bytes, recovering: bool
) -> None:
    table = {**json.loads(was), "Description": "by hand"}
    glue.client().create_table(DatabaseName="sales", TableInput=table)
    await target.perform(operation(Action.CREATE, "orders", NEW, recovering=recovering))
    held = glue.table("sales", "orders")
    assert held["Description"] == "by hand"
    assert held["Parameters"]["spheresync.label"] == "New"


async def test_an_installation_that_was_named_anew_still_knows_its_tables(
    target: GlueTarget, glue: GlueSimulator
) -> None:
    before, after = body("orders", "Old", owner="spheresync:before"), body("orders", "Old", owner=OWNER)
    glue.client().create_table(DatabaseName="sales", TableInput=json.loads(before))
    await target.perform(operation(Action.UPDATE, "orders", after, last=before, version="0"))
    assert glue.table("sales", "orders")["Parameters"]["spheresync.managed-by"] == OWNER


@each_change
async def test_what_a_page_showed_is_not_read_again_and_its_version_goes_with_the_write(
    target: GlueTarget, glue: GlueSimulator, change: Callable[[], Operation]
) -> None:
    await stands(target, glue)
    seen = await target.read(SALES, PhysicalName("orders"))
    glue.reset()
    wanted = replace(change(), seen=seen)
    await target.perform(wanted)
    reads = 1 if wanted.action is Action.DELETE else 0  # a delete takes no condition, so it looks at the last moment
    assert glue.calls().get("GetTable", 0) == reads
    assert sum(count for api, count in glue.calls().items() if api in WRITES) == 1


async def test_what_changed_since_the_page_was_read_is_looked_at_again(target: GlueTarget, glue: GlueSimulator) -> None:
    await stands(target, glue)
    seen = await target.read(SALES, PhysicalName("orders"))
    glue.client().update_table(DatabaseName="sales", TableInput={"Name": "orders", "Description": "Jane's own"})
    glue.reset()
    error = await refused(target, replace(CHANGES["update"](), seen=seen))
    assert error.fault is TargetFault.CONFLICT
    assert glue.calls() == {"UpdateTable": 1, "GetTable": 1}
    assert glue.table("sales", "orders")["Description"] == "Jane's own"


@each_change
async def test_what_others_made_while_aws_throttled_is_seen_before_the_write_is_sent_again(
    simulator: GlueSimulator, target: GlueTarget, glue: GlueSimulator, change: Callable[[], Operation]
) -> None:
    await stands(target, glue)

    async def meanwhile(_seconds: float) -> None:
        if not made:
            made.append(True)
            glue.remake("sales", "orders", Description="Jane's own")

    made: list[bool] = []
    wanted = change()
    api = "DeleteTable" if wanted.action is Action.DELETE else "UpdateTable"
    glue.fault("throttle", api)
    slow = GlueTarget(AwsDoor(simulator.session, sleep=meanwhile), owner=OWNER, drift=DriftPolicies())
    error = await refused(slow, wanted)
    assert made and error.fault in {TargetFault.CONFLICT, TargetFault.MOVED}
    assert glue.table("sales", "orders")["Description"] == "Jane's own"


@each_change
async def test_a_first_version_that_was_read_long_ago_is_looked_at_before_the_write(
    target: GlueTarget, glue: GlueSimulator, change: Callable[[], Operation]
) -> None:
    await stands(target, glue)
    seen = await target.read(SALES, PhysicalName("orders"))
    assert seen is not None and seen.version == "0"
    long_ago = replace(seen, read_at=seen.read_at - 60)
    glue.remake("sales", "orders", Description="Jane's own")
    error = await refused(target, replace(change(), seen=long_ago))
    assert error.fault in {TargetFault.CONFLICT, TargetFault.MOVED}
    assert glue.table("sales", "orders")["Description"] == "Jane's own"


async def test_a_look_and_the_write_that_goes_by_it_wait_for_the_limit_before_both(
    simulator: GlueSimulator, target: GlueTarget, glue: GlueSimulator
) -> None:
    """However slowly people let calls through, nothing is waited for between the two."""
    await stands(target, glue)
    order: list[str] = []

    class Slow(RateLimit):
        async def wait(self) -> None:
            order.append("waited")

    door = AwsDoor(simulator.session, rate_limits={"glue": Slow(lambda: 1.0)})
    slow = GlueTarget(door, owner=OWNER, drift=DriftPolicies())
    seen = await target.read(SALES, PhysicalName("orders"))
    assert seen is not None
    glue.reset()
    await slow.perform(replace(CHANGES["update"](), seen=replace(seen, read_at=seen.read_at - 60)))
    assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}
    assert order == ["waited", "waited"], "once for each call that was sent"


@each_change
async def test_a_table_that_cannot_be_seen_is_left_alone_and_said_to_be_hidden(
    target: GlueTarget, glue: GlueSimulator, change: Callable[[], Operation]
) -> None:
    await stands(target, glue)
    glue.hide("sales", "orders")
    error = await refused(target, change())
    assert (error.fault, error.systemic) == (TargetFault.DENIED, False)
    assert "cannot be seen" in error.message and "Lake Formation" in error.remedy
    assert not WRITES & glue.calls().keys()


async def test_a_new_table_in_whose_place_a_hidden_one_stands_is_not_made(
    target: GlueTarget, glue: GlueSimulator
) -> None:
    await stands(target, glue)
    glue.hide("sales", "orders")
    error = await refused(target, operation(Action.CREATE, "orders", NEW))
    assert error.fault is TargetFault.DENIED and "cannot be seen" in error.message
    assert glue.calls() == {"CreateTable": 1, "GetTable": 1}


CONTENDED = [
    ("ConcurrentModificationException", 400),
    ("ResourceNotReadyException", 400),
    ("OperationTimeoutException", 400),
    ("InternalServiceException", 500),
    ("FederationSourceRetryableException", 400),
]
each_code = pytest.mark.parametrize(("code", "status"), CONTENDED)


@each_code
@pytest.mark.parametrize("name", ["create", *CHANGES])
async def test_a_write_that_was_answered_with_a_code_that_passes_is_looked_at_and_tried_again(
    target: GlueTarget, glue: GlueSimulator, name: str, code: str, status: int
) -> None:
    if name == "create":
        wanted = operation(Action.CREATE, "orders", NEW)
    else:
        await stands(target, glue)
        wanted = CHANGES[name]()
    api = {"create": "CreateTable", "delete": "DeleteTable"}.get(name, "UpdateTable")
    glue.fault("error", api, code=code, status=status)
    await target.perform(wanted)
    sent = [entry["operation"] for entry in glue.log()]
    first = sent.index(api)
    assert sent[first:] == [api, "GetTable", api], "a look between the two tries"
    if name == "delete":
        assert glue.dump()["tables"]["sales"] == {}
    else:
        assert glue.table("sales", "orders")["Description"] == "New"


@each_code
async def test_a_code_that_does_not_pass_fails_the_item_after_some_tries(
    target: GlueTarget, glue: GlueSimulator, code: str, status: int
) -> None:
    await stands(target, glue)
    glue.fault("error", "UpdateTable", times=None, code=code, status=status)
    await refused(target, CHANGES["update"]())
    assert glue.calls()["UpdateTable"] == 4
    glue.fault("error", "CreateTable", times=None, code=code, status=status)
    error = await refused(target, operation(Action.CREATE, "other", body("other")))
    assert code in error.message
    assert glue.calls()["CreateTable"] == 3


@each_code
async def test_a_database_is_made_although_the_first_answer_was_a_code_that_passes(
    target: GlueTarget, glue: GlueSimulator, code: str, status: int
) -> None:
    glue.fault("error", "CreateDatabase", code=code, status=status)
    outcome = await target.ensure_container(_database("finance"))
    assert (outcome.created, outcome.ours) == (True, True)
    assert [entry["operation"] for entry in glue.log()] == ["CreateDatabase", "GetDatabase", "CreateDatabase"]


async def test_a_database_that_exists_and_may_not_be_seen_is_used(target: GlueTarget, glue: GlueSimulator) -> None:
    glue.fault("deny", "GetDatabase")
    outcome = await target.ensure_container(_database("sales"))
    assert (outcome.created, outcome.ours) == (False, False)


async def test_a_database_beyond_the_quota_says_so(target: GlueTarget, glue: GlueSimulator) -> None:
    glue.fault("error", "CreateDatabase", code="ResourceNumberLimitExceededException")
    with pytest.raises(TargetError) as caught:
        await target.ensure_container(_database("finance"))
    assert caught.value.fault is TargetFault.LIMIT
    assert glue.calls() == {"CreateDatabase": 1}
