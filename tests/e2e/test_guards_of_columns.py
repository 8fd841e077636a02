"""The guard of a space whose every asset loses columns holds their data sets too, however few have one."""

from __future__ import annotations

import pytest

from tests.e2e.test_guards_of_all_targets import QUERYABLE
from tests.e2e.test_quick_sight import CONFIG, data_sets
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSETS = 20


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=ASSETS)


def test_a_data_set_keeps_its_columns_where_a_guard_holds_the_update_of_its_table(
    installation: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    installation.config = f"{CONFIG}mapping:\n  rules:\n{QUERYABLE}"
    installation.ask("sync")
    before = data_sets(glue)
    assert len(before) == 1
    for number in range(ASSETS):
        tenant.edit("remove_column", space="SPACE_000", asset=f"ASSET_{number:05}", column="COL_003")
    for only in ((), ("--target", "quicksight"), ("--allow-deletes",)):
        run = installation.ask("sync", *only, code=3)
        assert [each["code"] for each in run["findings"]] == ["all_lose_columns"], run["findings"]
        assert data_sets(glue) == before
    assert installation.ask("sync", "--max-deletes", "0")["state"] == "done"
    assert data_sets(glue) != before
