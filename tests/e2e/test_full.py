"""`sync --full` compares with what the catalog really holds; other people's edits follow the drift policies at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.test_safety import named, parameters, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

FIELDS = ("Name", "Description", "Parameters", "StorageDescriptor", "TableType", "PartitionKeys")
TABLE = ("space_000", "asset_00001")
LISTED = {"GetDatabases": 1, "GetTables": 3}


def edit(
    glue: GlueSimulator, name: str = "asset_00001", *, foreign: Mapping[str, str] | None = None, **members: Any
) -> None:
    """Somebody else's hands on a table of space_000: members replaced, parameters added, columns changed in place."""
    hands = glue.client()
    live: Any = hands.get_table(DatabaseName="space_000", Name=name)["Table"]
    table = {key: live[key] for key in FIELDS if key in live} | members
    table["Parameters"] = {**table["Parameters"], **(foreign or {})}
    hands.update_table(DatabaseName="space_000", TableInput=table)


def edit_column(glue: GlueSimulator, number: int, **members: Any) -> None:
    descriptor = glue.table(*TABLE)["StorageDescriptor"]
    descriptor["Columns"][number] |= members
    edit(glue, StorageDescriptor=descriptor)


def drifted(run: dict[str, Any]) -> dict[str, str]:
    """What the run says of edits that stay, by asset."""
    return {each["subject"]: each["message"] for each in run["findings"] if each["code"] == "drift"}


def test_nothing_edited_is_looked_at_by_page_and_not_written(synced: Installation, glue: GlueSimulator) -> None:
    run = synced.ask("sync", "--full")
    assert (run["state"], run["counts"]["unchanged"], run["findings"]) == ("done", 30, [])
    assert glue.calls() == LISTED
    glue.reset()
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}


def test_a_part_of_the_catalog_is_compared_with_its_own_databases_only(
    synced: Installation, glue: GlueSimulator
) -> None:
    edit(glue, TableType="VIRTUAL_VIEW")
    glue.reset()
    assert synced.ask("sync", "--full", "--space", "SPACE_001")["counts"]["unchanged"] == 10
    assert glue.calls() == {"GetDatabases": 1, "GetTables": 1}


def test_fields_that_somebody_edited_are_written_again_and_foreign_ones_stay(
    synced: Installation, glue: GlueSimulator
) -> None:
    edit_column(glue, 2, Type="string")
    edit(glue, foreign={"team": "bi", "spheresync.kind": "edited"})
    glue.reset()
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}, "without --full nobody looks"
    run = synced.ask("sync", "--full")
    assert (run["state"], run["counts"]["update"], run["counts"]["unchanged"]) == ("done", 1, 29)
    assert writes(glue) == {"UpdateTable": 1}
    assert glue.calls()["UpdateTable"] == 1
    held = parameters(glue, *TABLE)
    assert (held["team"], held["spheresync.kind"]) == ("bi", "view")
    change_set = synced.ask("audit", "query", "--action", "update")
    assert change_set["total"] == 1
    glue.reset()
    assert synced.ask("sync", "--full")["counts"]["unchanged"] == 30
    assert writes(glue) == {}


@pytest.mark.parametrize("policy", ["report", "keep", "overwrite"])
def test_an_edited_text_follows_the_policy_and_a_later_update_knows_it_still(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, policy: str
) -> None:
    label = glue.table(*TABLE)["Description"]
    synced.config = f"drift: {{description: {policy}, comments: {policy}}}\n"
    edit(glue, Description="by hand")
    edit_column(glue, 1, Comment="mine")
    glue.reset()
    run = synced.ask("sync", "--full")
    table = glue.table(*TABLE)
    assert run["state"] == "done"
    if policy == "overwrite":
        assert run["counts"]["metadata_only"] == 1
        assert (table["Description"], drifted(run)) == (label, {})
        return
    assert writes(glue) == {}
    assert run["counts"]["unchanged"] == 30
    assert list(drifted(run)) == (["SPACE_000/ASSET_00001"] if policy == "report" else [])
    assert all("description" in text and ".comment" in text for text in drifted(run).values())
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    assert synced.ask("sync")["state"] == "done"
    assert writes(glue) == {"UpdateTable": 1}
    assert glue.table(*TABLE)["Description"] == "by hand"
    assert glue.table(*TABLE)["StorageDescriptor"]["Columns"][1]["Comment"] == "mine"
    assert parameters(glue, *TABLE)["spheresync.label"] == "Another label"


@pytest.mark.parametrize("policy", ["report", "keep"])
def test_an_edited_column_that_may_stay_is_left_and_named_and_an_update_over_it_is_refused(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, policy: str
) -> None:
    synced.config = f"drift: {{columns: {policy}}}\n"
    edit_column(glue, 2, Type="array<int>")
    glue.reset()
    run = synced.ask("sync", "--full")
    assert (run["state"], run["counts"]["unchanged"]) == ("done", 30)
    assert list(drifted(run)) == (["SPACE_000/ASSET_00001"] if policy == "report" else [])
    assert all(".type" in text for text in drifted(run).values())
    assert writes(glue) == {}
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    for _ in range(2):
        assert synced.ask("sync", code=3)["counts"]["refused"] == 1
    assert glue.table(*TABLE)["StorageDescriptor"]["Columns"][2]["Type"] == "array<int>"
    assert writes(glue) == {}


@pytest.mark.parametrize("policy", ["report", "keep", "overwrite"])
def test_a_deleted_table_follows_the_policy(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, policy: str
) -> None:
    synced.config = f"drift: {{missing: {policy}}}\n"
    glue.client().delete_table(DatabaseName=TABLE[0], Name=TABLE[1])
    glue.reset()
    run = synced.ask("sync", "--full")
    assert run["state"] == "done"
    if policy == "overwrite":
        assert run["counts"]["create"] == 1
        assert parameters(glue, *TABLE)["spheresync.source"] == "SPACE_000/ASSET_00001"
        assert writes(glue) == {"CreateTable": 1}
    else:
        assert run["counts"]["unchanged"] == 30
        assert list(drifted(run)) == (["SPACE_000/ASSET_00001"] if policy == "report" else [])
        tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
        assert synced.ask("sync")["state"] == "done"
        assert writes(glue) == {}
        assert TABLE[1] not in glue.dump()["tables"][TABLE[0]]
    glue.reset()
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}


def test_a_deleted_database_is_made_again_with_all_its_tables(synced: Installation, glue: GlueSimulator) -> None:
    glue.client().delete_database(Name="space_000")
    run = synced.ask("sync", "--full")
    assert (run["state"], run["counts"]["create"], run["counts"]["unchanged"]) == ("done", 10, 20)
    assert len(glue.dump()["tables"]["space_000"]) == 10


@pytest.mark.parametrize(
    "taken",
    [
        {"spheresync.managed-by": "spheresync:other"},
        {"spheresync.source": "SPACE_000/ASSET_00002"},
        None,
    ],
    ids=["another installation", "another asset", "no marker"],
)
def test_a_table_that_is_not_ours_any_more_is_a_conflict_and_stays(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, taken: dict[str, str] | None
) -> None:
    if taken is None:
        edit(glue, Parameters={"owner": "Jane"})
    else:
        edit(glue, foreign=taken)
    before = glue.table(*TABLE)
    glue.reset()
    run = synced.ask("sync", "--full", code=1)
    assert (run["counts"]["conflict"], run["counts"]["unchanged"]) == (1, 29)
    assert named(run, "SPACE_000/ASSET_00001")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    assert synced.ask("sync", code=1)["counts"]["conflict"] == 1
    assert writes(glue) == {}
    assert glue.table(*TABLE) == before


def test_foreign_parameters_that_a_full_sync_has_seen_survive_the_next_update_of_one_read_and_one_write(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    edit(glue, foreign={"team": "bi"})
    assert synced.ask("sync", "--full")["counts"]["unchanged"] == 30
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    glue.reset()
    assert synced.ask("sync")["state"] == "done"
    assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}
    assert parameters(glue, *TABLE)["team"] == "bi"


def test_a_table_deleted_and_made_again_by_hand_at_the_same_version_is_found(
    synced: Installation, glue: GlueSimulator
) -> None:
    live: Any = glue.table(*TABLE)
    hands = glue.client()
    hands.delete_table(DatabaseName=TABLE[0], Name=TABLE[1])
    table = {key: live[key] for key in FIELDS} | {"TableType": "VIRTUAL_VIEW"}
    hands.create_table(DatabaseName=TABLE[0], TableInput=table)
    assert glue.table(*TABLE)["VersionId"] == live["VersionId"]
    assert synced.ask("sync", "--full")["counts"]["metadata_only"] == 1
    assert glue.table(*TABLE)["TableType"] == "EXTERNAL_TABLE"


def test_a_renamed_installation_still_knows_its_tables(synced: Installation, glue: GlueSimulator) -> None:
    synced.extra["SPHERESYNC_INSTALLATION"] = "renamed"
    assert synced.ask("sync", "--full")["counts"]["metadata_only"] == 30
    assert parameters(glue, *TABLE)["spheresync.managed-by"] == "spheresync:renamed"
    assert synced.ask("sync", "--full")["counts"]["unchanged"] == 30
