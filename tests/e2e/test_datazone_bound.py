"""DataZone says what is known of an asset also where its table is one of others."""

from __future__ import annotations

import shutil

import pytest

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


def _bound(**tables: int) -> str:
    rules = [f"{{match: {{name: ASSET_0000{asset}}}, set: {{bind: lake.{name}}}}}" for name, asset in tables.items()]
    return f"{PUBLISHES}deletion: {{misses: 1, grace: 0s}}\nmapping: {{rules: [{', '.join(rules)}]}}\n"


def _stands_for(glue: GlueSimulator, *tables: str) -> list[str]:
    """Whose each table is in DataZone, and that it is published."""
    held, shown = assets(glue), listings(glue)
    assert all(shown[name][0] == "ACTIVE" and form(held[name]).get("status") is None for name in tables)
    return [form(held[name])["source"][-1] for name in tables]


@pytest.mark.parametrize("imported", [True, False])
@pytest.mark.parametrize(("first", "then"), [({"one": 1}, {"one": 2}), ({"one": 1, "two": 2}, {"one": 2, "two": 1})])
def test_tables_that_change_hands_come_right_in_two_runs(
    zone: Installation, glue: GlueSimulator, first: dict[str, int], then: dict[str, int], imported: bool
) -> None:
    lake(glue, "one")
    lake(glue, "two")
    if imported:
        glue.run_data_source("lake")
    zone.config = _bound(**first)
    assert zone.ask("sync")["state"] == "done"
    assert _stands_for(glue, *first) == [str(asset) for asset in first.values()]
    zone.config = _bound(**then)
    for _ in range(2):
        run = zone.ask("sync")
        assert run["state"] == "done" and not run["failures"], run
    assert _stands_for(glue, *then) == [str(asset) for asset in then.values()]
    glue.reset()
    for more in ([], ["--full"], ["--allow-deletes"]):
        assert zone.ask("sync", *more)["state"] == "done"
        assert _stands_for(glue, *then) == [str(asset) for asset in then.values()]
    shutil.rmtree(zone.state_dir)
    glue.reset()
    assert zone.ask("sync")["state"] == "done" and not written(glue)


def test_a_table_whose_asset_is_gone_is_the_next_ones_and_nothing_of_it_is_deleted_later(
    zone: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    lake(glue, "one")
    zone.config = _bound(one=1)
    zone.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    zone.ask("sync")
    zone.config = _bound(one=2)
    for more in ([], [], ["--allow-deletes"], ["--allow-deletes"], ["--full", "--allow-deletes"]):
        run = zone.ask("sync", *more)
        assert run["state"] == "done" and not run["failures"], run
    assert _stands_for(glue, "one") == ["2"]
    assert not zone.ask("drift")["items"]
