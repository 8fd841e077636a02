"""Several destinations: each with its own account, Region, catalog, prefix and spaces; none holds up another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

EU_ROLE = "arn:aws:iam::111122223333:role/spheresync"
EU, US, HOME = "eu-west-1/111122223333", "us-east-1/123456789012", "eu-central-1/123456789012"
TWO = f"""
destinations:
  eu: {{role_arn: "{EU_ROLE}", external_id: x1, region: eu-west-1, prefix: eu_, spaces: [SPACE_000]}}
  us: {{region: us-east-1}}
"""


def tables(glue: GlueSimulator, place: str) -> dict[str, set[str]]:
    """Names of tables by database."""
    return {database: set(found) for database, found in glue.dump_of(place)["tables"].items() if found}


def rows(tables_at: dict[str, set[str]]) -> int:
    return sum(map(len, tables_at.values()))


@pytest.fixture
def two(installation: Installation, glue: GlueSimulator) -> Installation:
    glue.allow_role(EU_ROLE, "x1")
    installation.config = TWO
    return installation


def test_one_change_set_spans_all_and_each_holds_what_it_is_for(two: Installation, glue: GlueSimulator) -> None:
    change_set = two.ask("preview")
    assert change_set["summary"]["create"] == 40
    run = two.ask("apply", change_set["change_set_id"])
    assert (run["state"], run["counts"]["create"]) == ("done", 40)
    assert tables(glue, EU).keys() == {"eu_space_000"} and rows(tables(glue, EU)) == 10
    assert tables(glue, US).keys() == {"space_000", "space_001", "space_002"} and rows(tables(glue, US)) == 30
    assert not tables(glue, HOME)
    assert glue.calls()["AssumeRole"] >= 1

    glue.reset()
    again = two.ask("sync")
    assert {word: count for word, count in again["counts"].items() if count} == {"unchanged": 40}
    assert not glue.calls(), "what is as it was is asked of nobody"
    listed = two.ask("assets", "--space", "SPACE_001")
    assert {item["status"] for item in listed["items"]} == {"synced"}
    both = two.ask("assets", "--query", "ASSET_00000", "--space", "SPACE_000")["items"][0]["objects"]
    assert both == ["glue in eu:eu_space_000.asset_00000", "glue in us:space_000.asset_00000"]


def test_a_destination_that_is_down_leaves_its_own_behind_and_nothing_else(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.config = TWO  # and nobody may assume the role
    first = installation.ask("sync", code=1)
    assert first["state"] == "partly_failed" and first["counts"]["create"] == 30
    said = str(first)
    assert "destinations.eu" in said and "external_id" in said and EU_ROLE in said
    assert rows(tables(glue, US)) == 30 and not tables(glue, EU)
    assert {item["status"] for item in installation.ask("assets", "--space", "SPACE_001")["items"]} == {"synced"}
    assert "synced" not in {item["status"] for item in installation.ask("assets", "--space", "SPACE_000")["items"]}

    glue.allow_role(EU_ROLE, "x1")
    glue.reset()
    second = installation.ask("sync")
    assert (second["state"], second["counts"]["create"]) == ("done", 10)
    assert rows(tables(glue, EU)) == 10
    assert {entry["place"] for entry in glue.log() if entry["operation"] == "CreateTable"} == {EU}


def test_people_read_in_which_destination_something_is_made_first(two: Installation) -> None:
    said = [line for line in two.run("preview").out.splitlines() if line.startswith("Before that, ")]
    assert any(" eu_space_000 in eu (" in line for line in said), said
    assert any(" space_000 in us (" in line for line in said), said


def test_a_wrong_external_id_is_told_with_where_it_stands(two: Installation, glue: GlueSimulator) -> None:
    glue.allow_role(EU_ROLE, "another")
    ended = two.run("doctor")
    assert ended.code != 0
    assert "destinations.eu" in ended.out and "external_id" in ended.out
    assert "Traceback" not in ended.out + ended.err


def test_keys_that_end_in_the_middle_of_a_run_are_renewed(two: Installation, glue: GlueSimulator) -> None:
    glue.allow_role(EU_ROLE, "x1", lasts=2)
    glue.answer_after(400)
    run = two.ask("sync")
    assert (run["state"], run["counts"]["create"]) == ("done", 40)
    assert glue.calls()["AssumeRole"] >= 2


def test_one_change_is_one_write_in_each_and_scopes_choose(
    two: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    two.ask("sync")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    glue.reset()
    assert two.ask("sync", "--destination", "us")["counts"]["metadata_only"] == 1
    assert [entry["place"] for entry in glue.log() if entry["operation"] == "UpdateTable"] == [US]
    glue.reset()
    assert two.ask("sync")["counts"]["metadata_only"] == 1
    assert [entry["place"] for entry in glue.log() if entry["operation"] == "UpdateTable"] == [EU]
    refused = two.run("sync", "--destination", "eux")
    assert refused.code == 2 and "eu" in refused.err


def test_a_space_that_a_destination_is_no_more_for_leaves_its_tables(two: Installation, glue: GlueSimulator) -> None:
    two.ask("sync")
    two.config = TWO.replace("us-east-1}", "us-east-1, spaces: [SPACE_001]}")
    run = two.ask("sync")
    assert (run["counts"]["forget"], run["counts"]["delete"], run["counts"]["retire"]) == (20, 0, 0)
    assert rows(tables(glue, US)) == 30
    two.config = TWO
    assert two.ask("sync")["state"] == "done"
    assert rows(tables(glue, US)) == 30


def test_undo_restores_each_destination(two: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
    two.ask("sync")
    before = [glue.dump_of(place)["tables"] for place in (EU, US)]
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    run = two.ask("sync")
    undo = two.ask("revert", run["run_id"])
    assert len(undo["items"]) == 2
    assert two.ask("apply", undo["change_set_id"])["state"] == "done"
    after = [glue.dump_of(place)["tables"] for place in (EU, US)]
    assert [_inputs(each) for each in after] == [_inputs(each) for each in before]


def test_another_catalog_of_the_account_is_asked_by_its_id(installation: Installation, glue: GlueSimulator) -> None:
    installation.config = 'destinations: {lake: {catalog_id: "999988887777", prefix: dsp_}}'
    assert installation.ask("sync")["counts"]["create"] == 30
    assert tables(glue, "eu-central-1/999988887777").keys() == {"dsp_space_000", "dsp_space_001", "dsp_space_002"}
    assert not tables(glue, HOME)


def test_drift_is_found_where_it_is(two: Installation, glue: GlueSimulator) -> None:
    two.ask("sync")
    hands = _client(glue, "us-east-1")
    hands.delete_table(DatabaseName="space_000", Name="asset_00000")
    found = two.ask("drift", code=None)
    assert [item["destination"] for item in found["items"]] == ["us"]
    assert two.ask("apply", found["change_set_id"])["state"] == "done"
    assert rows(tables(glue, US)) == 30


def test_a_destination_that_is_another_one_by_now_is_not_taken_for_in_sync(
    two: Installation, glue: GlueSimulator
) -> None:
    two.ask("sync")
    two.config = TWO.replace("us-east-1", "us-west-2")
    glue.reset()
    refused = two.ask("sync", code=1)
    assert "us-east-1" in str(refused) and "us-west-2" in str(refused) and "another name" in str(refused)
    assert refused["counts"]["unchanged"] == 10, "of the other destination"
    assert not glue.calls()
    assert two.run("drift").code == 1
    two.config = TWO.replace("us:", "us_west:").replace("us-east-1", "us-west-2")
    assert two.ask("sync")["counts"]["create"] == 30
    assert rows(tables(glue, US)) == rows(tables(glue, "us-west-2/123456789012")) == 30
    said = two.run("status")
    assert "glue in us is not configured any more, and 30 tables stay there" in said.out


def test_a_mistyped_space_lets_go_of_nothing_and_is_told(two: Installation, glue: GlueSimulator) -> None:
    two.ask("sync")
    two.config = TWO.replace("spaces: [SPACE_000]", "spaces: [SPACE_OOO]")
    assert "'SPACE_OOO' in its `spaces:` matches no space" in str(two.ask("preview")["findings"])
    assert "'SPACE_OOO'" in two.run("doctor").out
    held = two.ask("sync", code=3)
    assert held["counts"]["forget"] == 0 and "all_leave" in str(held["findings"]), held
    two.config = TWO
    assert two.ask("sync")["counts"]["unchanged"] == 40
    two.config = TWO.replace("spaces: [SPACE_000]", "spaces: [SPACE_OOO]")
    assert two.ask("sync", "--max-deletes", "10")["counts"]["forget"] == 10


def test_answers_say_which_destination_they_are_about(
    two: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    run = two.ask("sync")
    said = two.ask("audit", "query", "--asset", "SPACE_000/ASSET_00000")["items"]
    assert sorted(str(each.get("destination")) for each in said if each["target"]) == ["eu", "us"]
    assert "glue in eu" in two.run("audit", "query", "--asset", "SPACE_000/ASSET_00000").out
    undo = two.ask("revert", run["run_id"])
    remedies = [each["remedy"] for each in undo["findings"] if each["code"] == "database_stays"]
    assert any("delete-database` in catalog 111122223333 in Region eu-west-1" in each for each in remedies)
    two.config = TWO.replace("us-east-1}", "us-east-1, spaces: [SPACE_000]}")
    left = two.ask("preview", "--space", "SPACE_001", "--no-refresh")["findings"]
    assert "Add the space to `spaces:`" in str(left) and "Widen `scope:`" not in str(left)
    two.config = TWO
    glue.fault("deny", "UpdateTable", times=1, database="eu_space_000")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    two.ask("sync", code=1)
    denied = two.run("doctor").out
    assert "tables of glue in eu" in denied and "tables of glue in eu, glue in us" not in denied


def test_a_guard_that_holds_back_in_two_destinations_names_each(
    two: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    two.config = TWO.replace("us-east-1}", "us-east-1, spaces: [SPACE_000]}")
    two.ask("sync")
    for number in range(5):
        tenant.edit("remove_asset", space="SPACE_000", asset=f"ASSET_0000{number}")
    for _ in range(2):
        two.ask("sync", code=None)
    held = two.ask("sync", code=3)
    told = [each["message"] for each in held["findings"] if each["code"] == "too_many_removals"]
    assert any(each.startswith("glue in eu: ") for each in told) and any(
        each.startswith("glue in us: ") for each in told
    )


def _inputs(found: dict[str, Any]) -> dict[str, Any]:
    """What each table says of itself, without when it was written."""
    moving = {"UpdateTime", "VersionId"}
    return {
        f"{database}.{name}": {key: value for key, value in table["live"].items() if key not in moving}
        for database, held in found.items()
        for name, table in held.items()
    }


def _client(glue: GlueSimulator, region: str) -> Any:
    import boto3

    return boto3.client(
        "glue", region_name=region, endpoint_url=glue.url, aws_access_key_id="other", aws_secret_access_key="other"
    )
