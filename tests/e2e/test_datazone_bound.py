"""DataZone says what is known of an asset also where its table is one of others."""

from __future__ import annotations

import shutil

from tests.e2e.test_bound_tables import lake
from tests.e2e.test_datazone import PUBLISHES, assets, form, listings, written, zone
from tests.simulators.fixtures import SMALLER
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER

__all__ = ["zone"]
_GOES = "deletion: {misses: 1, grace: 0s, policy: delete}\n"
_BOUND = 'mapping: {rules: [{match: {name: [ASSET_00001, ASSET_00002]}, set: {bind: "lake.{name}"}}]}\n'


def test_a_lost_state_finds_what_stands_for_a_bound_table(
    zone: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    lake(glue, "asset_00001")
    lake(glue, "asset_00002")
    glue.run_data_source("lake")
    before = assets(glue)["asset_00001"]
    zone.config = PUBLISHES + _BOUND + _GOES
    assert zone.ask("sync")["state"] == "done"
    held = assets(glue)
    assert form(held["asset_00001"])["source"] == "SPACE_000/ASSET_00001"
    shutil.rmtree(zone.state_dir)
    glue.reset()
    assert zone.ask("sync")["state"] == "done"
    assert not written(glue) and assets(glue) == held
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    for _ in range(3):
        assert zone.ask("sync")["state"] == "done"
    after = assets(glue)["asset_00001"]
    assert not form(after) and listings(glue)["asset_00001"][0] == "INACTIVE"
    assert after["formsOutput"] == before["formsOutput"] and not after.get("glossaryTerms")


def test_a_lost_state_takes_back_what_stands_for_a_bound_table_whose_asset_is_gone_meanwhile(
    zone: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    lake(glue, "asset_00001")
    lake(glue, "asset_00002")
    glue.run_data_source("lake")
    zone.config = PUBLISHES + _BOUND + _GOES
    zone.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    shutil.rmtree(zone.state_dir)
    for _ in range(4):
        assert zone.ask("sync")["state"] == "done"
    assert "spheresync.bound-by" not in glue.table("lake", "asset_00001").get("Parameters", {})
    assert not form(assets(glue)["asset_00001"]) and listings(glue)["asset_00001"][0] == "INACTIVE"
