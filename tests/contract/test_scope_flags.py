"""Which part of the tenant a command is about: --space, --asset, --tier, --target, and the filters of `assets`."""

from __future__ import annotations

import pytest

from tests.contract.conftest import MakeInstallation
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

RULES = """
mapping: {rules: [{match: {name: ASSET_00002}, set: {tier: critical}}]}
scope: {exclude: ["SPACE_001/ASSET_00003"]}
"""


@pytest.fixture(scope="module")
def discovered(make_installation: MakeInstallation) -> Installation:
    installation = make_installation(RULES)
    found = installation.ask("discover")
    assert (found["listed"], found["mapped"], found["filtered"], found["failed"]) == (20, 19, 1, 0)
    return installation


@pytest.mark.parametrize(
    ("flags", "creates"),
    [
        (("--space", "SPACE_000", "--space", "SPACE_001"), 19),
        (("--asset", "SPACE_000/ASSET_00001", "--asset", "SPACE_001/ASSET_00001"), 2),
        (("--space", "SPACE_001", "--tier", "critical", "--target", "glue"), 2),
    ],
)
def test_a_preview_plans_what_its_flags_admit(discovered: Installation, flags: tuple[str, ...], creates: int) -> None:
    assert discovered.ask("preview", "--no-refresh", *flags)["summary"]["create"] == creates


@pytest.mark.parametrize(
    ("filters", "total"),
    [
        (("--tier", "critical", "--kind", "view"), 2),
        (("--status", "excluded"), 1),
        (("--space", "SPACE_000", "--query", "Asset 4"), 1),
    ],
)
def test_assets_are_filtered(discovered: Installation, filters: tuple[str, ...], total: int) -> None:
    assert discovered.ask("assets", *filters)["total"] == total


def test_a_list_is_paged_by_an_opaque_cursor(discovered: Installation) -> None:
    seen: list[str] = []
    cursor: tuple[str, ...] = ()
    while True:
        page = discovered.ask("assets", "--limit", "12", *cursor)
        assert {"items", "total", "next_cursor"} <= set(page) and page["total"] == 20
        seen += [row["asset"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = ("--cursor", page["next_cursor"])
    assert len(seen) == len(set(seen)) == 20


def test_a_cursor_fits_one_list_and_its_filters(discovered: Installation) -> None:
    cursor = discovered.ask("assets", "--space", "SPACE_000", "--limit", "4")["next_cursor"]
    again = discovered.ask("assets", "--space", "SPACE_000", "--limit", "6", "--detail", "full", "--cursor", cursor)
    assert again["items"][0]["asset"] == "SPACE_000/ASSET_00004", "how much is shown may change from page to page"
    others = [("assets",), ("assets", "--space", "SPACE_001"), ("assets", "--space", "SPACE_000", "--tier", "high")]
    for command in (*others, ("runs",), ("audit", "query")):
        error = discovered.ask(*command, "--cursor", cursor, code=2)["error"]
        assert error["code"] == "usage" and "another list or to other filters" in error["message"]
        assert error["remedy"].startswith("Start again without cursor")


def test_a_sync_of_one_asset_reads_and_writes_that_one(
    discovered: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.clear_stats()
    glue.reset()
    run = discovered.ask("sync", "--asset", "SPACE_000/ASSET_00005")
    assert run["counts"]["create"] == 1
    assert glue.calls()["CreateTable"] == 1
    assert tenant.stats().counts["relational_metadata"] == 1
    glue.reset()
    again = discovered.ask("sync", "--asset", "SPACE_000/ASSET_00005", "--full")
    assert (again["state"], again["counts"]["unchanged"]) == ("done", 1), "compared anew, and still the same"
    assert set(glue.calls()) <= {"GetDatabases", "GetTables"}, "read to be compared, and not written"


def test_all_wrong_names_are_told_at_once(discovered: Installation, tenant: RunningTenant) -> None:
    flags = (
        *("--space", "space_000", "--space", "ELSEWHERE"),
        *("--asset", "SPACE_000/asset_2", "--asset", "NOWHERE/X", "--asset", "noslash"),
        *("--tier", "hihg", "--target", "gleu"),
    )
    tenant.clear_stats()
    for command in (("preview",), ("preview", "--no-refresh"), ("sync",)):
        error = discovered.ask(*command, *flags, code=2)["error"]
        assert error["code"] == "usage" and error["message"].startswith("7 names are wrong: ")
        for part in ("'gleu'", "'hihg'", "'noslash'", "'SPACE_000/asset_2' ", "SPACE_000/ASSET_00002", "and 2 more"):
            assert part in error["message"]
    assert tenant.stats().total == 0, "what is wrong by itself is refused before the tenant is asked"
    error = discovered.ask("sync", *flags[:8], code=2)["error"]
    assert "'space_000' (did you mean SPACE_000" in error["message"] and "'ELSEWHERE'" in error["message"]
    assert "'NOWHERE'" in error["message"] and "'SPACE_000/asset_2'" in error["message"]


def test_an_asset_in_the_wrong_case_is_told_its_right_name_by_every_command_that_takes_one(
    discovered: Installation,
) -> None:
    asked = ("--asset", "space_000/asset_00005")
    for command in (("preview",), ("preview", "--no-refresh"), ("sync",), ("drift",), ("release",)):
        error = discovered.ask(*command, *asked, code=2)["error"]
        assert error["remedy"] == "Did you mean SPACE_000/ASSET_00005?", command


def test_an_asset_outside_of_the_spaces_given_is_a_usage_error(discovered: Installation, tenant: RunningTenant) -> None:
    flags = ("--space", "SPACE_000", "--asset", "SPACE_001/ASSET_00001", "--asset", "SPACE_000/ASSET_00001")
    tenant.clear_stats()
    for command in (("preview",), ("preview", "--no-refresh"), ("sync",)):
        error = discovered.ask(*command, *flags, code=2)["error"]
        assert error["code"] == "usage" and "asset SPACE_001/ASSET_00001 would be left out" in error["message"]
    assert tenant.stats().total == 0
    assert discovered.ask("preview", "--no-refresh", "--space", "SPACE_001", *flags)["summary"]["create"] >= 1


def test_a_space_or_tier_of_which_no_asset_given_is_would_be_synced_by_none_and_is_a_usage_error(
    discovered: Installation, tenant: RunningTenant
) -> None:
    """Whoever follows the advice of such an error is not told that all of that space was done."""
    asset = ("--asset", "SPACE_001/ASSET_00001")
    tenant.clear_stats()
    for flags, said in (
        (("--space", "SPACE_000", "--space", "SPACE_001"), "nothing of space SPACE_000 would be selected"),
        (("--tier", "critical", "--tier", "high"), "nothing of tier critical would be selected"),
    ):
        for command in (("preview", "--no-refresh"), ("sync",), ("drift",)):
            error = discovered.ask(*command, *flags, *asset, code=2)["error"]
            assert error["code"] == "usage" and said in error["message"], command
            assert f"ask for a whole {flags[0].removeprefix('--')} apart" in error["remedy"]


def test_an_asset_of_another_tier_than_those_given_is_a_usage_error(discovered: Installation) -> None:
    flags = ("--asset", "SPACE_000/ASSET_00002", "--asset", "SPACE_000/ASSET_00001", "--tier", "critical")
    for command in (("preview",), ("preview", "--no-refresh"), ("sync",), ("drift",)):
        error = discovered.ask(*command, *flags, code=2)["error"]
        assert error["code"] == "usage" and "SPACE_000/ASSET_00001 is of tier high" in error["message"], command
        assert error["remedy"].startswith("Leave the tiers out")
    assert discovered.ask("preview", "--no-refresh", *flags, "--tier", "high")["summary"]["create"] >= 1


def test_an_asset_whose_tier_changes_with_a_new_label_is_taken_by_that_tier(
    make_installation: MakeInstallation, tenant: RunningTenant
) -> None:
    rules = "mapping: {rules: [{match: {label: 'Fast*'}, set: {tier: critical}}]}"
    installation = make_installation(rules)
    installation.ask("discover")
    flags = ("--asset", "SPACE_000/ASSET_00006", "--tier", "critical")
    assert "of tier" in installation.ask("sync", *flags, code=2)["error"]["message"]
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00006", label="Fast now")
    assert installation.ask("sync", *flags)["counts"]["create"] == 1
