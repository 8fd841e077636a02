"""Bound tables whose places change hands: with a table of ours that stood there, and with other assets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.test_bound_tables import ICEBERG, columns, lake, original, written
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

_ASSETS = ", ".join(f'"SPACE_000/ASSET_0000{number}"' for number in range(1, 5))
SCOPE = f"scope: {{include: [{_ASSETS}]}}\n"


def rules(keys: str = "", **said: str) -> str:
    """A configuration that says something of some assets, each by its last digit."""
    entries = [f"{{match: {{name: ASSET_0000{name[1:]}}}, set: {{{text}}}}}" for name, text in said.items()]
    return SCOPE + keys + f"mapping: {{rules: [{', '.join(entries)}]}}\n"


def replace_table(glue: GlueSimulator, name: str = "asset_00001") -> dict[str, Any]:
    """Somebody drops a table of ours and makes his own in its place; answers it as it is now."""
    hands = glue.client()
    hands.delete_table(DatabaseName="space_000", Name=name)
    hands.create_table(DatabaseName="space_000", TableInput={"Name": name, **ICEBERG})  # type: ignore[typeddict-item]  # members of a TableInput
    return glue.table("space_000", name)


def sources(glue: GlueSimulator, *names: str) -> list[str | None]:
    return [glue.table("lake", name)["Parameters"].get("spheresync.source") for name in names]


@pytest.mark.parametrize("looked", ["not looked at", "seen by a full sync", "left behind by a rule"])
def test_a_table_of_others_that_replaced_ours_is_bound_in_place_and_given_back(
    installation: Installation, glue: GlueSimulator, looked: str
) -> None:
    installation.config = SCOPE
    installation.ask("sync")
    if looked == "left behind by a rule":
        installation.config = rules("deletion: {policy: keep}\n", n1='table: "elsewhere"')
        installation.ask("sync")
    before = replace_table(glue)
    if looked == "seen by a full sync":
        installation.ask("sync", "--full", code=1)
    installation.config = rules(n1='bind: "space_000.asset_00001"')
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"]) == ("done", 1)
    assert glue.table("space_000", "asset_00001")["Parameters"]["spheresync.source"] == "SPACE_000/ASSET_00001"
    assert installation.ask("sync", "--full")["counts"]["refused"] == 0
    installation.ask("apply", installation.ask("revert", run["run_id"])["change_set_id"])
    kept = {key: value for key, value in before.items() if key not in {"UpdateTime", "VersionId"}}
    assert kept.items() <= glue.table("space_000", "asset_00001").items()
    installation.ask("release")
    assert installation.ask("sync")["counts"]["metadata_only"] == 1


def test_a_table_that_another_asset_left_and_others_made_anew_is_free_to_be_bound(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = SCOPE
    installation.ask("sync")
    keep = "deletion: {policy: keep}\n"
    installation.config = rules(keep, n2='table: "elsewhere"')
    installation.ask("sync")
    replace_table(glue, "asset_00002")
    installation.config = rules(keep, n1='bind: "space_000.asset_00002"', n2='table: "elsewhere"')
    assert installation.ask("sync")["counts"]["metadata_only"] == 1
    assert glue.table("space_000", "asset_00002")["Parameters"]["spheresync.source"] == "SPACE_000/ASSET_00001"


@pytest.mark.parametrize("size", [2, 3, 4])
def test_assets_that_change_places_come_right_in_two_syncs(
    installation: Installation, glue: GlueSimulator, size: int
) -> None:
    names = [f"t{number}" for number in range(size)]
    before = [lake(glue, name, **ICEBERG) for name in names]
    assets = [f"n{number + 1}" for number in range(size)]
    installation.config = rules(**{a: f'bind: "lake.{t}"' for a, t in zip(assets, names, strict=True)})
    installation.ask("sync")
    turned = [*names[1:], names[0]]
    installation.config = rules(**{a: f'bind: "lake.{t}"' for a, t in zip(assets, turned, strict=True)})
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["retire"]) == ("done", size)
    assert all(original(glue, each) for each in before)
    assert installation.ask("sync")["counts"]["metadata_only"] == size
    assert sources(glue, *turned) == [f"SPACE_000/ASSET_0000{number + 1}" for number in range(size)]
    assert columns(glue, "t1")["Col_000"]["Comment"] == "Column 0"
    assert installation.ask("sync")["counts"]["unchanged"] == 4


def test_an_asset_that_waits_for_a_table_lets_go_of_the_one_that_another_waits_for(
    installation: Installation, glue: GlueSimulator
) -> None:
    lake(glue, "one", **ICEBERG)
    installation.config = rules(n1='bind: "lake.one"')
    installation.ask("sync")
    bound = written(glue, "one")
    installation.config = rules(n1='bind: "lake.later"')
    assert installation.ask("sync")["counts"]["held"] == 1
    assert written(glue, "one") == bound, "nobody else wants it, so it stays until the other is there"
    installation.config = rules(n1='bind: "lake.later"', n2='bind: "lake.one"')
    for _ in range(2):
        run = installation.ask("sync")
        assert run["state"] == "done", json.dumps(run["failures"])
    assert sources(glue, "one") == ["SPACE_000/ASSET_00002"]
    lake(glue, "later", **ICEBERG)
    installation.ask("sync")
    assert sources(glue, "one", "later") == ["SPACE_000/ASSET_00002", "SPACE_000/ASSET_00001"]


def test_a_rule_that_awaits_a_table_where_one_of_ours_is_to_be_keeps_no_database_from_being_made(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = rules(n1="tags: {a: b}", n2='bind: "space_000.asset_00001"', n3="include: false").replace(
        ', "SPACE_000/ASSET_00004"', ""
    )
    preview = installation.ask("preview")
    assert [each["operation"] for each in preview["prerequisites"]] == ["glue:CreateDatabase"]
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["create"]) == ("done", 1), json.dumps(run["failures"])
    assert glue.table("space_000", "asset_00001")["Parameters"]["spheresync.managed-by"].startswith("spheresync:")


@pytest.mark.parametrize("looked", [False, True])
def test_a_bound_table_that_others_moved_with_our_marks_is_taken_up_and_the_former_place_let_go(
    installation: Installation, glue: GlueSimulator, looked: bool
) -> None:
    lake(glue, "one")
    installation.config = rules(n1="bind: lake.one")
    installation.ask("sync")
    hands, moved = glue.client(), glue.table("lake", "one")
    members = {key: moved[key] for key in ("StorageDescriptor", "Parameters", "TableType") if key in moved}
    hands.create_table(DatabaseName="lake", TableInput={"Name": "two", **members})  # type: ignore[typeddict-item]  # members of a TableInput
    hands.delete_table(DatabaseName="lake", Name="one")
    installation.config = rules(n1="bind: lake.two")
    if looked:
        installation.ask("preview")
    run = installation.ask("sync")
    assert run["state"] == "done" and not run["failures"], run
    assert sources(glue, "two") == ["SPACE_000/ASSET_00001"]
    glue.reset()
    for more in ([], ["--full"]):
        again = installation.ask("sync", *more)
        assert again["state"] == "done" and not again["counts"]["retire"], again
    assert not any(call.startswith("Update") for call in glue.calls())
    lake(glue, "one")
    assert installation.ask("sync")["state"] == "done" and sources(glue, "one") == [None]


def test_a_table_of_ours_is_retired_though_the_one_that_its_asset_is_bound_to_was_marked_already(
    installation: Installation, glue: GlueSimulator
) -> None:
    lake(glue, "one")
    installation.config = rules(n1="bind: lake.one")
    installation.ask("sync")
    marked = glue.table("lake", "one")
    members = {key: marked[key] for key in ("StorageDescriptor", "Parameters", "TableType") if key in marked}
    installation.config = SCOPE
    installation.ask("sync")
    hands = glue.client()
    hands.create_table(DatabaseName="lake", TableInput={"Name": "two", **members})  # type: ignore[typeddict-item]  # members of a TableInput
    installation.config = rules(n1="bind: lake.two")
    run = installation.ask("sync")
    assert run["state"] == "done" and not run["failures"], run
    assert glue.table("space_000", "asset_00001")["Parameters"]["spheresync.status"] == "retired"
