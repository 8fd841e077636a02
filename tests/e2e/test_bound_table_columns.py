"""A column that leaves an asset leaves a table of others as it is, and all that is ours on it goes in the same sync."""

from __future__ import annotations

import pytest

from tests.e2e.test_lake_formation import put_context
from tests.e2e.test_quick_sight import make_lake_table
from tests.long_form import part_of
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = Surroundings(spaces=1, assets=1, columns=4)
CONFIG = """
installation: lake
targets: [glue, lakeformation, datazone, glue_context]
context: ["context/*.yaml"]
datazone: {domain_id: dzd_x1, project_id: p1}
mapping: {rules: [{match: {name: ASSET_00000}, set: {bind: "lake.orders"}}]}
"""
CONTEXT = """
assets:
  - match: {space: SPACE_000}
    set: {domain: Sales}
    columns:
      - {match: {name: COL_001}, set: {personal_data: identifier}}
      - {match: {name: COL_002}, set: {personal_data: health}}
"""
EXCLUDED = "personal_data: {policy: [{class: health, action: exclude_column}]}\n"


def said_of(glue: GlueSimulator, column: str) -> list[str]:
    """Which targets hold anything of ours on a column of the table."""
    (there,) = (each for each in glue.table("lake", "orders")["StorageDescriptor"]["Columns"] if each["Name"] == column)
    (noted,) = (each for key, each in glue.glue_context_dump()["noted"].items() if key.endswith("lake/orders"))
    (asset,) = (held[-1] for held in glue.datazone_dump()["assets"].values() if held[-1]["name"] == "orders")
    tagged = glue.lakeformation_dump()["assigned"]["tables"]["lake"]["orders"]["columns"]
    found = {
        "glue": there.get("Parameters"),
        "lakeformation": tagged.get(column),
        "datazone": column in str(asset),
        "glue_context": noted.get(column),
    }
    return [target for target, said in found.items() if said]


@pytest.mark.parametrize("how", part_of(["by the policy", "in Datasphere"], one_in=2))
def test_what_is_ours_on_a_column_that_leaves_goes_in_the_same_sync(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, how: str
) -> None:
    make_lake_table(glue, columns=4)
    installation.config = CONFIG
    put_context(installation, CONTEXT)
    installation.ask("sync")
    everywhere = ["glue", "lakeformation", "datazone", "glue_context"]
    assert said_of(glue, "col_001") == said_of(glue, "col_002") == everywhere
    if how == "by the policy":
        installation.config += EXCLUDED
    else:
        tenant.edit("remove_column", space="SPACE_000", asset="ASSET_00000", column="COL_002")
    run = installation.ask("sync")
    assert run["state"] == "done" and said_of(glue, "col_002") == []
    assert said_of(glue, "col_001") == everywhere
    glue.reset()
    assert installation.ask("sync")["state"] == "done" and not glue.calls()
