"""QuickSight: a topic of others that has the id of ours stays as it is, however often we come by."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_quick_sight import ACCOUNT, CARL, data_sets, make_lake_table
from tests.e2e.test_quick_sight_halves import WITH_TOPICS
from tests.simulators.fixtures import SMALLER
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER


@pytest.fixture
def with_topic(installation: Installation, glue: GlueSimulator) -> Installation:
    """After a sync that has made a data set and its topic."""
    make_lake_table(glue)
    installation.config = WITH_TOPICS
    installation.ask("sync")
    return installation


def make_their_topic(glue: GlueSimulator, own_id: str) -> dict[str, Any]:
    """A topic of others, as it stands then."""
    hands = glue.client_of("quicksight")
    hands.create_topic(AwsAccountId=ACCOUNT, TopicId=own_id, Topic={"Name": "Theirs", "Description": "By hand"})
    actions = ["quicksight:DescribeTopic"]
    hands.update_topic_permissions(
        AwsAccountId=ACCOUNT, TopicId=own_id, GrantPermissions=[{"Principal": CARL, "Actions": actions}]
    )
    return topics(glue)


def topics(glue: GlueSimulator) -> dict[str, Any]:
    found: dict[str, Any] = glue.quicksight_dump().get("Topic", {})
    return found


def test_a_topic_of_somebody_else_is_a_conflict_and_stays_one(
    installation: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    make_lake_table(glue)
    installation.config = f"{WITH_TOPICS}deletion: {{misses: 1, grace: 0s}}\n"
    (item,) = [each for each in installation.ask("preview")["items"] if each["target"] == "quicksight"]
    theirs = make_their_topic(glue, item["object"].rpartition(".")[2])
    for label in ("", "", "Another label", ""):
        if label:
            tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label=label)
        run = installation.ask("sync", code=1)
        assert [each["code"] for each in run["failures"]] == ["conflict"], run
        assert "was not made by this installation" in run["failures"][0]["reason"]
        assert topics(glue) == theirs
        assert not data_sets(glue), "nothing is made that this keeps from being known"
    assert installation.ask("status")["problems"]
    installation.config = installation.config.replace("topics: [view], ", "")
    installation.ask("sync")
    assert topics(glue) == theirs and len(data_sets(glue)) == 1
    installation.config = f"{WITH_TOPICS}deletion: {{misses: 1, grace: 0s}}\n"
    for _ in range(2):
        assert installation.ask("sync", code=1)["failures"][0]["code"] == "conflict"
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    assert installation.ask("sync")["counts"]["retire"] == 2
    assert installation.ask("sync", "--allow-deletes")["counts"]["delete"] == 1
    assert topics(glue) == theirs and not data_sets(glue)


def test_a_topic_of_ours_that_lost_its_tags_is_nobody_s_to_change(
    with_topic: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    (own_id,) = topics(glue)
    arn = f"arn:aws:quicksight:eu-central-1:{ACCOUNT}:topic/{own_id}"
    hands = glue.client_of("quicksight")
    hands.untag_resource(ResourceArn=arn, TagKeys=["spheresync:managed-by"])
    before = topics(glue)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Another label")
    for _ in range(2):
        run = with_topic.ask("sync", code=1)
        assert [each["code"] for each in run["failures"]] == ["conflict"], run
        assert topics(glue) == before
    with_topic.config = WITH_TOPICS.replace("topics: [view], ", "")
    with_topic.ask("sync")
    assert topics(glue) == before


@pytest.mark.parametrize("kind", ["DataSource", "Folder"])
def test_what_is_shared_and_somebody_else_made_is_a_conflict_and_stays_one(
    installation: Installation, glue: GlueSimulator, tenant: RunningTenant, kind: str
) -> None:
    make_lake_table(glue)
    installation.config = WITH_TOPICS
    needed = installation.ask("preview")["prerequisites"]
    (own_id,) = [each["object"] for each in needed if each["operation"] == f"quicksight:Create{kind}"]
    hands = glue.client_of("quicksight")
    if kind == "Folder":
        hands.create_folder(AwsAccountId=ACCOUNT, FolderId=own_id, Name="Theirs")
    else:
        athena: Any = {"AthenaParameters": {"WorkGroup": "theirs"}}
        hands.create_data_source(
            AwsAccountId=ACCOUNT, DataSourceId=own_id, Name="Theirs", Type="ATHENA", DataSourceParameters=athena
        )
    theirs = glue.quicksight_dump()[kind]
    for label in ("", "", "Another label", ""):
        if label:
            tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label=label)
        run = installation.ask("sync", code=1)
        assert {each["code"] for each in run["failures"]} == {"conflict"}, run
        assert glue.quicksight_dump()[kind] == theirs and not data_sets(glue)


def granted(glue: GlueSimulator) -> list[set[str]]:
    """Who has rights on the data set and on the topic."""
    held = glue.quicksight_dump()
    return [set(each["permissions"]) for kind in ("DataSet", "Topic") for each in held[kind].values()]


def tags_of(glue: GlueSimulator) -> list[str | None]:
    """The tag that others have put on the data set and on the topic."""
    held = glue.quicksight_dump()
    return [each["tags"].get("cost") for kind in ("DataSet", "Topic") for each in held[kind].values()]


def test_tags_and_rights_that_others_change_or_take_away_are_as_they_left_them(
    with_topic: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    (own_id,) = data_sets(glue)
    hands = glue.client_of("quicksight")
    arn = f"arn:aws:quicksight:eu-central-1:{ACCOUNT}"
    things = [f"{arn}:dataset/{own_id}", f"{arn}:topic/{own_id}"]
    right: list[Any] = [{"Principal": CARL, "Actions": ["quicksight:DescribeTopic"]}]
    seen = ["quicksight:DescribeDataSet", "quicksight:DescribeDataSetPermissions", "quicksight:PassDataSet"]
    seen += ["quicksight:DescribeIngestion", "quicksight:ListIngestions"]
    rights: list[Any] = [{"Principal": CARL, "Actions": seen}]
    for number, (value, has_right) in enumerate([("1", True), ("2", True), ("3", False), (None, False), ("4", True)]):
        for thing in things:
            if value is None:
                hands.untag_resource(ResourceArn=thing, TagKeys=["cost"])
            else:
                hands.tag_resource(ResourceArn=thing, Tags=[{"Key": "cost", "Value": value}])
        given = "GrantPermissions" if has_right else "RevokePermissions"
        hands.update_data_set_permissions(AwsAccountId=ACCOUNT, DataSetId=own_id, **{given: rights})
        hands.update_topic_permissions(AwsAccountId=ACCOUNT, TopicId=own_id, **{given: right})
        label = f"Label {number}"
        tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_002", label=label)
        run = with_topic.ask("sync")
        assert run["state"] == "done" and run["counts"]["metadata_only"] == 2, run
        assert tags_of(glue) == [value, value]
        assert [CARL in who for who in granted(glue)] == [has_right, has_right]
    undo = with_topic.ask("revert", run["run_id"])
    hands.update_data_set_permissions(AwsAccountId=ACCOUNT, DataSetId=own_id, RevokePermissions=rights)
    with_topic.ask("apply", undo["change_set_id"])
    assert [CARL in who for who in granted(glue)] == [False, True], "an undo brings back no right of others"


def test_a_data_set_that_somebody_deleted_is_made_again_without_rights_of_others(
    with_topic: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    (own_id,) = data_sets(glue)
    hands = glue.client_of("quicksight")
    rights: list[Any] = [{"Principal": CARL, "Actions": ["quicksight:DescribeTopic"]}]
    hands.update_topic_permissions(AwsAccountId=ACCOUNT, TopicId=own_id, GrantPermissions=rights)
    for label in ("One", "Two"):
        tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_002", label=label)
        change_set = with_topic.ask("preview")["change_set_id"]
        if label == "Two":
            hands.delete_topic(AwsAccountId=ACCOUNT, TopicId=own_id)
            hands.delete_data_set(AwsAccountId=ACCOUNT, DataSetId=own_id)
        assert with_topic.ask("apply", change_set)["state"] == "done"
        assert [CARL in who for who in granted(glue)] == [False, label == "One"]


@pytest.mark.parametrize("gone", ["table", "column"])
def test_a_data_set_that_takes_no_update_any_more_is_retired_by_its_tags_and_deleted(
    installation: Installation, glue: GlueSimulator, tenant: RunningTenant, gone: str
) -> None:
    rule = "  - {match: {name: ASSET_00001}, set: {queryable: true}}\n"
    installation.config = f"{WITH_TOPICS}{rule}deletion: {{misses: 1, grace: 0s}}\n"
    make_lake_table(glue)
    installation.ask("sync")
    glue.fault("error", "quicksight:*", times=None, code="InternalFailureException", status=500)
    if gone == "table":
        tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
        assert installation.ask("sync", code=1)["counts"]["retire"] == 1
        assert installation.ask("sync", "--allow-deletes", code=1)["counts"]["delete"] == 1
    else:
        tenant.edit("remove_column", space="SPACE_000", asset="ASSET_00001", column="COL_002")
        installation.ask("sync", code=1)
        installation.config = installation.config.replace(rule, "")
    glue.heal()
    run = installation.ask("sync")
    assert run["state"] == "done" and run["counts"]["retire"] == 1, run
    assert sum(each["tags"].get("spheresync:status") == "retired" for each in data_sets(glue).values()) == 1
    assert installation.ask("sync", "--allow-deletes")["counts"]["delete"] == 1
    assert len(data_sets(glue)) == 1 == len(topics(glue))
    glue.reset()
    assert installation.ask("sync")["state"] == "done" and not glue.calls()
