"""When what a plan goes by was read: the newest moment, and the oldest where it is another one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import SourceFault
from spheresync.model import NO_SPACE, AssetId, AssetKind, Problem, SpaceName
from spheresync.planning.last_reading import LastReading, last_reading
from spheresync.runtime.empty_tenant import EmptyTenant
from spheresync.runtime.scope import Scope
from spheresync.state.records import AssetRecord, SpaceRecord

MOMENTS = [f"2026-11-24T0{hour}:00:00.000000Z" for hour in range(8)]
REFUSED = Problem("SALES", SourceFault.FORBIDDEN, "403", "Ask.")


def space(name: str, at: str, problem: Problem | None = None) -> SpaceRecord:
    return SpaceRecord(SpaceName(name), name, at, problem is None, problem, present=True)


def unread(name: str, at: str) -> AssetRecord:
    problem = Problem.of(AssetId.parse(name), SourceFault.SERVER_ERROR, "500", "Wait.")
    return replace(AssetRecord.first_seen(AssetId.parse(name), AssetKind.VIEW, at=at), problem=problem, read_at=at)


def reading(spaces: list[SpaceRecord], assets: list[AssetRecord], scope: Scope | None = None) -> LastReading:
    return last_reading(spaces, assets, scope or Scope(), lambda _: True)


@given(st.lists(st.sampled_from(MOMENTS), min_size=1, max_size=4), st.lists(st.sampled_from(MOMENTS), max_size=3))
def test_the_newest_is_told_and_the_oldest_with_what_it_is_of(listed: list[str], failed: list[str]) -> None:
    spaces = [space(f"S{number}", at) for number, at in enumerate(listed)]
    assets = [unread(f"S0/A{number}", at) for number, at in enumerate(failed)]
    known = reading(spaces, assets)
    moments = [*listed, *failed]
    assert known.at == max(moments)
    assert known.older == sum(at < max(moments) for at in moments)
    assert known.oldest_at == (min(moments) if known.older else None)
    of = {f"space {each.name}": each.listed_at for each in spaces} | {
        f"asset {each.id}": each.read_at for each in assets
    }
    assert known.oldest_of is None or of[known.oldest_of] == min(moments)
    assert LastReading.from_json(known.to_json()) == replace(known, missing=())


def test_a_refresh_in_which_one_space_failed_is_told_by_its_own_moment() -> None:
    known = reading([space("HR", MOMENTS[1], REFUSED), space("SALES", MOMENTS[7])], [])
    assert (known.at, known.oldest_at, known.oldest_of) == (MOMENTS[7], MOMENTS[1], "space HR")
    alone = reading(
        [space("HR", MOMENTS[1], REFUSED), space("SALES", MOMENTS[7])], [], Scope(frozenset({SpaceName("HR")}))
    )
    assert (alone.at, alone.oldest_at) == (MOMENTS[1], None)


def test_a_tenant_without_spaces_was_read() -> None:
    known = last_reading([], [], Scope(), lambda _: True, EmptyTenant(MOMENTS[3]))
    assert known.at == MOMENTS[3] and [each.code for each in known.missing] == [NO_SPACE]


def test_what_a_former_version_noted_is_the_moment_alone() -> None:
    assert LastReading.from_json({"read_at": MOMENTS[2]}) == LastReading(MOMENTS[2])
