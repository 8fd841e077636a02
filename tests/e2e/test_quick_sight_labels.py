"""QuickSight: a label is the name by which analyses know a column, so it changes hands for nobody, and never unsaid."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_quick_sight import BOUND, CONFIG, data_set, make_lake_table
from tests.simulators.fixtures import SMALLER, FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER


@pytest.fixture
def quick(
    installation: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync."""
    make_lake_table(glue)
    installation.config = f"{CONFIG}mapping:\n  rules:{BOUND}"
    first_syncs.begin(installation, surroundings, glue)
    return installation


def label(tenant: RunningTenant, column: str, text: str) -> None:
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column=column, label=text)


def labels(glue: GlueSimulator) -> dict[str, str]:
    """What people see, by the names in the table."""
    found = data_set(glue)["content"]
    renames = [each["RenameColumnOperation"] for each in found["LogicalTableMap"]["columns"]["DataTransforms"]]
    return {each["ColumnName"]: each["NewColumnName"] for each in renames}


def renaming(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in answer["findings"] if each["code"] == "column_renamed"]


def test_a_preview_says_which_columns_analyses_will_miss_and_so_does_one_of_the_undo(
    quick: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    label(tenant, "COL_001", "Net value")
    preview = quick.ask("preview")
    (told,) = renaming(preview)
    assert told["subject"] == "SPACE_000/ASSET_00000" and "col_001: Column 1 → Net value" in told["message"]
    assert "analyses and dashboards" in told["message"] and "QuickSight" in told["remedy"]
    (item,) = [each for each in preview["items"] if each["target"] == "quicksight"]
    assert item["severity"] == "breaking"
    run = quick.ask("apply", preview["change_set_id"])
    assert run["state"] == "done"
    assert not renaming(quick.ask("preview"))
    undo = quick.ask("revert", run["run_id"])
    (told,) = renaming(undo)
    assert "col_001: Net value → Column 1" in told["message"]


def test_who_holds_a_label_keeps_it_and_no_other_column_slips_into_its_place(
    quick: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    label(tenant, "COL_003", "Same")
    quick.ask("sync")
    label(tenant, "COL_001", "Same")
    quick.ask("sync")
    assert (labels(glue)["col_003"], labels(glue)["col_001"]) == ("Same", "Same (col_001)")
    label(tenant, "COL_003", "Other")
    quick.ask("sync")
    assert (labels(glue)["col_003"], labels(glue)["col_001"]) == ("Other", "Same (col_001)")
    assert quick.ask("sync", "--full")["state"] == "done"
    assert labels(glue)["col_001"] == "Same (col_001)"


def test_a_label_that_another_column_gets_is_told_as_that(
    quick: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    label(tenant, "COL_001", "Column 2")
    label(tenant, "COL_002", "Column 1")
    (told,) = renaming(quick.ask("preview"))
    assert "of these Column 1, Column 2 show another column then" in told["message"]
