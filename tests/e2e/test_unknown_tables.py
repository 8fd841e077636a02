"""A table of ours of which the state knows nothing any more, and whose asset is gone too, is found and told."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.e2e.test_former_tables import RENAME, deletes
from tests.e2e.test_lost_state import copied
from tests.e2e.test_safety import parameters
from tests.simulators.fixtures import SMALLER
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER

ASSET = "SPACE_000/ASSET_00003"
ALONE = "mapping: {rules: [{match: {space: SPACE_000, name: ASSET_00003}, set: {database: alone}}]}\n"


def rewrite(installation: Installation, statement: str) -> None:
    with closing(sqlite3.connect(installation.state_dir / "spheresync.db")) as file, file:
        assert file.execute(statement).rowcount == 1


@pytest.mark.parametrize("database", ["space_000", "alone"])
def test_one_whose_asset_is_gone_and_whose_checkpoint_is_lost_is_retired_after_a_full_sync(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, database: str
) -> None:
    rules = ALONE if database == "alone" else ""
    installation.config = rules
    installation.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00003")
    rewrite(installation, "DELETE FROM checkpoints WHERE asset = 'ASSET_00003' AND space = 'SPACE_000'")
    for _ in range(2):
        installation.ask("sync")
    drift = installation.ask("drift")
    told = [each for each in drift["findings"] if each["code"] == "unknown_table"]
    assert [each["subject"] for each in told] == [f"{database}.asset_00003"]
    assert ASSET in told[0]["message"] and "sync --full" in told[0]["remedy"]
    glue.reset()
    installation.ask("sync")
    assert glue.calls() == {}
    installation.ask("sync", "--full")
    run = installation.ask("sync")
    assert run["counts"]["retire"] == 1
    assert parameters(glue, database, "asset_00003")["spheresync.status"] == "retired"
    assert installation.ask("drift")["findings"] == []


def test_a_copy_is_named_by_each_look_and_a_part_of_the_tenant_says_nothing_of_others(
    synced: Installation, glue: GlueSimulator
) -> None:
    copied(glue, "backup")
    for _ in range(2):
        assert [each["subject"] for each in synced.ask("drift")["findings"]] == ["space_000.backup"]
    assert synced.ask("drift", "--asset", ASSET)["findings"] == []


def test_a_damaged_former_table_is_told_with_what_brings_it_back(synced: Installation, glue: GlueSimulator) -> None:
    synced.config = RENAME
    synced.ask("sync")
    rewrite(synced, "UPDATE former_tables SET since = x'ff'")
    synced.ask("sync")
    assert deletes(synced.ask("preview", "--no-refresh")) == []
    (told,) = [each for each in synced.ask("status")["problems"] if each["subject"] == "state"]
    assert "may be known to nobody" in told["message"] and "sync --full" in told["remedy"]
    assert "sync --full" in str(synced.ask("doctor", code=1)["items"])
    synced.ask("sync", "--full")
    assert synced.ask("status")["problems"] == []
    assert synced.ask("doctor")["ok"] is True
    assert [named for _, named, _ in deletes(synced.ask("preview"))] == ["space_000.asset_00001"]
