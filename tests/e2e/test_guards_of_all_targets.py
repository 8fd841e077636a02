"""A guard that holds an asset's table back holds what every other target has of that asset too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_quick_sight import BOUND, CONFIG, data_sets, make_lake_table
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

QUERYABLE = "  - {match: {name: ASSET_00001}, set: {queryable: true}}\n"
AT_ONCE = "deletion: {misses: 1, grace: 0s}\n"


@pytest.fixture
def filled(
    installation: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """Ten tables, and a data set on two of them."""
    make_lake_table(glue)
    installation.config = f"{CONFIG}{AT_ONCE}mapping:\n  rules:{BOUND}{QUERYABLE}"
    first_syncs.begin(installation, surroundings, glue)
    return installation


def vanish(tenant: RunningTenant, *numbers: int) -> None:
    for number in numbers:
        tenant.edit("remove_asset", space="SPACE_000", asset=f"ASSET_{number:05}")


def removed(run: dict[str, Any]) -> int:
    return int(run["counts"]["retire"] + run["counts"]["delete"])


def guards(run: dict[str, Any]) -> list[str]:
    return [each["message"] for each in run["findings"] if each["code"] == "too_many_removals"]


@pytest.mark.parametrize("only", [(), ("--target", "quicksight")])
def test_a_data_set_stays_where_a_guard_holds_its_table_whatever_is_allowed(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant, only: tuple[str, ...]
) -> None:
    before = data_sets(glue)
    vanish(tenant, 1, 2)
    for allowed in ((), ("--allow-deletes",)):
        run = filled.ask("sync", *only, *allowed, code=3)
        assert removed(run) == 0, run
        assert any("2 of 10 tables of all spaces" in each for each in guards(run)), run["findings"]
        assert len(guards(run)) == 2, "once for all spaces and once for the space, whatever the targets are"
    assert data_sets(glue) == before


def test_a_guard_on_tables_that_are_retired_already_keeps_their_data_sets(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    vanish(tenant, 1, 2)
    run = filled.ask("sync", "--max-deletes", "2")
    assert run["counts"]["retire"] == 3, run
    for only in ((), ("--target", "quicksight")):
        assert removed(filled.ask("sync", *only, "--allow-deletes", code=3)) == 0
        assert len(data_sets(glue)) == 2
    assert filled.ask("sync", "--allow-deletes", "--max-deletes", "2")["counts"]["delete"] == 3
    assert len(data_sets(glue)) == 1


def test_data_sets_of_a_few_of_many_tables_go_with_them(
    installation: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    rules = "  - {match: {space: SPACE_000, name: ASSET_00001}, set: {queryable: true}}\n"
    rules += "  - {match: {space: SPACE_001, name: ASSET_00001}, set: {queryable: true}}\n"
    everywhere = CONFIG.replace('scope: {include: ["SPACE_000/*"]}\n', "")
    installation.config = f"{everywhere}{AT_ONCE}mapping:\n  rules:\n{rules}"
    assert installation.ask("sync")["counts"]["create"] == 32
    for space in ("SPACE_000", "SPACE_001"):
        tenant.edit("remove_asset", space=space, asset="ASSET_00001")
    run = installation.ask("sync")
    assert run["state"] == "done" and run["counts"]["retire"] == 4, run
    assert {each["tags"]["spheresync:status"] for each in data_sets(glue).values()} == {"retired"}
