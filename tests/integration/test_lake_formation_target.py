"""LF-Tags with their values: made, extended in calls of fifty, and shared with others only where that is allowed."""

from __future__ import annotations

from collections.abc import Iterator

import anyio.lowlevel
import pytest

from spheresync.config import DriftPolicies
from spheresync.config.lakeformation import LakeFormation
from spheresync.errors import TargetError, TargetFault
from spheresync.model import LAKE_FORMATION, PhysicalName, TargetKey
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.lakeformation.design import tag_key
from spheresync.targets.lakeformation.tag_keys import marker_value
from spheresync.targets.lakeformation.target import LakeFormationTarget
from tests.simulators.glue_process import GlueSimulator, running_glue

pytestmark = pytest.mark.anyio

OWNER = "spheresync:here"
KEY = PhysicalName("spheresync_space")


async def no_sleep(_: float) -> None:
    await anyio.lowlevel.checkpoint()


def target_on(glue: GlueSimulator, *, use_existing: bool = False, owner: str = OWNER) -> LakeFormationTarget:
    door = AwsDoor(glue.session, sleep=no_sleep)
    section = LakeFormation(use_existing_keys=use_existing)
    return LakeFormationTarget(door, owner=owner, drift=DriftPolicies(), section=section, key=TargetKey(LAKE_FORMATION))


@pytest.fixture
def glue() -> Iterator[GlueSimulator]:
    with running_glue() as simulator:
        yield simulator


@pytest.fixture
def target(glue: GlueSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeFormationTarget]:
    for name, value in glue.environment.items():
        monkeypatch.setenv(name, value)
    yield target_on(glue)


def values(count: int) -> frozenset[str]:
    return frozenset(f"s{number:04}" for number in range(count))


def held(glue: GlueSimulator) -> set[str]:
    return set(glue.lakeformation_dump()["tags"].get(KEY, ()))


def calls(glue: GlueSimulator) -> dict[str, int]:
    return {name.removeprefix("lakeformation:"): count for name, count in glue.calls().items()}


@pytest.mark.parametrize(("count", "updates"), [(1, 0), (49, 0), (50, 1), (120, 2)])
async def test_a_tag_is_made_with_all_its_values_fifty_a_call(
    target: LakeFormationTarget, glue: GlueSimulator, count: int, updates: int
) -> None:
    outcome = await target.ensure_container(tag_key(KEY, values(count)).desired)
    assert (outcome.created, outcome.ours) == (True, True)
    assert held(glue) == values(count) | {OWNER} == outcome.parts
    assert (calls(glue)["CreateLFTag"], calls(glue).get("UpdateLFTag", 0)) == (1, updates)


async def test_values_are_added_and_none_is_taken_away(target: LakeFormationTarget, glue: GlueSimulator) -> None:
    await target.ensure_container(tag_key(KEY, values(3)).desired)
    glue.client_of("lakeformation").update_lf_tag(TagKey=KEY, TagValuesToAdd=["theirs"])
    outcome = await target.ensure_container(tag_key(KEY, frozenset({"new", "s0001"})).desired)
    assert (outcome.created, outcome.added) == (False, {"new"})
    assert held(glue) == values(3) | {OWNER, "theirs", "new"} == outcome.parts
    glue.reset()
    assert not (await target.ensure_container(tag_key(KEY, values(2)).desired)).added
    assert calls(glue) == {"GetLFTag": 1}


async def test_one_that_another_installation_made_is_a_conflict(
    target: LakeFormationTarget, glue: GlueSimulator
) -> None:
    await target_on(glue, owner="spheresync:there").ensure_container(tag_key(KEY, values(1)).desired)
    with pytest.raises(TargetError) as refused:
        await target.ensure_container(tag_key(KEY, values(2)).desired)
    assert refused.value.fault is TargetFault.CONFLICT and "use_existing_keys" in refused.value.remedy
    shared = await target_on(glue, use_existing=True).ensure_container(tag_key(KEY, values(2)).desired)
    assert (shared.ours, shared.added) == (False, {"s0001"})
    assert held(glue) == values(2) | {"spheresync:there"}


@pytest.mark.parametrize("operation", ["CreateLFTag", "UpdateLFTag"])
async def test_an_answer_that_is_lost_is_looked_after(
    target: LakeFormationTarget, glue: GlueSimulator, operation: str
) -> None:
    glue.fault("lose", f"lakeformation:{operation}")
    if operation == "UpdateLFTag":
        await target.ensure_container(tag_key(KEY, values(1)).desired)
    outcome = await target.ensure_container(tag_key(KEY, values(2)).desired)
    assert outcome.ours and held(glue) == values(2) | {OWNER}


async def test_a_quota_is_told_with_the_tag(target: LakeFormationTarget, glue: GlueSimulator) -> None:
    await target.ensure_container(tag_key(KEY, values(999)).desired)
    glue.reset()
    with pytest.raises(TargetError) as refused:
        await target.ensure_container(tag_key(KEY, values(1_001)).desired)
    assert calls(glue) == {"GetLFTag": 1}, "nothing of it is sent, so that our marker stays"
    assert KEY in refused.value.message and "1002 values, 1000 at most" in refused.value.message
    assert refused.value.remedy and not refused.value.systemic


@pytest.mark.parametrize("owner", ["spheresync:Ümlaut", "spheresync:" + "n" * 90])
def test_the_marker_of_any_installation_is_a_value_that_lake_formation_takes(owner: str) -> None:
    made = marker_value(owner)
    assert made == made.lower() and len(made) <= 50
    assert marker_value(owner + "x") != made
