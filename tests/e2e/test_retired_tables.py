"""A retired table that somebody else has changed or taken: never deleted unseen, never in the way for ever."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_former_tables import RENAME, deletes
from tests.e2e.test_full import drifted, edit
from tests.e2e.test_safety import tables_of
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSET = "SPACE_000/ASSET_00003"
TABLE = "asset_00003"


@pytest.fixture
def retired(synced: Installation, tenant: RunningTenant, glue: GlueSimulator) -> Installation:
    """The asset of TABLE is gone, and the table marked."""
    retire(synced, tenant, glue)
    return synced


def retire(installation: Installation, tenant: RunningTenant, glue: GlueSimulator, *, syncs: int = 3) -> None:
    """Take the asset of TABLE away and sync until its table is marked."""
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00003")
    for _ in range(syncs):
        run = installation.ask("sync")
    assert run["counts"]["retire"] == 1
    glue.reset()


def applied(installation: Installation, *flags: str) -> dict[str, Any]:
    preview = installation.ask("preview")
    return dict(installation.ask("apply", preview["change_set_id"], *flags))


@pytest.mark.parametrize("policy", ["report", "keep", "overwrite"])
@pytest.mark.parametrize("why", ["gone", "renamed"])
def test_a_previewed_retirement_goes_by_the_drift_policy_over_what_was_edited_by_hand(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, policy: str, why: str
) -> None:
    drift = f"drift: {{description: {policy}}}\ndeletion: {{misses: 1}}\n"
    synced.config = drift
    label = glue.table("space_000", TABLE)["Description"]
    edit(glue, TABLE, Description="by hand")
    if why == "gone":
        tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00003")
    else:
        synced.config = drift + RENAME.replace("ASSET_00001", "ASSET_00003")
    preview = synced.ask("preview")
    made = [each["reason"] for each in preview["items"] if each["action"] == "create"]
    assert made == ([f"mapping rules name it so now, and not space_000.{TABLE}"] if why == "renamed" else [])
    run = synced.ask("apply", preview["change_set_id"])
    assert (run["state"], run["counts"]["retire"], run["counts"]["refused"]) == ("done", 1, 0)
    assert (list(drifted(preview)) == [ASSET]) == (policy == "report")
    text = label if policy == "overwrite" else "by hand"
    assert glue.table("space_000", TABLE)["Description"] == f"[retired in Datasphere] {text}"
    assert glue.table("space_000", TABLE)["Parameters"]["spheresync.status"] == "retired"
    assert synced.ask("sync")["counts"]["retire"] == 0


def test_a_retirement_over_an_edit_that_the_policy_leaves_says_what_to_do_and_is_done_after_it(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = "drift: {parameters: report}\ndeletion: {misses: 1}\n"
    edit(glue, TABLE, foreign={"spheresync.label": "mine"})
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00003")
    preview = synced.ask("preview")
    (told,) = [each for each in preview["findings"] if each["code"] == "drift"]
    assert (told["subject"], "parameters.spheresync.label" in told["message"]) == (ASSET, True)
    assert "let `drift:` say overwrite" in told["remedy"]
    assert synced.ask("apply", preview["change_set_id"], code=3)["counts"]["refused"] == 1
    synced.config = "deletion: {misses: 1}\n"
    assert applied(synced)["counts"]["retire"] == 1


def test_what_others_changed_since_is_left_by_a_sync_and_deleted_once_a_person_has_seen_it(
    retired: Installation, glue: GlueSimulator
) -> None:
    edit(glue, TABLE, foreign={"team": "bi"})
    assert retired.ask("sync", "--allow-deletes", code=3)["counts"]["refused"] == 1
    run = retired.ask("sync", "--allow-deletes")
    assert (run["counts"]["delete"], run["counts"]["refused"]) == (0, 0)
    assert "parameters.team" in drifted(run)[ASSET]
    item = next(each for each in retired.ask("preview")["items"] if each["action"] == "delete")
    assert item["blocked_by"] == "deletes_not_allowed"
    assert [change["path"] for change in item["changes"]] == ["parameters.team"]
    assert TABLE in tables_of(glue, "space_000")
    assert applied(retired, "--allow-deletes")["counts"]["delete"] == 1
    assert TABLE not in tables_of(glue, "space_000")


def test_it_is_deleted_only_once_the_tenant_says_that_its_asset_is_gone(
    retired: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(failing_matching="SPACE_000/ASSET_00003/$metadata", failing_status=403)
    run = retired.ask("sync", "--allow-deletes", code=1)
    assert (run["counts"]["delete"], [each["code"] for each in run["failures"]]) == (0, ["gone_unconfirmed"])
    assert TABLE in tables_of(glue, "space_000")
    tenant.set_faults()
    assert retired.ask("sync", "--allow-deletes")["counts"]["delete"] == 1
    assert TABLE not in tables_of(glue, "space_000")


@pytest.mark.parametrize("before", ["deletion: {misses: 9}\n", "deletion: {policy: keep, misses: 1}\n"])
def test_nothing_goes_by_a_plan_that_reads_nothing_before_the_tenant_was_asked(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, before: str
) -> None:
    synced.config = before
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00003")
    for _ in range(2):
        synced.ask("sync")
    synced.config = "deletion: {policy: delete, misses: 2}\n"
    preview = synced.ask("preview", "--no-refresh")
    assert preview["summary"]["retire"] == 0
    (told,) = [each for each in preview["findings"] if each["code"] == "gone_unconfirmed"]
    assert (told["subject"], "a new preview that refreshes" in told["remedy"]) == (ASSET, True)
    synced.ask("discover")
    preview = synced.ask("preview", "--no-refresh")
    assert (preview["summary"]["retire"], preview["findings"]) == (1, []), "the reading has asked"
    assert synced.ask("apply", preview["change_set_id"])["counts"]["retire"] == 1


def test_with_a_policy_that_deletes_it_still_waits_for_a_person(retired: Installation, glue: GlueSimulator) -> None:
    retired.config = "deletion: {policy: delete}\n"
    edit(glue, TABLE, foreign={"team": "bi"})
    retired.ask("sync", code=3)
    assert retired.ask("sync")["counts"]["delete"] == 0
    assert deletes(retired.ask("preview")) == [(ASSET, f"space_000.{TABLE}", "deletes_not_allowed")]


def test_an_edit_that_was_taken_back_is_no_edit(retired: Installation, glue: GlueSimulator) -> None:
    told = retired.ask("lineage", ASSET)["findings"][0]
    assert told.startswith(f"space_000.{TABLE} in glue, written from {ASSET}, still stands there, marked as retired")
    before = glue.table("space_000", TABLE)["Parameters"]
    edit(glue, TABLE, foreign={"team": "bi"})
    retired.ask("sync", "--allow-deletes", code=3)
    edit(glue, TABLE, Parameters=before)
    assert retired.ask("sync", "--allow-deletes")["counts"]["delete"] == 1


def test_what_others_took_over_is_a_conflict_once_and_then_theirs(retired: Installation, glue: GlueSimulator) -> None:
    edit(glue, TABLE, Parameters={"owner": "Jane"})
    assert retired.ask("sync", "--allow-deletes", code=1)["counts"]["conflict"] == 1
    run = retired.ask("sync", "--allow-deletes")
    assert (run["counts"]["forget"], run["counts"]["delete"]) == (1, 0)
    glue.reset()
    assert deletes(retired.ask("preview")) == []
    assert retired.ask("sync", "--allow-deletes")["state"] == "done"
    assert glue.calls() == {}
    assert glue.table("space_000", TABLE)["Parameters"] == {"owner": "Jane"}


def test_what_somebody_deleted_already_is_deleted(retired: Installation, glue: GlueSimulator) -> None:
    edit(glue, TABLE, foreign={"team": "bi"})
    retired.ask("sync", "--allow-deletes", code=3)
    glue.client().delete_table(DatabaseName="space_000", Name=TABLE)
    assert retired.ask("sync", "--allow-deletes")["counts"]["delete"] == 1
    assert deletes(retired.ask("preview")) == []


def test_a_delete_that_was_not_allowed_is_told_as_left_out(
    retired: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00004", label="Anew")
    run = applied(retired)
    assert (run["state"], run["counts"]["delete"], run["counts"]["blocked"]) == ("done", 0, 1)
    assert TABLE in tables_of(glue, "space_000")
    text = retired.run("runs", run["run_id"]).out
    assert "left out" in text


def test_a_change_set_that_was_applied_without_its_deletes_says_so_whenever_it_is_asked_for(
    retired: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00004", label="Anew")
    preview = retired.ask("preview")
    change_set = preview["change_set_id"]
    (waits,) = [each for each in preview["findings"] if each["code"] == "deletes_not_allowed"]
    assert waits["message"] == "1 delete waits until it is allowed"
    assert f"spheresync apply {change_set} --allow-deletes" in waits["remedy"]
    run = retired.ask("apply", change_set)
    left = f"run {run['run_id']} applied change set {change_set} without deletes: 1 delete was left out"
    assert (run["counts"]["delete"], run["counts"]["blocked"]) == (0, 1)
    for answer in (run, retired.ask("runs", run["run_id"]), retired.ask("apply", change_set, "--allow-deletes")):
        (finding,) = answer["findings"]
        assert (answer["run_id"], finding["message"]) == (run["run_id"], left)
        assert finding["remedy"] == "Make a new preview, then apply that with --allow-deletes."
    again = retired.run("apply", change_set, "--allow-deletes").out
    assert again.startswith(f"Already applied by {run['run_id']} without deletes, so nothing was done now.")
    done = applied(retired, "--allow-deletes")
    assert (done["counts"]["delete"], done["findings"]) == (1, [])
    assert TABLE not in tables_of(glue, "space_000")
