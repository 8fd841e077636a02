"""A change set's rules on their way from wolf to bear: nothing counts there before a person has approved it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spheresync.config import Promotion
from spheresync.config.promotion import parse_promotion
from tests.e2e.test_alerts import channel
from tests.e2e.test_safety import writes
from tests.e2e.test_schedule import AT_ONCE, proposal, serving, until
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.listener import listening
from tests.simulators.running_tenant import RunningTenant, running_tenant

RULES = """
scope: {exclude: ["SPACE_002/*"]}
mapping:
  rules:
    - match: {space: SPACE_000}
      set: {tags: {layer: gold}, table: "{prefix}{name}_v1", description: "{label}, promoted"}
    - {match: {name: ASSET_00002}, columns: [{match: {name: COL_001}, set: {include: false}}]}
    - {match: {name: ASSET_00009}, set: {include: false}}
"""


@pytest.fixture
def wolf(tmp_path: Path, surroundings: Surroundings, tenant: RunningTenant, glue: GlueSimulator) -> Installation:
    (tmp_path / "wolf").mkdir()
    return surroundings.install(tmp_path / "wolf" / "state", tenant, glue, f"prefix: wolf_\n{RULES}")


@pytest.fixture
def bear(tmp_path: Path, surroundings: Surroundings) -> Any:
    """An installation on another tenant and another Glue; its configuration names the promotion that wolf writes."""
    (tmp_path / "bear").mkdir()
    with running_tenant(*surroundings.tenant_arguments) as tenant, running_glue() as glue:
        bear = surroundings.install(tmp_path / "bear" / "state", tenant, glue, "promotion: ../wolf.json\n")
        bear.env = "bear"
        yield bear, tenant, glue


@pytest.fixture
def promoted(wolf: Installation, tmp_path: Path) -> Promotion:
    """What wolf exported into `wolf.json`, having applied it."""
    change_set = wolf.ask("preview")["change_set_id"]
    assert wolf.ask("apply", change_set)["state"] == "done"
    answer = wolf.ask("promote", change_set, str(tmp_path / "wolf.json"))
    promotion, digest = parse_promotion((tmp_path / "wolf.json").read_bytes(), "wolf.json")
    assert (answer["digest"], answer["change_set_id"], answer["rules"]) == (digest, change_set, 3)
    return promotion


def test_the_file_tells_the_rules_and_what_becomes_of_the_assets_and_nothing_of_the_place(
    wolf: Installation, promoted: Promotion, tmp_path: Path
) -> None:
    file = tmp_path / "wolf.json"
    text = file.read_text("utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
    assert (promoted.environment, promoted.installation) == ("wolf", None)
    assert [*promoted.scope["exclude"]] == ["SPACE_002/*"]  # type: ignore[misc]  # a list
    assert {str(each.asset).partition("/")[0] for each in promoted.assets} == {"SPACE_000", "SPACE_001"}
    (asset,) = [each for each in promoted.assets if str(each.asset) == "SPACE_000/ASSET_00002"]
    assert (asset.action, asset.database, asset.table) == ("create", "space_000", "asset_00002_v1")
    assert asset.structure and asset.definition and asset.description and asset.description.endswith(", promoted")
    left_out = {column.name: column.physical for column in asset.columns}
    assert left_out.pop("COL_001") is None and all(left_out.values())
    for of_wolf in ("wolf_", "127.0.0.1", "spheresync:", wolf.environment["SPHERESYNC_DATASPHERE__CLIENT_SECRET"]):
        assert of_wolf not in text
    assert wolf.ask("audit", "query", "--action", "promote")["total"] == 1


def test_a_promotion_that_cannot_be_written_or_is_not_what_it_was_made_of_is_refused(
    wolf: Installation, promoted: Promotion, tmp_path: Path
) -> None:
    file = tmp_path / "wolf.json"
    before = file.read_bytes()
    error = wolf.ask("promote", promoted.change_set, str(file), code=2)["error"]
    assert "is there already" in error["message"] and file.read_bytes() == before
    wolf.ask("promote", promoted.change_set, str(file), "--force")
    undo = wolf.ask("revert", wolf.ask("runs")["items"][0]["run_id"])["change_set_id"]
    assert "undoes" in wolf.ask("promote", undo, str(tmp_path / "undo.json"), code=3)["error"]["message"]
    wolf.config = wolf.config.replace("gold", "iron")
    error = wolf.ask("promote", promoted.change_set, str(tmp_path / "other.json"), code=3)["error"]
    assert "mapping or scope changed" in error["message"] and "new preview" in error["remedy"]
    assert not list(tmp_path.glob("[uo]*.json"))


def test_nothing_is_written_by_it_before_a_person_has_approved_it(promoted: Promotion, bear: Any) -> None:
    installation, _, glue = bear
    preview = installation.ask("preview")
    assert preview["summary"]["create"] == 18, "the promoted scope and include count"
    (waits,) = preview["findings"]
    assert waits["code"] == "promotion_not_approved" and "spheresync approve" in waits["remedy"]
    for command in (["apply", preview["change_set_id"]], ["sync"], ["sync", "--full", "--allow-deletes"]):
        error = installation.ask(*command, code=3)["error"]
        assert error["code"] == "refused" and "nobody has approved" in error["message"]
        assert "Look at a preview" in error["remedy"]
    assert [problem["code"] for problem in installation.ask("status")["problems"]] == ["promotion_not_approved"]
    assert installation.ask("runs")["total"] == 0
    assert glue.dump()["tables"] == {}

    approved = installation.ask("approve", preview["change_set_id"])
    assert approved["promotion"] == promoted.digest and approved["findings"] == []
    (entry,) = installation.ask("audit", "query", "--action", "approve", "--detail", "full")["items"]
    assert entry["detail"]["promotion"] == promoted.digest
    run = installation.ask("apply", preview["change_set_id"])
    assert (run["state"], run["counts"]["create"]) == ("done", 18) and run["approved_by"]
    table = glue.table("space_000", "asset_00002_v1")
    assert table["Description"].endswith(", promoted") and table["Parameters"]["spheresync.tag.layer"] == "gold"
    assert "col_001" not in {column["Name"] for column in table["StorageDescriptor"]["Columns"]}
    assert installation.ask("sync")["state"] == "done", "once approved it goes on by itself"
    assert installation.ask("status")["problems"] == []


def test_who_looks_sees_where_rules_came_from(promoted: Promotion, bear: Any) -> None:
    installation, _, _ = bear
    installation.config += "mapping: {rules: [{match: {name: ASSET_00001}, set: {tags: {layer: silver}}}]}\n"
    shown = installation.ask("config", "show")
    assert shown["promotion"]["digest"] == promoted.digest and shown["promotion"]["environment"] == "wolf"
    assert shown["sources"]["mapping.rules"] == "promotion wolf.json (rules 1 to 3), then spheresync.yaml"
    assert shown["sources"]["scope.exclude"] == "promotion wolf.json"
    assert "promotion wolf.json" in installation.run("config", "show").out
    installation.ask("discover")
    excluded = installation.ask("assets", "--status", "excluded", "--query", "00009")["items"]
    assert len(excluded) == 2


def test_an_edited_file_is_refused_everywhere(promoted: Promotion, bear: Any, tmp_path: Path) -> None:
    installation, _, _ = bear
    file = tmp_path / "wolf.json"
    document = json.loads(file.read_text("utf-8"))
    document["mapping"]["rules"][0]["set"]["tags"]["layer"] = "iron"
    file.write_text(json.dumps(document), "utf-8")
    for command in (["config", "validate"], ["preview"], ["status"]):
        error = installation.ask(*command, code=2)["error"]
        (problem,) = error["problems"]
        assert problem.startswith("spheresync.yaml, line 1: promotion: wolf.json was edited since it was exported")
    document["mapping"]["rules"][0]["set"]["tags"]["layer"] = "gold"
    file.write_text(json.dumps(document), "utf-8")
    assert installation.ask("config", "validate")["valid"], "other white space says the same"


def test_what_of_it_does_not_fit_the_next_tenant_is_told(promoted: Promotion, bear: Any) -> None:
    installation, tenant, _ = bear
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00003")
    tenant.edit("rename_column", space="SPACE_001", asset="ASSET_00004", column="COL_002", name="NEW")
    preview = installation.ask("preview")
    found = {(finding["subject"], finding["code"]): finding["message"] for finding in preview["findings"]}
    assert set(found) == {
        ("promotion", "promotion_not_approved"),
        ("SPACE_000/ASSET_00003", "promoted_missing"),
        ("SPACE_001/ASSET_00004", "promoted_differs"),
    }
    assert "COL_002 not here; NEW only here" in found["SPACE_001/ASSET_00004", "promoted_differs"]
    only = installation.ask("preview", "--asset", "SPACE_000/ASSET_00001", "--no-refresh")
    assert [finding["code"] for finding in only["findings"]] == ["promotion_not_approved"]
    assert "counts for all of it" in installation.ask("approve", only["change_set_id"])["note"]


def test_another_promotion_needs_an_approval_of_its_own(
    promoted: Promotion, wolf: Installation, bear: Any, tmp_path: Path
) -> None:
    installation, _, _ = bear
    installation.ask("approve", installation.ask("preview")["change_set_id"])
    assert installation.ask("sync")["state"] == "done"
    stale = installation.ask("preview")["change_set_id"]
    wolf.config = wolf.config.replace("gold", "iron")
    wolf.ask("promote", wolf.ask("preview")["change_set_id"], str(tmp_path / "wolf.json"), "--force")
    assert "nobody has approved" in installation.ask("sync", code=3)["error"]["message"]
    assert "Make a new preview" in installation.ask("apply", stale, code=3)["error"]["remedy"]
    assert "Make a new preview" in installation.ask("approve", stale, code=3)["error"]["remedy"]
    installation.config = "installation: alone\n"
    assert installation.ask("status")["problems"] == [], "without a promotion none is needed"


def test_approvals_outlast_a_restore(promoted: Promotion, bear: Any, tmp_path: Path) -> None:
    installation, _, _ = bear
    installation.ask("approve", installation.ask("preview")["change_set_id"])
    installation.ask("sync")
    waiting = installation.ask("preview")["change_set_id"]
    installation.ask("approve", waiting)
    installation.ask("backup", str(tmp_path / "saved"))
    installation.ask("restore", str(tmp_path / "saved"), "--yes")
    assert "expired" in installation.ask("approve", waiting, code=3)["error"]["message"]
    assert installation.ask("sync")["state"] == "done"


def test_the_scheduler_proposes_it_and_waits_without_noise(promoted: Promotion, bear: Any) -> None:
    installation, tenant, glue = bear
    with listening() as receiver:
        installation.config = json.dumps({"promotion": "../wolf.json", **json.loads(channel(receiver))})
        installation.extra |= AT_ONCE
        with serving(installation):
            status = until(lambda: proposal(installation), "a change set to look at")
            assert status["scheduler"]["state"] == "waiting"
            assert [problem["code"] for problem in status["problems"]] == ["promotion_not_approved"]
            waiting = status["scheduler"]["change_set_id"]
            looked = tenant.stats().total
            until(lambda: tenant.stats().total > looked + 30, "many more rounds")
            assert installation.ask("runs")["total"] == 0 and writes(glue) == {} and receiver.posts == []
            waiting = installation.ask("status")["scheduler"]["change_set_id"]
            installation.ask("approve", waiting)
            until(lambda: writes(glue).get("CreateTable") == 18, "all that was promoted")
            until(lambda: installation.ask("status")["scheduler"]["state"] == "running", "its going on")
        assert receiver.posts == []


def test_a_running_server_takes_up_another_promotion_and_waits_for_its_approval(
    promoted: Promotion, wolf: Installation, bear: Any, tmp_path: Path
) -> None:
    installation, _, glue = bear
    installation.ask("approve", installation.ask("preview")["change_set_id"])
    assert installation.ask("sync")["counts"]["create"] == 18
    installation.extra |= AT_ONCE
    with serving(installation):
        until(lambda: installation.ask("status")["scheduler"]["state"] == "running", "the scheduler")
        wolf.config = wolf.config.replace("gold", "iron")
        wolf.ask("promote", wolf.ask("preview")["change_set_id"], str(tmp_path / "wolf.json"), "--force")
        assert installation.ask("status")["scheduler"]["state"] == "waiting"
        preview = installation.ask("preview")
        assert glue.table("space_000", "asset_00001_v1")["Parameters"]["spheresync.tag.layer"] == "gold"
        installation.ask("apply", preview["change_set_id"], code=3)
        installation.ask("approve", preview["change_set_id"])
        assert installation.ask("apply", preview["change_set_id"])["state"] == "done"
        assert installation.ask("status")["scheduler"]["state"] == "running"
        assert glue.table("space_000", "asset_00001_v1")["Parameters"]["spheresync.tag.layer"] == "iron"
