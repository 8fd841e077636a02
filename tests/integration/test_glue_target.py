"""Writing tables to a Glue of its own process: what is sent, what survives, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.errors import TargetError, TargetFault
from spheresync.model import Action
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.glue.target import GlueTarget
from spheresync.targets.protocol import Outcome
from tests.integration.glue_tables import OWNER, body, operation
from tests.simulators.glue_process import GlueSimulator

pytestmark = pytest.mark.anyio
Edit = dict[str, Any]


def _edit(glue: GlueSimulator, name: str, change: Edit, parameters: dict[str, str] | None = None) -> None:
    """Somebody else changes a table by hand."""
    live = glue.table("sales", name)
    members = ("Name", "Description", "TableType", "PartitionKeys", "Parameters", "StorageDescriptor", "Retention")
    table: Any = {key: live[key] for key in members if key in live} | change
    table["Parameters"] = {**table["Parameters"], **(parameters or {})}
    glue.client().update_table(DatabaseName="sales", TableInput=table)


async def _created(target: GlueTarget, glue: GlueSimulator, name: str = "orders") -> bytes:
    written = body(name)
    await target.perform(operation(Action.CREATE, name, written))
    glue.reset()
    return written


async def _refused(target: GlueTarget, fault: TargetFault, wanted: Any) -> TargetError:
    with pytest.raises(TargetError) as caught:
        await target.perform(wanted)
    assert caught.value.fault is fault
    assert str(wanted.asset) in caught.value.message
    assert caught.value.remedy
    return caught.value


def _parameters(glue: GlueSimulator, name: str = "orders") -> dict[str, str]:
    parameters: dict[str, str] = glue.table("sales", name)["Parameters"]
    return parameters


class TestCreate:
    async def test_is_one_call(self, target: GlueTarget, glue: GlueSimulator) -> None:
        written = body("orders")
        outcome = await target.perform(operation(Action.CREATE, "orders", written))
        assert glue.calls() == {"CreateTable": 1}
        assert (outcome.version, outcome.body, outcome.already) == ("0", written, False)
        assert outcome.request_id
        assert glue.table("sales", "orders").items() >= json.loads(written).items()

    async def test_adopts_its_own_finished_table(self, target: GlueTarget, glue: GlueSimulator) -> None:
        written = await _created(target, glue)
        outcome = await target.perform(operation(Action.CREATE, "orders", written))
        assert outcome.already
        assert outcome.version == "0"
        assert glue.calls() == {"CreateTable": 1, "GetTable": 1}

    async def test_brings_its_own_older_table_up_to_date(self, target: GlueTarget, glue: GlueSimulator) -> None:
        await _created(target, glue)
        _edit(glue, "orders", {}, {"team": "finance"})
        outcome = await target.perform(operation(Action.CREATE, "orders", body("orders", "New label")))
        assert outcome.version == "2"
        assert outcome.before is not None
        assert _parameters(glue)["spheresync.label"] == "New label"
        assert _parameters(glue)["team"] == "finance"

    @pytest.mark.parametrize(
        ("parameters", "said"),
        [
            ({}, ("carries no marker of Spheresync", "lost the marker of this installation")),
            ({"spheresync.managed-by": "spheresync:other"}, ("belongs to spheresync:other",) * 2),
            ({"spheresync.managed-by": OWNER, "spheresync.source": "SALES/X"}, ("holds SALES/X",) * 2),
        ],
    )
    async def test_leaves_what_is_not_ours_and_says_whether_it_was(
        self, target: GlueTarget, glue: GlueSimulator, parameters: dict[str, str], said: tuple[str, str]
    ) -> None:
        glue.client().create_table(DatabaseName="sales", TableInput={"Name": "Orders", "Parameters": parameters})
        for action, last in ((Action.CREATE, None), (Action.UPDATE, None), (Action.DELETE, body("orders"))):
            wanted = operation(action, "orders", body("orders"), last=last, version=None)
            error = await _refused(target, TargetFault.CONFLICT, wanted)
            assert f"the table {said[last is not None]}; it stays as it is" in error.message
        assert glue.table("sales", "orders")["VersionId"] == "0"

    async def test_says_what_is_over_a_limit_and_sends_nothing(self, target: GlueTarget, glue: GlueSimulator) -> None:
        error = await _refused(
            target, TargetFault.INVALID, operation(Action.CREATE, "orders", body("orders", "x" * 256))
        )
        assert "Columns[1].Comment" in error.message
        assert glue.calls() == {}

    async def test_without_its_database_says_so(self, target: GlueTarget, glue: GlueSimulator) -> None:
        glue.client().delete_database(Name="sales")
        await _refused(target, TargetFault.NO_CONTAINER, operation(Action.CREATE, "orders", body("orders")))


class TestUpdate:
    async def test_is_a_read_and_a_write_with_the_version_that_was_read(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        last = await _created(target, glue)
        wanted = body("orders", "New label")
        outcome = await target.perform(operation(Action.UPDATE, "orders", wanted, last=last, version="0"))
        assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}
        assert (outcome.version, outcome.already, outcome.before) == ("1", False, None)
        assert glue.table("sales", "orders")["Description"] == "New label"

    async def test_keeps_the_old_version_unless_minor(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = await _created(target, glue)
        first, second = body("orders", "A"), body("orders", "B")
        await target.perform(operation(Action.UPDATE, "orders", first, last=last, version="0"))
        outcome = await target.perform(operation(Action.UPDATE, "orders", second, last=first, version="1", minor=True))
        versions = [v["VersionId"] for v in glue.dump()["tables"]["sales"]["orders"]["versions"]]
        assert versions == ["0", "2"]
        assert outcome.version == "2"

    async def test_keeps_foreign_fields_that_are_in_the_last_body(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        await _created(target, glue)
        last = body("orders", foreign={"team": "finance"})
        _edit(glue, "orders", {}, {"team": "finance"})
        glue.reset()
        await target.perform(operation(Action.UPDATE, "orders", body("orders", "B"), last=last, version="1"))
        assert _parameters(glue)["team"] == "finance"
        assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}

    async def test_merges_what_others_added_meanwhile(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = await _created(target, glue)
        _edit(glue, "orders", {"Retention": 7}, {"team": "finance"})
        glue.reset()
        wanted = body("orders", "New label")
        outcome = await target.perform(operation(Action.UPDATE, "orders", wanted, last=last, version="0"))
        assert glue.calls() == {"UpdateTable": 1, "GetTable": 1}
        assert outcome.version == "2"
        assert json.loads(outcome.body)["Parameters"]["team"] == "finance"
        live = glue.table("sales", "orders")
        assert (live["Retention"], live["Parameters"]["team"]) == (7, "finance")
        assert live["Parameters"]["spheresync.label"] == "New label"

    async def test_refuses_when_a_field_of_ours_was_moved(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = await _created(target, glue)
        _edit(glue, "orders", {}, {"spheresync.kind": "edited"})
        wanted = operation(Action.UPDATE, "orders", body("orders", "B"), last=last, version="0")
        error = await _refused(target, TargetFault.MOVED, replace(wanted, strict=True))
        assert "spheresync.kind" in error.message
        assert _parameters(glue)["spheresync.kind"] == "edited"

    async def test_writes_over_a_field_of_ours_where_the_policy_says_so_and_nobody_reviewed_the_change(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        last = await _created(target, glue)
        _edit(glue, "orders", {}, {"spheresync.kind": "edited"})
        await target.perform(operation(Action.UPDATE, "orders", body("orders", "B"), last=last, version="0"))
        assert _parameters(glue)["spheresync.kind"] != "edited"

    @pytest.mark.parametrize("policy", list(DriftPolicy))
    async def test_a_text_edited_by_hand_follows_the_policy(
        self, door: AwsDoor, glue: GlueSimulator, policy: DriftPolicy
    ) -> None:
        target = GlueTarget(door, owner=OWNER, drift=DriftPolicies(description=policy))
        last = await _created(target, glue)
        _edit(glue, "orders", {"Description": "by hand"})
        wanted = body("orders", "New label")
        outcome = await target.perform(operation(Action.UPDATE, "orders", wanted, last=last, version="0"))
        overwritten = policy is DriftPolicy.OVERWRITE
        assert glue.table("sales", "orders")["Description"] == ("New label" if overwritten else "by hand")
        assert [change.path for change in outcome.kept] == ([] if overwritten else ["description"])
        assert _parameters(glue)["spheresync.label"] == "New label"

    async def test_gives_up_on_a_table_that_keeps_changing(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = await _created(target, glue)
        glue.fault("error", "UpdateTable", times=None, code="ConcurrentModificationException")
        wanted = operation(Action.UPDATE, "orders", body("orders", "B"), last=last, version="0")
        await _refused(target, TargetFault.MOVED, wanted)
        assert glue.calls()["UpdateTable"] == 4

    async def test_reads_first_when_the_version_is_unknown(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = await _created(target, glue)
        outcome = await target.perform(operation(Action.UPDATE, "orders", body("orders", "B"), last=last))
        assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}
        assert outcome.version == "1"
        assert outcome.before is not None

    async def test_a_wrong_prediction_costs_nothing(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = await _created(target, glue)
        outcome = await target.perform(operation(Action.UPDATE, "orders", body("orders", "B"), last=last, version="5"))
        assert glue.calls() == {"UpdateTable": 1, "GetTable": 1}
        assert outcome.version == "1"

    async def test_finds_done_what_is_done(self, target: GlueTarget, glue: GlueSimulator) -> None:
        written = await _created(target, glue)
        outcome = await target.perform(operation(Action.UPDATE, "orders", written, last=body("orders", "A")))
        assert outcome.already
        assert glue.calls() == {"GetTable": 1}

    async def test_makes_a_deleted_table_again_where_the_policy_says_so(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        last = await _created(target, glue)
        glue.client().delete_table(DatabaseName="sales", Name="orders")
        outcome = await target.perform(operation(Action.UPDATE, "orders", body("orders", "B"), last=last, version="0"))
        assert outcome.version == "0"
        assert glue.table("sales", "orders")["Description"] == "B"

    async def test_refuses_a_deleted_table_otherwise(self, door: AwsDoor, glue: GlueSimulator) -> None:
        target = GlueTarget(door, owner=OWNER, drift=DriftPolicies(missing=DriftPolicy.REPORT))
        last = await _created(target, glue)
        glue.client().delete_table(DatabaseName="sales", Name="orders")
        wanted = operation(Action.UPDATE, "orders", body("orders", "B"), last=last, version="0")
        error = await _refused(target, TargetFault.MOVED, wanted)
        assert "deleted" in error.message

    async def test_retiring_what_is_gone_is_done(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = body("orders")
        outcome = await target.perform(operation(Action.RETIRE, "orders", body("orders", "R"), last=last, version="0"))
        assert outcome == Outcome(None, b"", already=True)
        assert glue.dump()["tables"]["sales"] == {}


class TestDelete:
    async def test_looks_and_then_deletes(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = await _created(target, glue)
        outcome = await target.perform(operation(Action.DELETE, "orders", None, last=last, version="0"))
        assert [entry["operation"] for entry in glue.log()] == ["GetTable", "DeleteTable"]
        assert (outcome.version, outcome.body, outcome.already) == (None, b"", False)
        assert outcome.before is not None
        assert glue.dump()["tables"]["sales"] == {}

    async def test_of_what_is_gone_is_done(self, target: GlueTarget, glue: GlueSimulator) -> None:
        outcome = await target.perform(operation(Action.DELETE, "orders", None, last=body("orders"), version="0"))
        assert outcome.already
        assert glue.calls() == {"GetTable": 1}

    @pytest.mark.parametrize("key", ["spheresync.kind", "team"])
    async def test_leaves_what_somebody_changed(self, target: GlueTarget, glue: GlueSimulator, key: str) -> None:
        last = await _created(target, glue)
        _edit(glue, "orders", {}, {key: "edited"})
        wanted = operation(Action.DELETE, "orders", None, last=last, version="0")
        error = await _refused(target, TargetFault.MOVED, wanted)
        assert key in error.message
        assert _parameters(glue)[key] == "edited"

    async def test_goes_by_content_when_the_version_was_predicted_wrong(
        self, target: GlueTarget, glue: GlueSimulator
    ) -> None:
        last = await _created(target, glue)
        await target.perform(operation(Action.DELETE, "orders", None, last=last, version="9"))
        assert glue.dump()["tables"]["sales"] == {}


FAULTS = [("lose", {}), ("drop", {}), ("throttle", {}), ("error", {"code": "InternalServiceException", "status": 500})]


class TestWithoutAnAnswer:
    """Each write ends as wanted, once, whichever way its answer went missing."""

    @pytest.mark.parametrize(("kind", "more"), FAULTS)
    async def test_create(self, target: GlueTarget, glue: GlueSimulator, kind: str, more: Edit) -> None:
        glue.fault(kind, "CreateTable", **more)
        outcome = await target.perform(operation(Action.CREATE, "orders", body("orders")))
        assert (outcome.version, outcome.already) == ("0", False)
        assert len(glue.dump()["tables"]["sales"]["orders"]["versions"]) == 1

    @pytest.mark.parametrize("action", [Action.UPDATE, Action.METADATA_ONLY, Action.RETIRE])
    @pytest.mark.parametrize(("kind", "more"), FAULTS)
    async def test_update(self, target: GlueTarget, glue: GlueSimulator, kind: str, more: Edit, action: Action) -> None:
        last = await _created(target, glue)
        glue.fault(kind, "UpdateTable", **more)
        outcome = await target.perform(operation(action, "orders", body("orders", "B"), last=last, version="0"))
        assert (outcome.version, outcome.already) == ("1", False)
        assert glue.table("sales", "orders")["VersionId"] == "1"
        assert glue.table("sales", "orders")["Description"] == "B"

    @pytest.mark.parametrize(("kind", "more"), FAULTS)
    async def test_delete(self, target: GlueTarget, glue: GlueSimulator, kind: str, more: Edit) -> None:
        last = await _created(target, glue)
        glue.fault(kind, "DeleteTable", **more)
        outcome = await target.perform(operation(Action.DELETE, "orders", None, last=last, version="0"))
        assert not outcome.already
        assert glue.dump()["tables"]["sales"] == {}

    async def test_a_service_that_stays_away_fails_the_item(self, target: GlueTarget, glue: GlueSimulator) -> None:
        last = await _created(target, glue)
        glue.fault("drop", times=None)
        for action, content in ((Action.CREATE, body("o2")), (Action.UPDATE, body("o2")), (Action.DELETE, None)):
            wanted = operation(action, "o2", content, last=last, version="0")
            await _refused(target, TargetFault.UNREACHABLE, wanted)

    @pytest.mark.parametrize("done", [True, False])
    async def test_after_a_crash_it_reads_before_it_writes(
        self, target: GlueTarget, glue: GlueSimulator, done: bool
    ) -> None:
        last = await _created(target, glue)
        wanted = body("orders", "B")
        if done:
            await target.perform(operation(Action.UPDATE, "orders", wanted, last=last, version="0"))
            glue.reset()
        outcome = await target.perform(
            operation(Action.UPDATE, "orders", wanted, last=last, version="0", recovering=True)
        )
        assert outcome.already is done
        assert outcome.version == "1"
        assert glue.calls() == ({"GetTable": 1} if done else {"GetTable": 1, "UpdateTable": 1})

    @pytest.mark.parametrize("done", [True, False])
    async def test_after_a_crash_a_create_reads_first(
        self, target: GlueTarget, glue: GlueSimulator, done: bool
    ) -> None:
        if done:
            await _created(target, glue)
        outcome = await target.perform(operation(Action.CREATE, "orders", body("orders"), recovering=True))
        assert outcome.already is done
        assert glue.log()[0]["operation"] == "GetTable"
        assert glue.calls().get("CreateTable", 0) == (0 if done else 1)


async def test_an_action_that_writes_nothing_is_a_mistake(target: GlueTarget) -> None:
    with pytest.raises(ValueError, match="forget"):
        await target.perform(operation(Action.FORGET, "orders", body("orders")))
