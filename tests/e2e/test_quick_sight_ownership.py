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
    installation: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    make_lake_table(glue)
    installation.config = WITH_TOPICS
    installation.ask("sync")
    (own_id,) = topics(glue)
    arn = f"arn:aws:quicksight:eu-central-1:{ACCOUNT}:topic/{own_id}"
    hands = glue.client_of("quicksight")
    hands.untag_resource(ResourceArn=arn, TagKeys=["spheresync:managed-by"])
    before = topics(glue)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Another label")
    for _ in range(2):
        run = installation.ask("sync", code=1)
        assert [each["code"] for each in run["failures"]] == ["conflict"], run
        assert topics(glue) == before
    installation.config = WITH_TOPICS.replace("topics: [view], ", "")
    installation.ask("sync")
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
