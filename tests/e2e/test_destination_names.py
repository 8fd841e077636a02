"""The name of a destination is the reader's: what stands in AWS stays the same under another one, and is told apart."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from spheresync.model import Address, AssetId, DestinationName, PhysicalName
from spheresync.targets.quicksight.design import QUICK_SIGHT_DESIGN
from tests.e2e.test_quick_sight import ACCOUNT, ANN
from tests.long_form import part_of
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = Surroundings(spaces=1, assets=2, columns=3)
MARKER, ONLY = "spheresync:quick", "SPACE_000/ASSET_00000"
QUICK = f"""
installation: quick
targets: [glue, lakeformation, quicksight, glue_context]
quicksight:
  {{account_id: "{ACCOUNT}", owners: ["{ANN}"], topics: [analytic_model, view, local_table, remote_table]}}
mapping: {{rules: [{{match: {{name: "*"}}, set: {{queryable: true}}}}]}}
"""
ONE, OTHER = "{prefix: a_}", "{prefix: b_, targets: [glue, quicksight]}"
FAR = "{region: eu-west-1, prefix: b_, targets: [glue, lakeformation]}"


def named(**places: str) -> str:
    return QUICK + "destinations:\n" + "".join(f"  {name}: {place}\n" for name, place in places.items())


def made(glue: GlueSimulator) -> dict[str, Any]:
    """The ids of what stands in QuickSight."""
    dump = glue.quicksight_dump()
    return {kind: sorted(dump.get(kind, {})) for kind in ("DataSet", "Topic", "Folder", "DataSource")}


def test_another_name_of_a_destination_finds_what_it_has_made(installation: Installation, glue: GlueSimulator) -> None:
    installation.config = named(one=ONE, other=OTHER)
    assert installation.ask("sync")["state"] == "done"
    first = made(glue)
    assert (len(first["DataSet"]), len(first["Topic"]), len(first["Folder"])) == (4, 4, 2), "one for each prefix"
    glue.reset()
    installation.config = named(third=ONE, other=OTHER)
    said = installation.ask("preview")["summary"]
    assert said["create"] == said["retire"] == 0 and said["adopt"] > 0
    assert installation.ask("sync")["state"] == "done" and made(glue) == first
    shutil.rmtree(installation.state_dir)
    installation.config = named(fourth=ONE, fifth=OTHER)
    assert installation.ask("sync")["counts"]["create"] == 0 and made(glue) == first
    installation.config = QUICK + "prefix: a_\n"
    assert installation.ask("sync")["counts"]["create"] == 0 and made(glue) == first
    glue.reset()
    assert installation.ask("sync")["state"] == "done" and not glue.calls()


def as_an_earlier_version_made_it(glue: GlueSimulator, prefix: str, destination: str) -> None:
    """Give all that stands in QuickSight the ids that follow from the name of a destination."""
    dumped, nowhere = json.dumps(glue.dump()), Address(PhysicalName("-"), PhysicalName("-"))
    now = QUICK_SIGHT_DESIGN.address(AssetId.parse(ONLY), nowhere, MARKER, (prefix,))
    then = QUICK_SIGHT_DESIGN.former_address(AssetId.parse(ONLY), MARKER, DestinationName(destination))
    assert then is not None and now.name in dumped
    glue.load(json.loads(dumped.replace(now.name, then.name).replace(now.container, then.container)))


def test_what_an_earlier_version_made_by_that_name_is_found_again_and_not_made_twice(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = QUICK + "prefix: a_\n"
    installation.ask("sync", "--asset", ONLY)
    as_an_earlier_version_made_it(glue, "a_", "default")
    first = made(glue)
    shutil.rmtree(installation.state_dir)
    glue.fault("deny", "quicksight:DescribeDataSet", times=1)
    hidden = installation.ask("sync", "--asset", ONLY, code=1)
    assert [each["code"] for each in hidden["failures"]] == ["denied"] and made(glue) == first, "made in doubt"
    installation.config = named(one=ONE)
    assert installation.ask("sync", "--asset", ONLY)["counts"]["create"] == 0 and made(glue) == first
    assert installation.ask("sync")["state"] == "done"
    after = made(glue)
    assert after["Folder"] == first["Folder"], "what is new of a space goes where the rest of it is"
    assert len(after["DataSet"]) == 2 and {*first["DataSet"]} < {*after["DataSet"]}


@pytest.mark.parametrize("other", [FAR, OTHER])
def test_destinations_that_have_changed_names_are_refused_until_the_names_are_back(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, other: str
) -> None:
    installation.config = right = named(one=ONE, other=other)
    installation.ask("sync")
    stands = glue.dump()
    installation.config = named(other=ONE, one=other)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00000", label="Anew")
    for command in (["preview"], ["sync"]):
        refused = installation.run(*command)
        assert refused.code == 1 and glue.dump() == stands
        said = " ".join((refused.out + refused.err).split())
        assert "where destination one was written until now" in said and "Put the names back" in said
    installation.config = right
    run = installation.ask("sync")
    assert run["state"] == "done" and not run["counts"]["create"] + run["counts"]["adopt"] + run["counts"]["retire"]
    glue.reset()
    assert installation.ask("sync")["state"] == "done" and not glue.calls()


@pytest.mark.parametrize(
    "left_out",
    part_of(
        [
            "destinations: {default: {spaces: [SPACE_000]}}\n",
            "scope: {exclude: [SPACE_001/*]}\n",
            "mapping: {rules: [{match: {space: SPACE_001}, set: {include: false}}]}\n",
        ],
        one_in=3,
    ),
)
@pytest.mark.parametrize("surroundings", [Surroundings(spaces=2, assets=1, columns=2)])
def test_a_lost_state_takes_up_nothing_that_rules_leave_out_so_the_second_sync_has_nothing_to_let_go(
    installation: Installation, glue: GlueSimulator, left_out: str
) -> None:
    installation.config = "installation: quick\n"
    installation.ask("sync")
    stands = glue.dump()
    shutil.rmtree(installation.state_dir)
    installation.config += left_out
    assert installation.ask("sync")["counts"]["adopt"] == 1
    glue.reset()
    again = installation.ask("sync")
    assert (again["counts"]["forget"], again["counts"]["unchanged"]) == (0, 1) and not glue.calls()
    assert glue.dump() == stands, "it stays as it was left"
