"""When a table goes, and when it stays: misses, policies, grace, guards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.conftest import MakeInstallation
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

AT_ONCE = "deletion: {misses: 1}\n"
LAST = {"vanish": 0.1, "vanish_spaces": ["SPACE_001"]}  # SPACE_001/ASSET_00009


@pytest.fixture(scope="module")
def original(make_installation: MakeInstallation) -> Installation:
    installation = make_installation()
    assert installation.ask("sync")["counts"]["create"] == 20
    return installation


@pytest.fixture
def healed(tenant: RunningTenant) -> Iterator[RunningTenant]:
    yield tenant
    tenant.set_faults()


@pytest.fixture
def synced(
    original: Installation, tenant: RunningTenant, glue: GlueSimulator, tmp_path: Path
) -> Iterator[Installation]:
    """A copy of a synced state, for tests after which the catalog is as it was."""
    shutil.copytree(original.state_dir, tmp_path / "state")
    glue.reset()
    before = glue.dump()
    yield Installation(tmp_path / "state", original.environment, extra=original.extra)
    tenant.set_faults()
    assert glue.dump() == before, "this test was to write nothing"


@pytest.fixture
def own(make_installation: MakeInstallation, tenant: RunningTenant, glue: GlueSimulator) -> Iterator[Installation]:
    """An installation with tables of its own."""
    installation = make_installation(AT_ONCE)
    assert installation.ask("sync")["counts"]["create"] == 20
    glue.reset()
    yield installation
    tenant.set_faults()


def database(installation: Installation, space: str) -> str:
    return installation.extra["SPHERESYNC_PREFIX"] + space


def test_misses_of_any_command_add_up_and_the_policy_delete_retires_first_and_deletes_next(
    make_installation: MakeInstallation, healed: RunningTenant, glue: GlueSimulator
) -> None:
    installation = make_installation("deletion: {policy: delete}\n")
    installation.ask("sync", "--space", "SPACE_001")
    healed.set_faults(**LAST)
    installation.ask("discover")
    assert installation.ask("preview")["summary"]["retire"] == 0
    assert installation.ask("preview", "--no-refresh")["summary"]["retire"] == 0, "nothing was listed"
    run = installation.ask("sync", "--space", "SPACE_001")
    third = run["counts"]
    assert (third["retire"], third["delete"]) == (1, 0)
    assert run["outcomes"] == [{"action": "retire", "assets": ["SPACE_001/ASSET_00009"], "assets_total": 1}]
    table = glue.table(database(installation, "space_001"), "asset_00009")
    assert table["Parameters"]["spheresync.status"] == "retired"
    assert "retired" in table["Description"]
    fourth = installation.ask("sync", "--space", "SPACE_001")["counts"]
    assert (fourth["retire"], fourth["delete"]) == (0, 1)
    assert "asset_00009" not in glue.dump()["tables"][database(installation, "space_001")]


@pytest.mark.parametrize("deletion", ["{misses: 1, policy: keep}", "{misses: 1, grace: 1d}"])
def test_what_the_configuration_spares_is_not_retired(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, deletion: str
) -> None:
    synced.config = f"deletion: {deletion}\n"
    tenant.set_faults(**LAST)
    run = synced.ask("sync")
    assert (run["state"], run["counts"]["retire"], run["counts"]["delete"]) == ("done", 0, 0)
    (missed,) = [finding for finding in run["findings"] if finding["code"] == "missed"]
    assert "1 asset is missing" in missed["message"] and "SPACE_001/ASSET_00009 (in 1 listing)" in missed["message"]
    assert ("deletion.policy is keep" in missed["remedy"]) == ("keep" in deletion)
    assert glue.calls() == {}


def test_a_space_that_may_no_longer_be_read_counts_no_miss(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = AT_ONCE
    tenant.set_faults(hidden_spaces=["SPACE_001"])
    run = synced.ask("sync", code=None)
    assert (run["counts"]["retire"], run["counts"]["delete"]) == (0, 0)
    assert glue.calls() == {}


def test_whoever_names_one_of_many_at_a_time_passes_no_guard(
    synced: Installation, healed: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = AT_ONCE
    healed.set_faults(vanish=0.3, vanish_spaces=["SPACE_001"])
    whole = synced.ask("sync", code=3)
    again = synced.ask("sync", "--retry-of", whole["run_id"], code=2)["error"]
    assert "a guard holds back" in again["message"] and "--max-deletes" in again["remedy"]
    assert [finding["code"] for finding in whole["findings"]] == ["too_many_removals"] * 2
    for asset in ("SPACE_001/ASSET_00009", "SPACE_001/ASSET_00008"):
        one = synced.ask("sync", "--asset", asset, code=3)
        assert one["counts"]["blocked"] == 1 and "3 of 10 tables of space SPACE_001" in str(one["findings"])
        shown = synced.ask("preview", "--no-refresh", "--asset", asset)
        assert (shown["summary"]["retire"], shown["blocked"]) == (1, 1)
    assert not [call for call in glue.calls() if call == "UpdateTable"]


def test_an_empty_listing_removes_nothing_and_the_rest_goes_on(
    own: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(vanish=1.0, vanish_spaces=["SPACE_001"])
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00002", label="Goes on")
    run = own.ask("sync", code=3)
    assert (run["state"], run["counts"]["retire"], run["counts"]["metadata_only"]) == ("refused", 0, 1)
    assert "empty_listing" in {finding["code"] for finding in run["findings"]}
    assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}


def test_deletes_are_allowed_by_flag_but_only_max_deletes_lifts_a_guard_and_is_audited(
    own: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(vanish=0.5)
    held_back = own.ask("sync", "--allow-deletes", code=3)
    assert held_back["findings"][0]["code"] == "too_many_removals"
    assert glue.calls() == {}
    assert own.ask("sync", "--max-deletes", "10")["counts"]["retire"] == 10
    assert own.ask("audit", "query", "--action", "guard_lifted")["total"] == 1
    tenant.set_faults(vanish=0.5, vanish_spaces=["SPACE_001"], unavailable_spaces=["SPACE_000"])
    assert own.ask("sync", "--allow-deletes", code=1)["state"] == "partly_failed", "failures and a guard together: 1"
    assert (
        sum(len(tables) for name, tables in glue.dump()["tables"].items() if name.startswith(database(own, ""))) == 20
    )
