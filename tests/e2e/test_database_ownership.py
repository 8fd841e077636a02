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
