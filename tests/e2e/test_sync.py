"""The main job, driven from outside: first sync, nothing to do, exactly what changed, names that never change."""

from __future__ import annotations

import shutil

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


def tables(glue: GlueSimulator) -> dict[str, str]:
    """Source of every table by database.table."""
    dump = glue.dump()["tables"]
    return {
        f"{database}.{name}": table["live"]["Parameters"]["spheresync.source"]
        for database, found in dump.items()
        for name, table in found.items()
    }


def test_first_sync_creates_every_asset_and_the_second_asks_aws_nothing(
    installation: Installation, glue: GlueSimulator
) -> None:
    first = installation.ask("sync")
    assert first["state"] == "done"
    assert first["counts"]["create"] == 30
    assert len(tables(glue)) == 30
    assert glue.calls()["CreateTable"] == 30

    glue.reset()
    second = installation.ask("sync")
    assert second["state"] == "done"
    assert second["counts"]["unchanged"] == 30
    assert glue.calls() == {}


def test_one_label_is_one_update_and_one_type_is_a_full_one(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.ask("sync")
    glue.reset()
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    preview = installation.ask("preview")
    assert preview["summary"]["metadata_only"] == 1
    item = preview["items"][0]
    assert item["asset"] == "SPACE_000/ASSET_00000"
    assert item["strategy"] in {"delta", "metadata_only"}
    after = {change["path"]: change["after"] for change in item["changes"]}
    assert after["parameters.spheresync.label"] == "Renamed"
    assert glue.calls() == {"GetTable": 1}, "only what is to be changed is looked at"
    glue.reset()

    run = installation.ask("apply", preview["change_set_id"])
    assert run["state"] == "done"
    assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}


def test_names_survive_the_loss_of_the_state(installation: Installation, glue: GlueSimulator) -> None:
    installation.ask("sync")
    before = tables(glue)
    shutil.rmtree(installation.state_dir)
    glue.reset()
    again = installation.ask("sync")
    assert again["state"] == "done"
    assert again["counts"]["adopt"] == 30
    assert tables(glue) == before
    assert "UpdateTable" not in glue.calls()
    assert "CreateTable" not in glue.calls()
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}
