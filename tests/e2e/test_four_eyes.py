"""Approvals, and the rule that deletes need two people; people are told apart by their accounts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from spheresync.model import utc_now
from tests.e2e.test_alerts import channel
from tests.e2e.test_former_tables import deletes
from tests.e2e.test_retired_tables import ASSET, TABLE, retire
from tests.e2e.test_safety import tables_of
from tests.e2e.test_schedule import FAST, serving, until
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.listener import listening
from tests.simulators.running_tenant import RunningTenant

JANE, OMAR = 4201, 4202
FOUR_EYES = "approvals: {four_eyes: [deletes]}\n"
DELETES = "deletion: {policy: delete}\n"


@pytest.fixture
def retired(synced: Installation, tenant: RunningTenant, glue: GlueSimulator) -> Installation:
    """The asset of TABLE is gone and the table marked; from now on deletes need two people. Jane works here."""
    retire(synced, tenant, glue)
    synced.config = FOUR_EYES
    return synced.as_account(JANE)


def findings(answer: dict[str, Any], code: str = "deletes_not_approved") -> list[dict[str, str]]:
    return [finding for finding in answer["findings"] if finding["code"] == code]


def test_a_delete_needs_somebody_who_neither_made_the_change_set_nor_applies_it(
    retired: Installation, glue: GlueSimulator
) -> None:
    jane, omar = retired, retired.as_account(OMAR)
    preview = jane.ask("preview")
    assert deletes(preview) == [(ASSET, f"space_000.{TABLE}", "deletes_not_allowed")]
    (waits,) = findings(preview)
    assert preview["approved_by"] is None
    assert f"spheresync approve {preview['change_set_id']}" in waits["remedy"]

    own = jane.ask("approve", preview["change_set_id"])
    assert own["approved_by"] == f"uid-{JANE}" and "no second person" in own["note"] and findings(own)
    approved = omar.ask("approve", preview["change_set_id"])
    assert approved["approved_by"] == f"uid-{OMAR}" and approved["approved_at"] and not approved["note"]
    assert findings(approved) == []
    assert jane.ask("approve", preview["change_set_id"])["approved_by"] == f"uid-{OMAR}", "hers takes nobody's place"
    assert glue.calls() == {"GetTable": 1}, "only the preview has looked at what is to go"

    run = jane.ask("apply", preview["change_set_id"], "--allow-deletes")
    assert (run["state"], run["counts"]["delete"], run["counts"]["blocked"]) == ("done", 1, 0)
    assert run["approved_by"] == f"uid-{OMAR}" and findings(run) == []
    assert jane.ask("runs", run["run_id"])["approved_by"] == f"uid-{OMAR}"
    assert TABLE not in tables_of(glue, "space_000")
    rows = jane.ask("audit", "query", "--action", "approve")["items"]
    assert [row["actor"] for row in rows] == [f"uid-{OMAR}", f"uid-{JANE}"]
    assert jane.ask("audit", "verify")["intact"]


@pytest.mark.parametrize("approver", [None, JANE, OMAR], ids=["nobody", "who made it", "who applies it"])
def test_without_a_second_person_deletes_are_left_out_and_the_rest_goes_on(
    retired: Installation, tenant: RunningTenant, glue: GlueSimulator, approver: int | None
) -> None:
    tenant.edit("set_label", space="SPACE_001", asset="ASSET_00001", label="Anew")
    preview = retired.ask("preview")
    if approver is not None:
        retired.as_account(approver).ask("approve", preview["change_set_id"])
    run = retired.as_account(OMAR).ask("apply", preview["change_set_id"], "--allow-deletes")
    assert (run["state"], run["counts"]["delete"], run["counts"]["blocked"]) == ("done", 0, 1)
    assert run["counts"]["metadata_only"] == 1
    (left,) = findings(run)
    assert "1 delete waits" in left["message"] and "approve it" in left["remedy"]
    assert run["failures"] == []
    assert TABLE in tables_of(glue, "space_000")
    text = retired.run("runs", run["run_id"]).out
    assert "left out" in text and "second person" in text


def test_syncs_and_a_policy_that_deletes_are_held_back_likewise(retired: Installation, glue: GlueSimulator) -> None:
    run = retired.ask("sync", "--allow-deletes")
    assert (run["state"], run["counts"]["delete"], run["counts"]["blocked"]) == ("done", 0, 1)
    assert findings(run)
    retired.config = FOUR_EYES + DELETES
    run = retired.ask("sync")
    assert (run["state"], run["counts"]["delete"], run["counts"]["blocked"]) == ("done", 0, 1)
    assert findings(run)
    assert glue.calls() == {}
    preview = retired.ask("preview")
    assert deletes(preview) == [(ASSET, f"space_000.{TABLE}", "deletes_not_approved")]
    assert glue.calls() == {"GetTable": 1}, "only the preview has looked at what is to go"
    status = retired.ask("status")
    assert [problem["code"] for problem in status["problems"]] == ["deletes_not_approved"]
    retired.as_account(OMAR).ask("approve", preview["change_set_id"])
    assert retired.ask("apply", preview["change_set_id"])["counts"]["delete"] == 1
    assert retired.ask("status")["problems"] == []


def test_the_undo_of_a_creation_needs_two_people_too(
    synced: Installation, surroundings: Surroundings, glue: GlueSimulator
) -> None:
    synced.config = FOUR_EYES + DELETES
    (made,) = synced.ask("runs")["items"]
    jane = synced.as_account(JANE)
    undo = jane.ask("revert", made["run_id"])
    assert {item["blocked_by"] for item in undo["items"]} == {"deletes_not_allowed"}, "whatever the policy says"
    alone = jane.ask("apply", undo["change_set_id"], "--allow-deletes", code=3)["error"]
    assert "until they are approved by a second person" in alone["message"]
    synced.as_account(OMAR).ask("approve", undo["change_set_id"])
    applied = jane.ask("apply", undo["change_set_id"], "--allow-deletes")
    assert applied["counts"]["delete"] == surroundings.all_assets
    assert tables_of(glue, "space_000") == {}


def test_what_cannot_be_applied_any_more_is_not_approved(retired: Installation, tenant: RunningTenant) -> None:
    old = retired.ask("preview")
    retired.config = FOUR_EYES + "mapping: {rules: [{set: {tags: {layer: gold}}}]}\n"
    error = retired.ask("approve", old["change_set_id"], code=3)["error"]
    assert "mapping or scope changed" in error["message"] and "Make a new preview" in error["remedy"]

    retired.config = FOUR_EYES
    waiting = retired.ask("preview")["change_set_id"]
    refused = retired.ask("apply", waiting, "--allow-deletes", code=3)["error"]
    assert "it stays open: 1 delete waits until it is approved by a second person" in refused["message"]
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00004", label="Anew")
    applied = retired.ask("apply", retired.ask("preview")["change_set_id"])
    error = retired.ask("approve", applied["change_set_id"], code=3)["error"]
    assert f"applied already, by run {applied['run_id']}" in error["message"]

    retired.config = FOUR_EYES + "change_sets: {expires: 1s}\n"
    preview = retired.ask("preview")
    while utc_now() <= datetime.fromisoformat(preview["expires_at"]):
        retired.ask("config", "validate")
    assert "expired" in retired.ask("approve", preview["change_set_id"], code=3)["error"]["message"]
    assert "no change set" in retired.ask("approve", "cs_none", code=2)["error"]["message"]
    retired.extra["SPHERESYNC_ROLE"] = "operator"
    assert retired.ask("approve", preview["change_set_id"], code=3)["error"]["code"] == "permission"


def test_other_words_for_what_needs_two_people_are_named(installation: Installation) -> None:
    installation.config = "approvals: {four_eyes: [delets, publishing]}\n"
    (first, second) = installation.ask("config", "validate", code=2)["error"]["problems"]
    assert "line 1: approvals.four_eyes.0" in first and "deletes" in first
    assert "approvals.four_eyes.1" in second


def test_the_scheduler_leaves_deletes_to_two_people_without_noise(
    retired: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    with listening() as receiver:
        retired.config = json.dumps(
            {
                "approvals": {"four_eyes": "deletes"},
                "deletion": {"policy": "delete"},
                **json.loads(channel(receiver)),
            }
        )
        retired.extra |= FAST
        runs = retired.ask("runs")["total"]
        with serving(retired):
            until(lambda: retired.ask("status")["scheduler"]["state"] == "running", "the scheduler")
            looked = tenant.stats().total
            until(lambda: tenant.stats().total > looked + 30, "many rounds")
            status = retired.ask("status")
            assert [problem["code"] for problem in status["problems"]] == ["deletes_not_approved"]
            assert retired.ask("runs")["total"] == runs and status["scheduler"]["set_aside"] == []
            preview = retired.ask("preview")["change_set_id"]
            retired.as_account(OMAR).ask("approve", preview)
            assert retired.ask("apply", preview)["counts"]["delete"] == 1
        assert receiver.posts == []
    assert TABLE not in tables_of(glue, "space_000")
