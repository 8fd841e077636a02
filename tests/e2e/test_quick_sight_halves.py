"""QuickSight where a write of several calls ends half-way: what we ourselves have sent is nobody else's edit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_quick_sight import ACCOUNT, BOB, CONFIG, data_set, data_sets, edit, make_lake_table
from tests.e2e.test_quick_sight import BOUND as BOUND_RULE
from tests.simulators.fixtures import SMALLER, FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER

WITH_TOPICS = f"{CONFIG.replace('owners:', 'topics: [view], owners:')}mapping:\n  rules:{BOUND_RULE}"


@pytest.fixture
def topics(
    installation: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync with a topic."""
    make_lake_table(glue)
    installation.config = WITH_TOPICS
    first_syncs.begin(installation, surroundings, glue)
    return installation


def label(tenant: RunningTenant, text: str) -> None:
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_002", label=text)


def shown(glue: GlueSimulator) -> set[str]:
    return {each["Name"] for each in data_set(glue)["content"]["OutputColumns"]}


def in_topic(glue: GlueSimulator) -> set[str]:
    (topic,) = glue.quicksight_dump()["Topic"].values()
    return {each["ColumnName"] for each in topic["content"]["Topic"]["DataSets"][0]["Columns"]}


def sync_half(installation: Installation, glue: GlueSimulator, operation: str = "UpdateTopic") -> dict[str, Any]:
    """A sync that comes as far as the data set."""
    glue.fault("error", f"quicksight:{operation}", times=None, code="InternalFailureException", status=500)
    run: dict[str, Any] = installation.ask("sync", code=1)
    glue.heal()
    return run


def drifts(installation: Installation) -> list[dict[str, Any]]:
    return [each for each in installation.ask("drift")["items"] if each["target"] == "quicksight"]


def test_a_label_that_changes_again_after_half_a_write_is_written(
    topics: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    label(tenant, "Net value")
    sync_half(topics, glue)
    assert "Net value" in shown(glue) and "Net value" not in in_topic(glue)
    label(tenant, "Net sales")
    run = topics.ask("sync")
    assert run["state"] == "done", run
    assert "Net sales" in shown(glue) and shown(glue) == in_topic(glue)
    assert not drifts(topics)
    glue.reset()
    topics.ask("sync")
    assert not glue.calls()


def test_a_label_that_is_as_before_again_after_half_a_write_is_put_back(
    topics: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    before = shown(glue)
    label(tenant, "Net value")
    sync_half(topics, glue)
    label(tenant, "Column 2")
    assert topics.ask("sync")["state"] == "done"
    assert shown(glue) == before == in_topic(glue)
    assert not drifts(topics)


def test_a_column_that_half_a_write_took_away_goes_from_the_topic_too(
    topics: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    tenant.edit("remove_column", space="SPACE_000", asset="ASSET_00000", column="COL_002")
    sync_half(topics, glue)
    assert "Column 2" not in shown(glue) and "Column 2" in in_topic(glue)
    assert topics.ask("sync")["state"] == "done"
    assert shown(glue) == in_topic(glue)
    assert not drifts(topics)
    glue.reset()
    assert not topics.ask("sync", "--full")["counts"]["metadata_only"]


def test_several_halves_one_after_the_other_are_ours_and_what_others_did_beside_them_stays(
    topics: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    label(tenant, "Net value")
    sync_half(topics, glue)
    edit(glue, lambda definition: definition.update(Name="Their name"))
    label(tenant, "Net sales")
    sync_half(topics, glue, "UpdateDataSet")
    label(tenant, "Net")
    assert topics.ask("sync")["state"] == "done"
    assert "Net" in shown(glue) and shown(glue) == in_topic(glue)
    assert data_set(glue)["content"]["Name"] == "Their name"


def test_half_a_write_is_no_drift_and_what_others_did_beside_it_is(
    topics: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    label(tenant, "Net value")
    sync_half(topics, glue)
    assert not drifts(topics)
    edit(glue, lambda definition: definition.update(Name="Their name"))
    (found,) = drifts(topics)
    assert [each["path"] for each in found["fields"]] == ["name"]


def test_an_undo_is_not_refused_for_half_a_write_of_ours(topics: Installation, glue: GlueSimulator) -> None:
    before = data_set(glue)
    topics.config = topics.config.replace("owners:", "workgroup: reports, owners:")
    run = topics.ask("sync")
    topics.config = topics.config.replace("reports", "more").replace(f'viewers: ["{BOB}"]', "viewers: []")
    sync_half(topics, glue, "UpdateDataSetPermissions")
    undo = topics.ask("revert", run["run_id"])
    assert topics.ask("apply", undo["change_set_id"])["state"] == "done"
    assert data_set(glue)["content"] == before["content"]


def test_half_an_undo_is_ours_too(topics: Installation, glue: GlueSimulator, tenant: RunningTenant) -> None:
    label(tenant, "Net value")
    run = topics.ask("sync")
    undo = topics.ask("revert", run["run_id"])
    glue.fault("error", "quicksight:UpdateTopic", times=None, code="InternalFailureException", status=500)
    topics.ask("apply", undo["change_set_id"], code=1)
    glue.heal()
    label(tenant, "Net sales")
    assert topics.ask("sync")["state"] == "done"
    assert "Net sales" in shown(glue) and shown(glue) == in_topic(glue)


def test_half_a_delete_is_done_by_the_next_one(
    topics: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    topics.config = topics.config + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    topics.ask("sync")
    sync_half(topics, glue, "DeleteDataSet")
    assert not glue.quicksight_dump()["Topic"] and data_sets(glue)
    run = topics.ask("sync")
    assert run["state"] == "done", run
    assert not data_sets(glue)


@pytest.mark.parametrize("strict", [False, True], ids=["sync", "reviewed"])
def test_what_others_said_of_a_column_in_the_topic_survives_half_a_write(
    topics: Installation, glue: GlueSimulator, tenant: RunningTenant, strict: bool
) -> None:
    (own_id,) = glue.quicksight_dump()["Topic"]
    topic = glue.client_of("quicksight").describe_topic(AwsAccountId=ACCOUNT, TopicId=own_id)["Topic"]
    (column,) = [each for each in topic["DataSets"][0]["Columns"] if each["ColumnName"] == "Column 2"]
    column["ColumnFriendlyName"] = "Theirs"
    glue.client_of("quicksight").update_topic(AwsAccountId=ACCOUNT, TopicId=own_id, Topic=topic)
    label(tenant, "Net value")
    sync_half(topics, glue)
    run = topics.ask("apply", topics.ask("preview")["change_set_id"]) if strict else topics.ask("sync")
    assert run["state"] == "done", run
    (held,) = glue.quicksight_dump()["Topic"].values()
    columns = {each["ColumnName"]: each for each in held["content"]["Topic"]["DataSets"][0]["Columns"]}
    assert columns["Net value"]["ColumnFriendlyName"] == "Theirs" and columns.keys() == shown(glue)
