"""QuickSight: what somebody named by hand stays named so, and is told, however often our own text changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_quick_sight import ACCOUNT, data_set, edit, make_lake_table
from tests.e2e.test_quick_sight_halves import WITH_TOPICS, drifts
from tests.simulators.fixtures import SMALLER, FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER

BY_HAND = "Hand name"


@pytest.fixture
def filled(
    installation: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    make_lake_table(glue)
    installation.config = WITH_TOPICS
    first_syncs.begin(installation, surroundings, glue)
    return installation


def label(tenant: RunningTenant, text: str) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label=text)


def name_topic(glue: GlueSimulator, name: str) -> None:
    ((own_id, topic),) = glue.quicksight_dump()["Topic"].items()
    said = {**topic["content"]["Topic"], "Name": name}
    glue.client_of("quicksight").update_topic(AwsAccountId=ACCOUNT, TopicId=own_id, Topic=said)


def names(glue: GlueSimulator) -> tuple[str, str]:
    """Of the data set, and of its topic."""
    (topic,) = glue.quicksight_dump()["Topic"].values()
    return data_set(glue)["content"]["Name"], topic["content"]["Topic"]["Name"]


def told(installation: Installation) -> set[str]:
    found: list[dict[str, Any]] = drifts(installation)
    return {field["path"] for each in found for field in each["fields"]}


@pytest.mark.parametrize("looks", [True, False])
def test_a_name_given_by_hand_stays_through_every_new_label_and_is_told(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant, looks: bool
) -> None:
    edit(glue, lambda definition: definition.update(Name=BY_HAND))
    name_topic(glue, BY_HAND)
    if looks:
        assert told(filled) == {"name", "topic.Name"}
    for text in ("First", "Second", "Third"):
        label(tenant, text)
        run = filled.ask("sync")
        assert run["state"] == "done", run
        assert names(glue) == (BY_HAND, BY_HAND)
        if looks:
            assert told(filled) == {"name", "topic.Name"}, text
    filled.config = filled.config + "drift: {description: overwrite, comments: overwrite}\n"
    filled.ask("sync", "--full")
    assert names(glue) == ("Third", "Third")
