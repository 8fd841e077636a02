"""Who published an asset of DataZone: what we did goes with its source, what others did is never taken back by us."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.e2e.test_datazone import CONFIG, PUBLISHES, assets, form, imported, listings, written, zone
from tests.e2e.test_datazone_take_over import listed, standing
from tests.simulators.fixtures import SMALLER
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER

__all__ = ["imported", "zone"]
_GOES = "deletion: {misses: 1, grace: 0s, policy: delete}\n"


def _change(glue: GlueSimulator, asset: dict[str, Any], action: str = "PUBLISH") -> None:
    """Somebody else publishes or unpublishes an asset."""
    glue.client_of("datazone").create_listing_change_set(
        domainIdentifier="dzd_x1", entityIdentifier=asset["id"], entityType="ASSET", action=action
    )


def _remove(zone: Installation, tenant: RunningTenant, *names: str) -> None:
    """These assets are gone from the source, and what stands for them is retired and deleted."""
    for name in names:
        tenant.edit("remove_asset", space="SPACE_000", asset=name)
        for _ in range(2):
            assert zone.ask("sync")["state"] == "done"


@pytest.mark.parametrize("publish", ["always", "never"])
@pytest.mark.parametrize("lost", [False, True], ids=["known", "lost"])
def test_a_delete_takes_back_what_we_published_and_nothing_of_others(
    imported: Installation, glue: GlueSimulator, tenant: RunningTenant, publish: str, lost: bool
) -> None:
    _change(glue, assets(glue)["asset_00001"])
    imported.config = PUBLISHES
    assert imported.ask("sync")["state"] == "done"
    if lost:
        shutil.rmtree(imported.state_dir)
    imported.config = PUBLISHES.replace("always", publish) + _GOES
    assert imported.ask("sync")["state"] == "done"
    _remove(imported, tenant, "ASSET_00000", "ASSET_00001")
    assert [listings(glue)[name][0] for name in ("asset_00000", "asset_00001")] == ["INACTIVE", "ACTIVE"]
    assert not form(assets(glue)["asset_00000"]) and not form(assets(glue)["asset_00001"])


def test_who_published_is_noted_once_and_costs_no_write_later(imported: Installation, glue: GlueSimulator) -> None:
    imported.config = PUBLISHES
    imported.ask("sync")
    assert form(assets(glue)["asset_00003"])["publishedBy"] == "spheresync:lake"
    glue.reset()
    for options in ((), ("--full",)):
        assert imported.ask("sync", *options)["state"] == "done" and not written(glue)
    assert not imported.ask("drift")["items"]


def test_what_we_published_counts_as_ours_also_where_the_answer_was_lost(
    imported: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    imported.config = PUBLISHES + _GOES
    glue.fault("lose", "datazone:CreateListingChangeSet", times=1)
    assert imported.ask("sync")["state"] == "done"
    _remove(imported, tenant, *(f"ASSET_{number:05}" for number in range(2)))
    assert {listings(glue)[f"asset_{number:05}"][0] for number in range(2)} == {"INACTIVE"}
    assert all(form(asset).get("publishedBy") for asset in assets(glue).values() if form(asset))


def test_an_undone_publication_is_forgotten(imported: Installation, glue: GlueSimulator, tenant: RunningTenant) -> None:
    imported.ask("sync")
    imported.config = PUBLISHES
    undo = imported.ask("revert", imported.ask("sync")["run_id"])
    assert imported.ask("apply", undo["change_set_id"], "--allow-deletes")["state"] == "done"
    assert listings(glue)["asset_00000"][0] == "INACTIVE" and "publishedBy" not in form(assets(glue)["asset_00000"])
    _change(glue, assets(glue)["asset_00000"])
    imported.config = CONFIG + _GOES
    _remove(imported, tenant, "ASSET_00000")
    assert listings(glue)["asset_00000"][0] == "ACTIVE"


def test_an_imported_asset_that_others_published_stays_published_where_ours_was_before(
    zone: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    zone.config = PUBLISHES + _GOES
    zone.ask("sync")
    glue.run_data_source("space_000")
    _change(glue, standing(glue, "asset_00000")[0])
    assert zone.ask("sync", "--full")["state"] == "done" and listed(glue, "asset_00000") == [True]
    _remove(zone, tenant, "ASSET_00000", "ASSET_00001")
    assert listed(glue, "asset_00000") == [True] and listed(glue, "asset_00001") == [False]


@pytest.mark.parametrize("config", [CONFIG, PUBLISHES], ids=["never", "always"])
def test_an_asset_of_ours_that_others_published_stays_until_they_unpublish_it(
    zone: Installation, glue: GlueSimulator, tenant: RunningTenant, config: str
) -> None:
    zone.config = CONFIG + _GOES
    zone.ask("sync")
    _change(glue, standing(glue, "asset_00000")[0])
    zone.config = config + _GOES
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    zone.ask("sync")
    run = zone.ask("sync", code=None)
    assert listed(glue, "asset_00000") == [True] and "published by somebody else" in str(run), run
    _change(glue, standing(glue, "asset_00000")[0], "UNPUBLISH")
    assert zone.ask("sync")["state"] == "done" and not standing(glue, "asset_00000")


@pytest.mark.parametrize("operation", ["datazone:CreateAssetRevision", "datazone:CreateListingChangeSet"])
def test_nothing_is_published_that_does_not_say_who_did_and_nothing_says_so_that_is_not(
    zone: Installation, glue: GlueSimulator, operation: str
) -> None:
    zone.config = PUBLISHES
    glue.fault("deny", operation, times=None)
    run = zone.ask("sync", code=1)
    assert operation in str(run["failures"]) and not listings(glue)
    assert not any("publishedBy" in form(asset) for asset in assets(glue).values())
    glue.heal()
    assert zone.ask("sync")["state"] == "done" and listings(glue)
    assert all(form(asset)["publishedBy"] for asset in assets(glue).values())
