"""Another prefix is another place for the tables, and no other installation: what we made stays ours everywhere."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.e2e.test_lake_formation import CONTEXT, put_context, tags
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

CONFIG = """targets: [glue, lakeformation, datazone]
context: ["context/*.yaml"]
datazone: {domain_id: dzd_x1, project_id: p1, publish: always}
lakeformation: {tags: {spheresync_domain: domain}}
scope: {include: ["SPACE_000/*"]}
"""
TABLES = 10


@pytest.fixture
def unnamed(
    installation: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync of an installation that nobody has named."""
    installation.config = CONFIG
    put_context(installation, CONTEXT)
    first_syncs.begin(installation, surroundings, glue, CONTEXT)
    return installation


def forms(glue: GlueSimulator) -> list[dict[str, Any]]:
    """Ours of each asset in DataZone, in its newest revision."""
    held = [rows[-1]["formsOutput"] for rows in glue.datazone_dump()["assets"].values()]
    return [json.loads(form["content"]) for each in held for form in each if form["formName"] == "SpheresyncForm"]


def test_another_prefix_leaves_nothing_of_ours_to_strangers(unnamed: Installation, glue: GlueSimulator) -> None:
    before = tags(glue)["tags"]
    assert before and len(forms(glue)) == TABLES
    owner = glue.table("space_000", "asset_00000")["Parameters"]["spheresync.managed-by"]
    unnamed.config = "prefix: new_\n" + CONFIG
    preview = unnamed.ask("preview")
    assert preview["summary"]["conflict"] == 0
    run = unnamed.ask("apply", preview["change_set_id"])
    assert run["state"] == "done" and not run["failures"], run
    assert tags(glue, database="new_space_000")["tags"] == before
    for database in ("space_000", "new_space_000"):
        assert glue.table(database, "asset_00000")["Parameters"]["spheresync.managed-by"] == owner
    states = [form.get("status") for form in forms(glue)]
    assert states.count("retired") == TABLES and len(states) == 2 * TABLES, states
    glue.reset()
    assert unnamed.ask("sync")["state"] == "done"
    assert not [each for each in glue.calls() if not each.partition(":")[2].startswith(("Get", "List", "Search"))]


NAMED = "installation: lake\n" + CONFIG


@pytest.fixture
def named(
    installation: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync of an installation that has a name."""
    installation.config = NAMED
    put_context(installation, CONTEXT)
    first_syncs.begin(installation, surroundings, glue, CONTEXT)
    return installation


def test_a_full_sync_moves_what_another_prefix_names_and_loses_nothing_with_the_state(
    named: Installation, glue: GlueSimulator
) -> None:
    named.config = "prefix: new_\n" + NAMED.replace("[glue, lakeformation, datazone]", "[glue]")
    run = named.ask("sync", "--full")
    assert run["counts"]["create"] == run["counts"]["retire"] == TABLES and not run["failures"], run
    assert len(glue.dump()["tables"]["new_space_000"]) == TABLES
    shutil.rmtree(named.state_dir)
    found = named.ask("sync")
    assert found["state"] == "done" and found["counts"]["adopt"] == TABLES, found


def test_another_name_is_refused_wherever_something_would_be_planned_or_written_and_the_former_goes_on(
    named: Installation, glue: GlueSimulator
) -> None:
    put_context(named, CONTEXT.replace("Sales", "Finance"))
    run = named.ask("sync")["run_id"]
    undo = named.ask("revert", run)["change_set_id"]
    before = glue.dump(), glue.datazone_dump(), glue.lakeformation_dump()
    named.config = NAMED.replace("lake", "other", 1)
    for command in (["preview"], ["sync"], ["sync", "--full"], ["drift"], ["revert", run], ["apply", undo]):
        ended = named.run(*command)
        told = ended.out + ended.err
        assert ended.code in {1, 3} and "has written as installation lake" in told, (command, told)
        assert "Write installation: lake again" in told, (command, told)
    assert (glue.dump(), glue.datazone_dump(), glue.lakeformation_dump()) == before
    named.config = CONFIG  # whoever takes the name out keeps it
    glue.reset()
    assert named.ask("sync")["state"] == "done" and not glue.calls()
    named.config = NAMED
    assert named.ask("apply", named.ask("revert", run)["change_set_id"])["state"] == "done"


def test_what_stands_under_another_name_is_a_conflict_for_an_empty_state_and_says_whose_it_is(
    named: Installation, glue: GlueSimulator
) -> None:
    shutil.rmtree(named.state_dir)
    named.config = NAMED.replace("lake", "other", 1)
    glue.reset()
    plan = named.ask("preview")
    assert plan["summary"]["conflict"] >= TABLES and plan["summary"]["create"] == 0
    assert all("belongs to spheresync:lake, another installation" in each["reason"] for each in plan["items"])
