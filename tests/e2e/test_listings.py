"""Data loss by a listing that is not whole: a table of a live asset is never retired, however the tenant answers."""

from __future__ import annotations

import json

import pytest

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.odd_listings import BROKEN, WHOLE
from tests.simulators.running_tenant import RunningTenant

PER_PAGE = 4  # of the 10 assets of a space


@pytest.mark.parametrize("listings", WHOLE)
def test_every_page_arrives_however_the_next_one_is_linked(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, listings: str
) -> None:
    tenant.admin(page_size=PER_PAGE, listings=listings)
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}


@pytest.mark.parametrize("listings", BROKEN)
def test_a_listing_that_is_not_whole_never_retires_a_table(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, listings: str
) -> None:
    synced.config = "deletion: {misses: 1, policy: delete}\n"
    tenant.admin(page_size=PER_PAGE, listings=listings)
    for _ in range(2):
        run = synced.ask("sync", "--max-deletes", "100", code=1)
        named = [failure for failure in run["failures"] if "SPACE_001" in json.dumps(failure)]
        assert len(named) == 1, "one failure for a space, however many rows are bad"
    assert glue.calls() == {}
    found = synced.ask("assets")
    assert found["total"] == 30
    assert {row["status"] for row in found["items"]} <= {"synced", "failed"}, "not read, and never missed or retired"


def test_an_asset_that_is_listed_twice_with_different_content_is_a_finding_and_stays_as_it_was(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = "deletion: {misses: 1, policy: delete}\n"
    before = synced.ask("assets", "--space", "SPACE_000")["items"]
    tenant.edit("remove_asset", space="SPACE_001", asset="ASSET_00009")
    tenant.admin(listings="listed twice")
    run = synced.ask("sync", code=1)
    assert (run["counts"]["retire"], run["counts"]["update"]) == (1, 0), "the listing is whole for all the others"
    assert [failure["asset"] for failure in run["failures"]] == [f"SPACE_00{n}/ASSET_00000" for n in range(3)]
    assert glue.calls().get("UpdateTable") == 1
    after = synced.ask("assets", "--space", "SPACE_000")["items"]
    assert [(row["asset"], row["label"], row["kind"]) for row in after] == [
        (row["asset"], row["label"], row["kind"]) for row in before
    ]
    tenant.admin(listings="")
    assert synced.ask("sync")["failures"] == []
