"""Another domain or project of DataZone in the configuration: what is known of the former says nothing of it."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.e2e.test_datazone import CONFIG, assets, form, imported, listings, zone
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = Surroundings(assets=6)

__all__ = ["imported", "zone"]
_PUBLISHES = CONFIG.replace("project_id: p1", "project_id: p1, publish: always")


def _held(glue: GlueSimulator, domain: str, project: str) -> dict[str, dict[str, Any]]:
    rows = [rows[-1] for rows in glue.datazone_dump(domain).get("assets", {}).values()]
    return {each["name"]: each for each in rows if each["owningProjectId"] == project}


def test_another_domain_is_filled_by_the_next_sync_and_the_former_stays_as_it_is(
    imported: Installation, glue: GlueSimulator
) -> None:
    hands = glue.client_of("datazone")
    domain = hands.create_domain(name="two", domainExecutionRole="arn:aws:iam::123456789012:role/dz")["id"]
    project = hands.create_project(domainIdentifier=domain, name="q")["id"]
    imported.config = _PUBLISHES
    first = imported.ask("sync")
    before = glue.datazone_dump()
    imported.config = _PUBLISHES.replace("dzd_x1", domain).replace("project_id: p1", f"project_id: {project}")
    assert imported.ask("sync")["state"] == "done"
    found = _held(glue, domain, project)
    assert len(found) == 6 and form(found["asset_00000"])["source"] == "SPACE_000/ASSET_00000"
    held = glue.datazone_dump(domain)
    assert len(held["terms"]) == 3 and len(held["listings"]) == 6
    glue.reset()
    assert imported.ask("sync")["state"] == "done" and not glue.calls()
    undo = imported.ask("revert", first["run_id"])
    imported.ask("apply", undo["change_set_id"], "--allow-deletes", code=None)
    now = glue.datazone_dump()
    assert {name: now[name] for name in ("assets", "listings", "terms")} == {
        name: before[name] for name in ("assets", "listings", "terms")
    }


@pytest.mark.parametrize("wrong", ["domain_id: dzd_none, project_id: p1", "domain_id: dzd_x1, project_id: none"])
def test_a_domain_or_project_that_is_not_there_is_told_once_with_what_to_check(
    zone: Installation, glue: GlueSimulator, wrong: str
) -> None:
    zone.config = CONFIG.replace("domain_id: dzd_x1, project_id: p1", wrong)
    run = zone.ask("sync", code=1)
    assert run["counts"]["create"] == 6 and all("datazone.project_id" in each["remedy"] for each in run["failures"])
    assert glue.calls()["datazone:Search"] <= 12, glue.calls()
    zone.config = CONFIG
    assert zone.ask("sync")["state"] == "done"


def test_another_project_gets_assets_of_its_own(zone: Installation, glue: GlueSimulator) -> None:
    project = glue.client_of("datazone").create_project(domainIdentifier="dzd_x1", name="q")["id"]
    zone.ask("sync")
    before = _held(glue, "dzd_x1", "p1")
    zone.config = CONFIG.replace("project_id: p1", f"project_id: {project}")
    assert zone.ask("sync")["state"] == "done"
    assert len(_held(glue, "dzd_x1", project)) == 6 and _held(glue, "dzd_x1", "p1") == before
    assert len(glue.datazone_dump()["terms"]) == 3 and not listings(glue)
    glue.reset()
    assert zone.ask("sync")["state"] == "done" and not glue.calls()


def test_a_lost_state_lets_assets_go_whose_source_is_gone_meanwhile(
    zone: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    zone.config = CONFIG + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    zone.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    shutil.rmtree(zone.state_dir)
    for _ in range(4):
        assert zone.ask("sync")["state"] == "done"
    assert "asset_00000" not in glue.dump()["tables"]["space_000"]
    assert "asset_00000" not in assets(glue) and len(assets(glue)) == 5
    glue.reset()
    assert zone.ask("sync")["state"] == "done" and not glue.calls()
