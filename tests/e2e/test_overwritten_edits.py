"""An edit of somebody else that `drift:` has written over is told by every path that does so, and can be had back."""

from __future__ import annotations

from typing import Any

from tests.e2e.test_drift import edit_columns
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSET = "SPACE_000/ASSET_00000"


def their_type(glue: GlueSimulator) -> str:
    return str(glue.table("space_000", "asset_00000")["StorageDescriptor"]["Columns"][1]["Type"])


def told(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for finding in answer["findings"] if finding["code"] == "overwritten"]


def edit_theirs(glue: GlueSimulator) -> str:
    """Somebody else's hands on the type of a column; answers the name of that."""
    edit_columns(glue, "asset_00000", lambda columns: columns[1].update(Type="array<int>"))
    return str(glue.table("space_000", "asset_00000")["StorageDescriptor"]["Columns"][1]["Name"])


def require_undone(installation: Installation, glue: GlueSimulator, run_id: str) -> None:
    undo = installation.ask("revert", run_id)
    assert installation.ask("apply", undo["change_set_id"])["state"] == "done"
    assert their_type(glue) == "array<int>", "the undo brings theirs back"


def test_a_sync_that_did_not_look_before_tells_what_it_wrote_over(
    synced: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    column = edit_theirs(glue)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    run = synced.ask("sync", "--asset", ASSET)
    assert (run["state"], run["failures_total"]) == ("done", 0), run
    (finding,) = told(run)
    assert finding["subject"] == ASSET and f"columns.{column}.type (to array<int>)" in finding["message"]
    assert "`drift: {columns: overwrite}`" in finding["message"] and run["run_id"] in finding["remedy"]
    assert told(synced.ask("runs", run["run_id"])) == [finding]
    refused = synced.ask("sync", "--retry-of", run["run_id"], code=2)
    assert "no asset of it failed" in str(refused)
    require_undone(synced, glue, run["run_id"])


def test_a_run_that_is_tried_again_names_the_drift_that_it_writes_over(
    synced: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    seen = synced.ask("preview", "--asset", ASSET)
    column = edit_theirs(glue)
    failed = synced.ask("apply", seen["change_set_id"], code=3)
    assert failed["counts"]["refused"] == 1 and their_type(glue) == "array<int>"

    again = synced.ask("sync", "--retry-of", failed["run_id"])
    (finding,) = told(again)
    assert f"columns.{column}.type (to array<int>)" in finding["message"]
    require_undone(synced, glue, again["run_id"])


def test_a_preview_names_the_drift_before_anything_is_written(
    synced: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    column = edit_theirs(glue)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    seen = synced.ask("preview", "--asset", ASSET)
    (finding,) = told(seen)
    assert f"columns.{column}.type (to array<int>)" in finding["message"] and "leave the asset out" in finding["remedy"]
    (item,) = seen["items"]
    assert item["reason"].startswith(f"somebody else has changed columns.{column}.type of the table"), item
    assert "changed in Datasphere" in item["reason"]
    change = next(each for each in item["changes"] if each["path"] == f"columns.{column}.type")
    assert change["before"] == "array<int>"
    run = synced.ask("apply", seen["change_set_id"])
    assert "the run wrote ours over that" in told(run)[0]["message"] and len(told(run)) == 1


def test_a_table_that_a_run_made_again_is_told(
    synced: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00000")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    (finding,) = told(synced.ask("sync", "--asset", ASSET))
    assert "somebody else had deleted the table space_000.asset_00000" in finding["message"]
    assert "nothing stood there, so it deletes the table again" in finding["remedy"]


def digests(installation: Installation, run_id: str) -> tuple[str | None, str | None]:
    """Before and after, as the audit log has them of the one asset."""
    log = installation.ask("audit", "query", "--run", run_id, "--asset", ASSET, "--changes-only", "--detail", "full")
    (entry,) = log["items"]
    return entry["detail"].get("before"), entry["detail"].get("after")


def test_the_audit_log_has_the_digest_of_what_stood_there(
    synced: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    edit_theirs(glue)
    repair = synced.ask("apply", synced.ask("drift")["change_set_id"])["run_id"]
    theirs, ours = digests(synced, repair)
    assert theirs is not None and theirs != ours
    edit_theirs(glue)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Renamed")
    unseen = synced.ask("sync", "--asset", ASSET)["run_id"]
    assert digests(synced, unseen)[0] == theirs, "a write that found it out when it was done says the same"
    renamed = digests(synced, unseen)[1]
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Again")
    assert digests(synced, synced.ask("sync", "--asset", ASSET)["run_id"])[0] == renamed

    glue.client().delete_table(DatabaseName="space_000", Name="asset_00000")
    made = synced.ask("apply", synced.ask("drift")["change_set_id"])["run_id"]
    assert digests(synced, made)[0] is None, "nothing stood there"
