"""What comes back, what does not slip through, and what ends in time."""

from __future__ import annotations

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


def test_allowing_deletes_at_apply_does_not_lift_the_guard(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = "deletion: {misses: 1}\n"
    tenant.set_faults(vanish=0.4)
    assert synced.ask("sync", "--max-deletes", "12")["counts"]["retire"] == 12
    preview = synced.ask("preview")
    assert preview["summary"]["delete"] == 12
    assert preview["findings"][0]["code"] == "too_many_removals"
    run = synced.ask("apply", preview["change_set_id"], "--allow-deletes", code=3)
    assert run["counts"]["delete"] == 0
    assert "DeleteTable" not in glue.calls()


def test_what_left_the_scope_and_came_back_is_managed_again(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = 'scope: {exclude: ["SPACE_000/ASSET_00001"]}\n'
    assert synced.ask("sync")["counts"]["forget"] == 1
    synced.config = "scope: {}\n"
    assert synced.ask("sync")["counts"]["adopt"] == 1
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    retired = [synced.ask("sync")["counts"]["retire"] for _ in range(3)]
    assert retired == [0, 0, 1]


def test_a_database_deleted_by_hand_is_made_again(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    glue.client().delete_database(Name="space_000")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    first = synced.ask("sync", code=1)
    assert first["failures"][0]["code"] == "no_container"
    assert synced.ask("sync")["state"] == "done"
    assert glue.table("space_000", "asset_00001")["Description"] == "Another label"


def test_a_tenant_that_asks_to_wait_for_ever_is_given_up(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(throttle_next=1000, retry_after=100000)
    run = synced.ask("sync", code=1)
    assert run["state"] == "failed"
    assert "nothing useful" in run["failures"][0]["reason"]
    assert glue.calls() == {}


def test_a_space_that_the_tenant_no_longer_lists_is_named_and_left_alone(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(hidden_spaces=["SPACE_001"])
    for _ in range(4):
        run = synced.ask("sync")
        assert [finding["subject"] for finding in run["findings"]] == ["SPACE_001"]
    assert glue.calls() == {}


def test_a_preview_that_only_offers_deletes_shows_no_change_and_applying_it_is_no_refusal(
    synced: Installation, tenant: RunningTenant
) -> None:
    synced.config = "deletion: {misses: 1}\n"
    tenant.set_faults(vanish=0.4)
    synced.ask("sync", "--max-deletes", "12")
    assert synced.ask("preview", "--exit-code", code=0)["blocked"] == 12
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    preview = synced.ask("preview", "--exit-code", code=4)
    run = synced.ask("apply", preview["change_set_id"])
    assert (run["state"], run["counts"]["metadata_only"]) == ("done", 1)


def test_a_renamed_installation_marks_its_tables_anew(synced: Installation, glue: GlueSimulator) -> None:
    synced.extra["SPHERESYNC_INSTALLATION"] = "renamed"
    assert synced.ask("sync")["counts"]["metadata_only"] == 30
    assert glue.table("space_000", "asset_00001")["Parameters"]["spheresync.managed-by"] == "spheresync:renamed"
    assert synced.ask("sync")["counts"]["unchanged"] == 30
