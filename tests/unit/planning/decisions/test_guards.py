"""The deletion guards, with the numbers of CONTRACT.md."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import AssetId, SpaceName, TechnicalName
from spheresync.planning.decisions.guards import (
    ALL_LOSE_COLUMNS,
    EMPTY_LISTING,
    TOO_MANY_REMOVALS,
    GuardVerdict,
    allowed_removals,
    guard_columns,
    guard_removals,
    guard_removals_and_offers,
)

SALES = SpaceName("SALES")
HR = SpaceName("HR")
NONE: frozenset[AssetId] = frozenset()


def assets(space: SpaceName, count: int) -> list[AssetId]:
    return [AssetId(space, TechnicalName(f"V_{n}")) for n in range(count)]


@pytest.mark.parametrize(
    ("managed", "allowed"), [(0, 1), (1, 1), (9, 1), (10, 1), (19, 1), (20, 2), (39, 3), (200, 20), (5000, 20)]
)
def test_the_limit_is_the_smaller_of_twenty_and_ten_percent_but_at_least_one(managed: int, allowed: int) -> None:
    assert allowed_removals(managed) == allowed


def test_as_many_as_allowed_pass() -> None:
    verdict = guard_removals(assets(SALES, 2), managed={SALES: 20}, emptied=frozenset(), max_deletes=None)
    assert not verdict.blocked
    assert not verdict.findings


def test_one_more_than_allowed_holds_back_all_of_them_and_says_so() -> None:
    verdict = guard_removals(assets(SALES, 3), managed={SALES: 20, HR: 500}, emptied=frozenset(), max_deletes=None)
    assert set(verdict.blocked.values()) == {TOO_MANY_REMOVALS}
    assert len(verdict.blocked) == 3
    assert "3 of 20" in verdict.findings[0].message
    assert "--max-deletes 3" in verdict.findings[0].remedy


def test_a_space_over_its_limit_does_not_hold_back_another_space() -> None:
    wanted = [*assets(SALES, 5), *assets(HR, 1)]
    verdict = guard_removals(wanted, managed={SALES: 10, HR: 400}, emptied=frozenset(), max_deletes=None)
    assert {asset.space for asset in verdict.blocked} == {SALES}


def test_many_small_spaces_together_are_held_back_by_the_limit_over_all() -> None:
    spaces = [SpaceName(f"S{n}") for n in range(30)]
    wanted = [AssetId(space, TechnicalName("V")) for space in spaces]
    verdict = guard_removals(wanted, managed=dict.fromkeys(spaces, 10), emptied=frozenset(), max_deletes=None)
    assert len(verdict.blocked) == 30


def test_an_empty_listing_removes_nothing_even_where_one_would_be_allowed() -> None:
    verdict = guard_removals(assets(SALES, 1), managed={SALES: 1}, emptied=frozenset({SALES}), max_deletes=None)
    assert set(verdict.blocked.values()) == {EMPTY_LISTING}


def test_a_number_given_for_the_run_replaces_every_limit() -> None:
    wanted = assets(SALES, 7)
    lifted = guard_removals(wanted, managed={SALES: 10}, emptied=frozenset({SALES}), max_deletes=7)
    assert not lifted.blocked
    still = guard_removals(wanted, managed={SALES: 10}, emptied=frozenset(), max_deletes=6)
    assert len(still.blocked) == 7


def test_each_guard_that_holds_offered_deletes_is_told_beside_those_of_retirements() -> None:
    """Each with its own count, and a remedy that is enough for what it counts."""
    retired, going = assets(SALES, 5), assets(HR, 2)
    other = AssetId(SpaceName("CRM"), TechnicalName("V"))
    verdict = guard_removals_and_offers(
        [*retired, other, *going],
        offered={*retired, other},
        managed={SALES: 13, HR: 19, other.space: 21},
        emptied=frozenset(),
        max_deletes=None,
    )
    assert verdict.blocked.keys() == {*retired, other, *going}
    said = {finding.subject: (finding.message.split(" of ")[0], finding.remedy) for finding in verdict.findings}
    assert {subject: count for subject, (count, _) in said.items()} == {"all spaces": "8", SALES: "5", HR: "2"}
    assert "with --max-deletes 8;" in said["all spaces"][1]
    assert f"with --space {SALES} --max-deletes 5;" in said[SALES][1]


def test_deletes_that_are_only_offered_hold_back_no_retirement() -> None:
    retired, going = assets(SALES, 5), [AssetId(SALES, TechnicalName("GONE"))]
    verdict = guard_removals_and_offers(
        [*retired, *going], offered=set(retired), managed={SALES: 19}, emptied=frozenset(), max_deletes=None
    )
    assert verdict.blocked.keys() == set(retired)
    assert [finding.message.split(" of ")[0] for finding in verdict.findings] == ["6", "6"]


@given(st.integers(0, 60), st.integers(0, 300))
def test_never_more_than_allowed_pass(removals: int, managed: int) -> None:
    wanted = assets(SALES, removals)
    verdict = guard_removals(wanted, managed={SALES: managed}, emptied=frozenset(), max_deletes=None)
    passed = [asset for asset in wanted if asset not in verdict.blocked]
    assert len(passed) in {0, removals}
    assert len(passed) <= max(1, min(20, managed // 10))


def columns(
    losing: list[AssetId], managed: int, comparable: int, waiting: frozenset[AssetId], max_deletes: int | None
) -> GuardVerdict:
    return guard_columns(
        losing,
        managed={SALES: managed},
        comparable={SALES: comparable},
        waiting=waiting,
        max_deletes=max_deletes,
    )


def test_every_asset_of_a_large_space_losing_columns_waits_for_a_person() -> None:
    losing = assets(SALES, 20)
    verdict = columns(losing, 20, 20, NONE, None)
    assert set(verdict.blocked.values()) == {ALL_LOSE_COLUMNS}
    assert not guard_columns(
        losing, managed={SALES: 21}, comparable={SALES: 21}, waiting=NONE, max_deletes=None
    ).blocked
    assert not guard_columns(
        assets(SALES, 19), managed={SALES: 19}, comparable={SALES: 19}, waiting=NONE, max_deletes=None
    ).blocked
    assert not columns(losing, 20, 20, NONE, 0).blocked


def test_what_waits_goes_on_waiting_when_the_space_has_grown() -> None:
    losing = assets(SALES, 20)
    verdict = guard_columns(
        losing, managed={SALES: 25}, comparable={SALES: 25}, waiting=frozenset(losing), max_deletes=None
    )
    assert len(verdict.blocked) == 20
    assert verdict.findings
    assert not guard_columns(
        losing, managed={SALES: 25}, comparable={SALES: 25}, waiting=frozenset(losing), max_deletes=0
    ).blocked


def test_one_asset_that_cannot_be_read_does_not_let_the_others_through() -> None:
    losing = assets(SALES, 20)
    verdict = columns(losing, 21, 20, NONE, None)
    assert len(verdict.blocked) == 20
