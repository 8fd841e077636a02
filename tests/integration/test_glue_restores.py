"""Writing tables back as they were: the body to the byte or nothing; and what a write says the table held before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from spheresync.errors import TargetError, TargetFault
from spheresync.model import Action
from spheresync.targets.glue.target import GlueTarget
from spheresync.targets.protocol import Operation
from tests.integration.glue_tables import body, operation
from tests.simulators.glue_process import GlueSimulator

pytestmark = pytest.mark.anyio
OLD = body("orders", "Old", foreign={"team": "bi"})
NEW = body("orders", "New")


def stands(glue: GlueSimulator, content: bytes) -> None:
    """Make the table hold exactly this, by whoever."""
    table: Any = json.loads(content)
    hands = glue.client()
    if "orders" in glue.dump()["tables"]["sales"]:
        hands.update_table(DatabaseName="sales", TableInput=table)
    else:
        hands.create_table(DatabaseName="sales", TableInput=table)
    glue.reset()


def restore(action: Action = Action.UPDATE, *, version: str | None = "0", recovering: bool = False) -> Operation:
    wanted = operation(action, "orders", OLD, last=NEW, version=version, recovering=recovering)
    return replace(wanted, exact=True)


def holds(glue: GlueSimulator, content: bytes) -> bool:
    live = glue.table("sales", "orders")
    wanted = json.loads(content)
    return bool({key: live[key] for key in wanted} == wanted)


async def refused(target: GlueTarget, fault: TargetFault, wanted: Operation) -> TargetError:
    with pytest.raises(TargetError) as caught:
        await target.perform(wanted)
    assert caught.value.fault is fault
    return caught.value


class TestUpdate:
    async def test_is_a_read_and_a_write_and_leaves_nothing_of_what_was_there(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        stands(glue, NEW)
        outcome = await target.perform(restore())
        assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}
        assert (outcome.version, outcome.body) == ("1", OLD)
        assert holds(glue, OLD)

    async def test_an_edit_of_others_refuses_it_also_of_foreign_fields(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        edited = body("orders", "New", foreign={"team": "finance"})
        stands(glue, NEW)
        stands(glue, edited)
        error = await refused(target, TargetFault.MOVED, restore())
        assert "Parameters.team" in error.message
        assert holds(glue, edited)

    async def test_a_version_that_moved_without_an_edit_is_no_hindrance(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        stands(glue, NEW)
        stands(glue, NEW)
        assert (await target.perform(restore())).version == "2"
        assert holds(glue, OLD)

    async def test_a_lost_answer_is_read_back(self, target: GlueTarget, glue: GlueSimulator) -> None:
        stands(glue, NEW)
        glue.fault("lose", "UpdateTable")
        outcome = await target.perform(restore())
        assert (glue.calls()["UpdateTable"], outcome.already, outcome.before) == (1, False, NEW)

    @pytest.mark.parametrize("sent", [True, False])
    async def test_after_a_crash_it_reads_first(self, target: GlueTarget, glue: GlueSimulator, sent: bool) -> None:
        stands(glue, OLD if sent else NEW)
        outcome = await target.perform(restore(recovering=True))
        assert outcome.already is sent
        assert glue.calls().get("UpdateTable", 0) == int(not sent)
        assert holds(glue, OLD)

    async def test_a_table_that_is_gone_is_not_made_again(self, target: GlueTarget, glue: GlueSimulator) -> None:
        await refused(target, TargetFault.MOVED, restore())
        assert glue.dump()["tables"]["sales"] == {}


class TestCreate:
    async def test_brings_the_table_back_whole(self, target: GlueTarget, glue: GlueSimulator) -> None:
        outcome = await target.perform(restore(Action.CREATE))
        assert (outcome.version, outcome.before) == ("0", None)
        assert holds(glue, OLD)

    async def test_another_table_in_its_place_stays(self, target: GlueTarget, glue: GlueSimulator) -> None:
        stands(glue, NEW)
        await refused(target, TargetFault.CONFLICT, restore(Action.CREATE))
        assert holds(glue, NEW)

    async def test_a_lost_answer_is_read_back(self, target: GlueTarget, glue: GlueSimulator) -> None:
        glue.fault("lose", "CreateTable")
        await target.perform(restore(Action.CREATE))
        assert glue.calls()["CreateTable"] == 1
        assert (await target.perform(restore(Action.CREATE, recovering=True))).already

    async def test_without_its_database_says_so(self, target: GlueTarget, glue: GlueSimulator) -> None:
        glue.client().delete_database(Name="sales")
        await refused(target, TargetFault.NO_CONTAINER, restore(Action.CREATE))


class TestBefore:
    """What an ordinary write says the table held before: an undo goes by that."""

    async def test_a_merge_says_what_it_merged_into_also_where_the_answer_was_lost(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        edited = json.loads(OLD)
        edited["Parameters"]["spheresync.kind"] = "edited"
        for lost in (False, True):
            stands(glue, json.dumps(edited).encode())
            if lost:
                glue.fault("lose", "UpdateTable")
            last = body("orders", "Old")
            outcome = await target.perform(operation(Action.UPDATE, "orders", NEW, last=last, version=None))
            assert outcome.before is not None
            held = json.loads(outcome.before)["Parameters"]
            assert (held["team"], held["spheresync.kind"], held["spheresync.label"]) == ("bi", "edited", "Old")

    async def test_after_a_crash_foreign_fields_count_to_what_was_there(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        stands(glue, body("orders", "New", foreign={"team": "bi"}))
        last = body("orders", "Old")
        wanted = operation(Action.UPDATE, "orders", NEW, last=last, version="0", recovering=True)
        outcome = await target.perform(wanted)
        assert outcome.already and outcome.before is not None
        assert json.loads(outcome.before)["Parameters"]["team"] == "bi"
        assert json.loads(outcome.before)["Description"] == "Old"
        stands(glue, NEW)
        assert (await target.perform(wanted)).before == last

    async def test_what_was_as_wanted_or_gone_before_is_told_as_unchanged(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        stands(glue, NEW)
        outcome = await target.perform(operation(Action.UPDATE, "orders", NEW, last=OLD, version=None))
        assert outcome.already and outcome.before == outcome.body
        outcome = await target.perform(operation(Action.CREATE, "orders", NEW))
        assert outcome.already and outcome.before == outcome.body
        glue.client().delete_table(DatabaseName="sales", Name="orders")
        gone = operation(Action.DELETE, "orders", None, last=NEW, version="0")
        assert (await target.perform(gone)).before is None
        assert (await target.perform(replace(gone, recovering=True))).before == NEW
