"""A saved change set: seen before anything changes, applied once, refused when too old or when the ground moved."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from spheresync.model import utc_now
from tests.contract.conftest import MakeInstallation
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.running_tenant import RunningTenant

WRITES = ("Create", "Update", "Delete", "Batch")


def writes(glue: GlueSimulator) -> int:
    return sum(count for operation, count in glue.calls().items() if operation.startswith(WRITES))


def refused(answer: dict[str, Any]) -> str:
    assert answer["error"]["code"] == "refused"
    assert "new preview" in answer["error"]["remedy"]
    return str(answer["error"]["message"])


def test_a_change_set_is_seen_first_and_applied_once(make_installation: MakeInstallation, glue: GlueSimulator) -> None:
    installation = make_installation()
    glue.reset()
    change_set = installation.ask("preview", "--exit-code", code=4)
    assert (change_set["state"], change_set["summary"]["create"]) == ("open", 20)
    assert change_set["digest"] and change_set["expires_at"] > change_set["created_at"]
    assert writes(glue) == 0
    run = installation.ask("apply", change_set["change_set_id"])
    assert (run["state"], run["counts"]["create"]) == ("done", 20)
    glue.reset()
    again = installation.ask("apply", change_set["change_set_id"])
    assert (again["run_id"], again["counts"]) == (run["run_id"], run["counts"])
    assert installation.ask("preview", "--exit-code")["state"] == "open"
    assert glue.calls() == {}


def test_a_change_set_shows_every_call_that_will_be_made(
    make_installation: MakeInstallation, glue: GlueSimulator
) -> None:
    installation = make_installation()
    change_set = installation.ask("preview", "--limit", "200")
    first, items = change_set["prerequisites"], change_set["items"]
    assert {(each["operation"], each["wave"], each["target"]) for each in first} == {("glue:CreateDatabase", 0, "glue")}
    assert sum(each["assets_total"] for each in first) == change_set["summary"]["create"] == len(items)
    assert {asset for each in first for asset in each["assets"]} <= {item["asset"] for item in items}
    shown = Counter(each["operation"] for each in first)
    shown.update(operation for item in items for operation in item["operations"])
    glue.reset()
    assert installation.ask("apply", change_set["change_set_id"])["state"] == "done"
    sent = {f"glue:{name}": count for name, count in glue.calls().items() if name.startswith(WRITES)}
    assert sent == shown
    later = installation.ask("preview")
    assert "prerequisites" not in later and later["summary"]["unchanged"] == len(items)


def test_people_read_what_is_made_first(make_installation: MakeInstallation) -> None:
    said = make_installation().run("preview")
    assert said.code == 0
    (line, *_) = [line for line in said.out.splitlines() if line.startswith("Before that, ")]
    assert line.startswith("Before that, glue:CreateDatabase ") and line.endswith("need it")


def test_an_expired_change_set_is_refused(make_installation: MakeInstallation, glue: GlueSimulator) -> None:
    installation = make_installation("change_sets: {expires: 1s}\n")
    change_set = installation.ask("preview")
    glue.reset()
    while utc_now() <= datetime.fromisoformat(change_set["expires_at"]):
        installation.ask("config", "validate")
    assert "expired" in refused(installation.ask("apply", change_set["change_set_id"], code=3))
    assert glue.calls() == {}


def test_a_change_set_of_another_mapping_or_scope_is_refused_as_a_whole(
    make_installation: MakeInstallation, glue: GlueSimulator
) -> None:
    installation = make_installation()
    change_set = installation.ask("preview")
    glue.reset()
    for moved in (
        'mapping: {rules: [{match: {name: "*"}, set: {table: "{name}_v2"}}]}\n',
        'scope: {exclude: ["SPACE_000/*"]}\n',
    ):
        installation.config = moved
        assert "changed since" in refused(installation.ask("apply", change_set["change_set_id"], code=3))
    assert glue.calls() == {}


def test_a_change_set_of_which_everything_moved_is_refused(
    make_installation: MakeInstallation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    installation = make_installation()
    installation.ask("sync", "--asset", "SPACE_000/ASSET_00001")
    database = installation.extra["SPHERESYNC_PREFIX"] + "space_000"
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Renamed")
    change_set = installation.ask("preview", "--asset", "SPACE_000/ASSET_00001")
    hands = glue.client()
    table = hands.get_table(DatabaseName=database, Name="asset_00001")["Table"]
    hands.update_table(
        DatabaseName=database,
        TableInput={
            "Name": "asset_00001",
            "Description": "By hand",
            "TableType": table["TableType"],
            "Parameters": {**table["Parameters"], "spheresync.label": "By hand"},
            "StorageDescriptor": table["StorageDescriptor"],
        },
    )
    run = installation.ask("apply", change_set["change_set_id"], code=3)
    assert (run["state"], run["counts"]["refused"]) == ("refused", 1)
    assert run["failures"][0]["asset"] == "SPACE_000/ASSET_00001"
    assert glue.table(database, "asset_00001")["Description"] == "By hand"
