"""A database that is another installation's, a link to another catalog's, or another system's gets no table of ours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_lost_state import lose
from tests.e2e.test_safety import add, parameters, tables_of, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

OTHER = {"spheresync.managed-by": "spheresync:other", "spheresync.source": "SPACE_000"}
CLOSED: dict[str, tuple[dict[str, Any], str]] = {
    "installation": ({"Parameters": OTHER}, "belongs to spheresync:other, another installation"),
    "link": ({"TargetDatabase": {"CatalogId": "999999999999", "DatabaseName": "z"}}, "is a resource link"),
    "federated": ({"FederatedDatabase": {"Identifier": "i", "ConnectionName": "c"}}, "is a federated database"),
}


@pytest.mark.parametrize("kind", CLOSED)
def test_no_table_is_made_there_and_preview_sync_and_status_say_why(
    installation: Installation, glue: GlueSimulator, kind: str
) -> None:
    members, why = CLOSED[kind]
    glue.client().create_database(DatabaseInput={"Name": "space_000", **members})  # type: ignore[typeddict-item]  # what members a database has
    before = glue.dump()["databases"]["space_000"]
    preview = installation.ask("preview")
    assert (preview["summary"]["create"], preview["summary"]["conflict"]) == (20, 10)
    glue.reset()
    for _ in range(2):
        run = installation.ask("sync", code=1)
        assert (run["state"], run["counts"]["conflict"]) == ("partly_failed", 10)
        assert {(each["code"], why in each["reason"]) for each in run["failures"]} == {("conflict", True)}
        assert "by `prefix:` or a mapping rule" in run["failures"][0]["remedy"]
    assert writes(glue) == {"CreateDatabase": 2, "CreateTable": 20}
    assert glue.dump()["databases"]["space_000"] == before
    assert tables_of(glue, "space_000") == {}
    assert installation.ask("assets", "--status", "conflict")["total"] == 10
    assert why in str(installation.ask("status")["problems"])

    installation.config = "prefix: mine_\n"
    assert installation.ask("sync")["state"] == "done", "what the remedy says helps"
    assert len(tables_of(glue, "mine_space_000")) == 10


def test_one_that_turns_out_to_be_closed_when_it_is_to_be_made_is_refused_too(
    installation: Installation, glue: GlueSimulator
) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    glue.client().create_database(DatabaseInput={"Name": "space_000", "Parameters": OTHER})
    run = installation.ask("apply", change_set, code=1)
    assert (run["counts"]["conflict"], run["counts"]["create"]) == (10, 20)
    assert "another installation" in run["failures"][0]["reason"]
    assert tables_of(glue, "space_000") == {}


def test_an_installation_that_was_named_anew_goes_on_in_its_databases(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = "installation: anew\n"
    add(tenant, "SPACE_000", "NEWCOMER")
    run = synced.ask("sync", "--full")
    assert (run["state"], run["counts"]["create"], run["failures"]) == ("done", 1, [])
    assert parameters(glue, "space_000", "newcomer")["spheresync.managed-by"] == "spheresync:anew"
    lose(synced, glue)
    assert synced.ask("sync")["counts"]["adopt"] == 31
    assert writes(glue) == {}


def hand_over(glue: GlueSimulator, kind: str) -> dict[str, Any]:
    """Somebody drops our database and makes it anew as something that is not ours; answers it as it is then."""
    glue.client().delete_database(Name="space_000")
    glue.client().create_database(DatabaseInput={"Name": "space_000", **CLOSED[kind][0]})  # type: ignore[typeddict-item]  # what members a database has
    held: dict[str, Any] = glue.dump()["databases"]["space_000"]
    return held


DOORS: dict[str, tuple[str, ...]] = {
    "apply": ("apply",),
    "sync": ("sync",),
    "space": ("sync", "--space", "SPACE_000"),
    "full": ("sync", "--full"),
    "repair": ("drift", "--repair"),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_database_of_ours_that_others_made_anew_gets_no_table_by_whatever_door(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, door: str
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    add(tenant, "SPACE_000", "NEWCOMER")
    arguments = DOORS[door]
    if door == "apply":
        arguments = (*arguments, synced.ask("preview")["change_set_id"])
    before = hand_over(glue, "installation")
    why = "belongs to spheresync:other, another installation; no table is made in it"
    run = synced.ask(*arguments, code=1)
    if door != "repair":
        assert {(each["code"], why in each["reason"]) for each in run["failures"]} == {("conflict", True)}
        assert run["counts"]["conflict"] >= 2
    assert tables_of(glue, "space_000") == {}
    assert glue.dump()["databases"]["space_000"] == before
    preview = synced.ask("preview")
    shown = [each for each in preview["items"] if each["action"] == "conflict"]
    assert len(shown) >= 2 and all(why in each["reason"] for each in shown), "a preview says the same"


@pytest.mark.parametrize("kind", ["link", "federated"])
def test_nor_does_one_that_became_a_link_or_another_systems(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, kind: str
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    hand_over(glue, kind)
    run = synced.ask("sync", code=1)
    assert (run["counts"]["conflict"], CLOSED[kind][1] in run["failures"][0]["reason"]) == (1, True)
    assert tables_of(glue, "space_000") == {}


def test_nor_does_an_undo_bring_tables_back_into_it(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = "deletion: {policy: delete, misses: 1}\n"
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    synced.ask("sync")
    deleted = synced.ask("sync")
    assert deleted["counts"]["delete"] == 1
    undo = synced.ask("revert", deleted["run_id"])
    assert undo["summary"]["create"] == 1
    hand_over(glue, "installation")
    applied = synced.ask("apply", undo["change_set_id"], code=1)
    assert (applied["counts"]["create"], "another installation" in applied["failures"][0]["reason"]) == (0, True)
    assert tables_of(glue, "space_000") == {}
    assert synced.ask("revert", deleted["run_id"])["summary"]["conflict"] == 1


def test_one_that_others_marked_and_that_still_holds_our_tables_stays_in_use(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    glue.client().update_database(Name="space_000", DatabaseInput={"Name": "space_000", "Parameters": OTHER})
    add(tenant, "SPACE_000", "NEWCOMER")
    assert synced.ask("sync")["counts"]["create"] == 1


def test_a_run_that_makes_tables_looks_at_each_database_once_and_others_at_none(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for number in range(5):
        add(tenant, "SPACE_000", f"NEWCOMER_{number}")
    glue.reset()
    assert synced.ask("sync")["counts"]["create"] == 5
    assert glue.calls() == {"GetDatabase": 1, "CreateTable": 5}
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    glue.reset()
    synced.ask("sync")
    assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}
