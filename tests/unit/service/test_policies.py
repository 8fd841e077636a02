"""The smallest IAM policy: every call that a target makes is in it, on the databases that are written and no others."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from spheresync.answers import PolicyDocument
from spheresync.service.health.policies import smallest_policies
from spheresync.targets.registry import TARGETS, design_of
from tests.simulators.in_process import in_process
from tests.unit.planning.test_target_findings import landscape

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[3]
TWO = """
prefix: sap_
destinations:
  home: {}
  eu: {role_arn: "arn:aws:iam::111122223333:role/sync", region: eu-west-1, prefix: eu_}
mapping:
  rules:
    - {match: {name: A}, set: {bind: "lake_{space}.{name}"}}
    - {match: {name: B}, set: {database: "Shared_{kind}"}}
"""


def sources_of(name: str) -> list[Path]:
    """The source of a target; publishing shares a folder with the target whose assets it publishes."""
    targets = ROOT / "core/spheresync/targets"
    publishing = sorted((targets / "datazone").glob("publishing*.py"))
    if name == "datazone_publishing":
        shared = ("assets.py", "domain.py", "own_assets.py", "next_revision.py", "type_revisions.py")
        return [*publishing, *(targets / "datazone" / each for each in shared)]
    return [file for file in (targets / name).rglob("*.py") if file not in publishing]


def operations_of(files: Iterable[Path], service: str) -> set[str]:
    """Names in the source of a target that are operations of its service: what it may call."""
    import botocore.session

    known = set(botocore.session.get_session().get_service_model(service).operation_names)
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known:
                found.add(f"{service}:{node.value}")
    return found


PASSED = {"quicksight": {"quicksight:PassDataSource", "quicksight:PassDataSet"}}
"""Rights that no call is named after: what may be handed to a data set and to a topic."""


@pytest.mark.parametrize("name", sorted(TARGETS))
async def test_every_call_of_a_target_is_granted_and_nothing_else(name: str) -> None:
    groups = design_of(name).permissions  # type: ignore[arg-type]  # a name of the registry
    granted = {action for group in groups for action in group.actions}
    service = {action.partition(":")[0] for action in granted}
    called = operations_of(sources_of(name), *service)
    assert granted == called | PASSED.get(name, set())
    assert len({group.sid for group in groups}) == len(groups)


def resources(policy: PolicyDocument, sid: str) -> list[str]:
    (statement,) = [each for each in policy.Statement if each.Sid == sid]
    return statement.Resource


async def test_each_destination_has_a_policy_on_its_own_databases(tmp_path: Path) -> None:
    async with in_process(tmp_path, landscape(), config=TWO) as installation, installation.context.providers.in_use():
        answer = await smallest_policies(installation.context)
    home, eu, assuming = answer.policies
    assert (home.destination, eu.destination, assuming.destination) == ("home", "eu", None)
    assert eu.attach_to == "arn:aws:iam::111122223333:role/sync"
    ours = resources(eu.policy, "KeepTables")
    assert "arn:aws:glue:eu-west-1:111122223333:catalog" in ours
    assert {each.rpartition(":")[2] for each in ours if ":database/" in each} == {
        "database/eu_*",
        "database/shared_*",
        "database/spheresync_doctor_probe",
    }
    assert "arn:aws:glue:*:*:table/sap_*/*" in resources(home.policy, "KeepTables")
    assert "arn:aws:glue:*:*:table/lake_*/*" in resources(home.policy, "AnnotateBoundTables")
    assert resources(assuming.policy, "AssumeRolesOfDestinations") == ["arn:aws:iam::111122223333:role/sync"]


async def test_without_a_prefix_the_spaces_say_which_databases(tmp_path: Path) -> None:
    async with in_process(tmp_path, landscape()) as installation:
        await installation.sync()
        async with installation.context.providers.in_use():
            answer = await smallest_policies(installation.context)
    (only,) = answer.policies
    databases = {each.rpartition("/")[2] for each in resources(only.policy, "KeepTables") if ":database/" in each}
    spaces = {database for database, _ in installation.tables.values()}
    assert databases == {f"{name}*" for name in spaces} | {"spheresync_doctor_probe"}
    assert [each.Sid for each in only.policy.Statement] == ["KeepTables"]
