"""QuickSight: who owns and sees data sets is access; its changes are shown apart, and wait for a second person."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_quick_sight import ANN, BOB, BOUND, CARL, CONFIG, data_set, data_sets, make_lake_table
from tests.simulators.fixtures import SMALLER, FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER

PLAIN = f"{CONFIG}mapping:\n  rules:{BOUND}"
FOUR_EYES = PLAIN + "approvals: {four_eyes: [access]}\n"


@pytest.fixture
def quick(
    installation: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync."""
    make_lake_table(glue)
    installation.config = PLAIN
    first_syncs.begin(installation, surroundings, glue)
    return installation


def with_carl(config: str) -> str:
    return config.replace(f'viewers: ["{BOB}"]', f'viewers: ["{CARL}"]')


def item_of(change_set: dict[str, Any]) -> dict[str, Any]:
    (item,) = [each for each in change_set["items"] if each["target"] == "quicksight"]
    return dict(item)


def told(change_set: dict[str, Any]) -> list[str]:
    return [each["message"] for each in change_set["findings"] if each["code"] == "access_changes"]


def allowed(glue: GlueSimulator) -> dict[str, set[str]]:
    """Who has rights on anything, by kind."""
    held = glue.quicksight_dump()
    return {kind: {who for each in held[kind].values() for who in each["permissions"]} for kind in held if held[kind]}


def test_owners_and_viewers_who_change_are_shown_apart_with_who_gains_and_loses_what(
    quick: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    quick.config = with_carl(PLAIN)
    preview = quick.ask("preview")
    item = item_of(preview)
    assert item["access"] is True
    fields = {each["path"]: (each["before"], each["after"]) for each in item["changes"]}
    assert fields[f"grants.{BOB}"] == ("viewer", None) and fields[f"grants.{CARL}"] == (None, "viewer")
    (text,) = told(preview)
    assert "1 access change on 1 data set" in text
    assert f"{CARL} becomes viewer (1)" in text and f"{BOB} is viewer no more (1)" in text
    assert quick.ask("apply", preview["change_set_id"])["state"] == "done"
    assert allowed(glue)["DataSet"] == {ANN, CARL}
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Net value")
    preview = quick.ask("preview")
    assert "access" not in item_of(preview) and not told(preview)


def test_owners_and_viewers_who_change_wait_for_a_second_person_and_so_does_their_undo(
    quick: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    before = allowed(glue)
    quick.config = with_carl(FOUR_EYES)
    assert quick.ask("sync", code=None)["counts"]["blocked"] == 1
    assert allowed(glue) == before, "nor on what data sets share"
    preview = quick.ask("preview")
    assert item_of(preview)["blocked_by"] == "access_not_approved"
    refused = quick.run("apply", preview["change_set_id"])
    assert refused.code == 3 and "access change" in refused.err and allowed(glue) == before
    quick.as_account(4001).ask("approve", preview["change_set_id"])
    run = quick.as_account(4002).ask("apply", preview["change_set_id"])
    assert run["state"] == "done" and allowed(glue) == {kind: {ANN, CARL} for kind in before}
    undo = quick.ask("revert", run["run_id"])
    assert item_of(undo)["blocked_by"] == "access_not_approved"
    assert quick.run("apply", undo["change_set_id"]).code == 3
    assert allowed(glue)["DataSet"] == {ANN, CARL}
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Net value")
    assert quick.ask("sync")["counts"]["blocked"] == 0
    assert "Net value" in str(data_set(glue)["content"])


def test_a_new_data_set_that_people_get_to_see_waits_for_a_second_person(
    quick: Installation, glue: GlueSimulator
) -> None:
    make_lake_table(glue, "more")
    more = FOUR_EYES.replace("rules:", 'rules:\n  - {match: {name: ASSET_00001}, set: {bind: "lake.more"}}')
    quick.config = more
    item = item_of(quick.ask("preview"))
    assert (item["action"], item["access"], item["blocked_by"]) == ("create", True, "access_not_approved")
    quick.ask("sync", code=None)
    assert len(data_sets(glue)) == 1
    quick.config = more.replace(f'owners: ["{ANN}"], viewers: ["{BOB}"]', "owners: [], viewers: []").replace(
        "four_eyes: [access]", "four_eyes: []"
    )
    assert quick.ask("sync")["state"] == "done"
    assert len(data_sets(glue)) == 2 and not allowed(glue)["DataSet"]
