"""Where the tenant answers 404 for everything, something before the definitions is out, and nothing is gone."""

from __future__ import annotations

from tests.e2e.test_retired_tables import TABLE, retire
from tests.e2e.test_safety import tables_of, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


def test_404_for_every_definition_is_no_proof_that_anything_is_gone(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = "deletion: {policy: delete, misses: 1}\n"
    retire(synced, tenant, glue, syncs=1)
    tenant.edit("remove_asset", space="SPACE_001", asset="ASSET_00002")
    tenant.set_faults(failing_matching="$metadata", failing_status=404)
    for _ in range(2):
        run = synced.ask("sync", code=1)
        told = {each["asset"] for each in run["failures"] if each["code"] == "gone_unconfirmed"}
        assert told == {"SPACE_000", "SPACE_001"}
        assert (run["counts"]["retire"], run["counts"]["delete"], writes(glue)) == (0, 0, {})
    tenant.set_faults()
    run = synced.ask("sync")
    assert (run["counts"]["retire"], run["counts"]["delete"]) == (1, 1)
    assert TABLE not in tables_of(glue, "space_000")


def test_a_space_of_which_no_definition_is_served_counts_as_not_read(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(failing_matching="SPACE_001/", failing_status=404)
    run = synced.ask("sync", code=1)
    assert (run["state"], run["counts"]["failed"], run["counts"]["unchanged"]) == ("partly_failed", 10, 20)
    assert {each["code"] for each in run["failures"]} == {"space_not_served"}
    status = synced.ask("status")
    assert (status["health"], status["assets"]) == ("degraded", {"failed": 10, "synced": 20})
    assert writes(glue) == {}
    tenant.set_faults()
    run = synced.ask("sync")
    assert (run["state"], run["counts"]["unchanged"]) == ("done", 30)
    assert synced.ask("status")["health"] == "ok"


def test_one_asset_that_is_not_exposed_is_named_by_the_status(synced: Installation, tenant: RunningTenant) -> None:
    tenant.set_faults(failing_matching="SPACE_001/ASSET_00002/$metadata", failing_status=404)
    synced.ask("sync")
    status = synced.ask("status")
    notes = [each["message"] for each in status["notes"] if each["code"] == "not_exposed"]
    assert status["health"] == "ok" and len(notes) == 1 and "SPACE_001/ASSET_00002" in notes[0]
