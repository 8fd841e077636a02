"""When an asset is due by the settings, the rules and the clock of now, whatever was planned by those of then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import TierSettings
from spheresync.model import AssetId
from spheresync.schedule.due import (
    LONGEST_BACK_OFF,
    ReadingHistory,
    due_by,
    in_window,
    next_due,
    next_in_window,
    retry_at,
)

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
ASSETS = st.builds(lambda n: AssetId.parse(f"SALES/A{n}"), st.integers(0, 10_000))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- given UTC
PLANNED = st.one_of(st.just(FOREVER), MOMENTS)
INTERVALS = st.timedeltas(timedelta(seconds=1), 40 * DAY)
PLAIN = st.builds(TierSettings, interval=INTERVALS)
WINDOWED = st.builds(
    TierSettings,
    interval=st.timedeltas(timedelta(minutes=1), 3 * DAY),
    window=st.sampled_from(["01:00-05:00", "22:00-04:00", "00:00-00:30"]),
    timezone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
)
TIERS = st.one_of(PLAIN, WINDOWED)
AGES = st.timedeltas(timedelta(0), 90 * DAY)
READ_AT = AGES.map(lambda age: NOW - age)
PASSED = st.floats(0, 1)
FAILURES = st.integers(-(2**63), 2**63 - 1)
READ = st.builds(ReadingHistory, PLANNED, READ_AT, st.just(False), FAILURES)
FAILED = st.builds(ReadingHistory, PLANNED, st.one_of(st.none(), READ_AT), st.just(True), FAILURES)


@given(ASSETS, PLAIN, MOMENTS, AGES, PLANNED)
def test_it_is_due_no_later_than_its_last_reading_and_the_interval_of_the_tier_it_has_now(
    asset: AssetId, tier: TierSettings, now: datetime, age: timedelta, planned: datetime
) -> None:
    read_at = now - age
    assert due_by(asset, ReadingHistory(planned, read_at), tier, now) == min(planned, next_due(asset, read_at, tier))


@given(ASSETS, WINDOWED, MOMENTS, AGES, PLANNED)
def test_with_a_window_it_is_due_no_later_than_the_next_moment_of_its_own_in_it(
    asset: AssetId, tier: TierSettings, now: datetime, age: timedelta, planned: datetime
) -> None:
    due = due_by(asset, ReadingHistory(planned, now - age), tier, now)
    turn = next_due(asset, now - age, tier)
    assert due <= max(turn, next_in_window(asset, now, tier))
    assert due == planned or in_window(due, tier)
    if turn > now:
        assert due == min(planned, turn)


@given(ASSETS, TIERS, MOMENTS, PASSED)
def test_what_was_planned_by_the_settings_of_now_stays_planned(
    asset: AssetId, tier: TierSettings, read_at: datetime, passed: float
) -> None:
    planned = next_due(asset, read_at, tier)
    now = read_at + (planned - read_at) * passed
    assert due_by(asset, ReadingHistory(planned, read_at), tier, now) == planned


@given(ASSETS, TIERS, FAILED, PASSED)
def test_a_back_off_is_never_shortened_by_its_own_settings(
    asset: AssetId, tier: TierSettings, known: ReadingHistory, passed: float
) -> None:
    planned = retry_at(asset, NOW, tier, known.failures - 1)
    now = NOW + (planned - NOW) * passed
    assert due_by(asset, replace(known, planned=planned), tier, now) == planned


@given(ASSETS, TIERS, FAILED)
def test_what_failed_is_tried_again_no_later_than_the_back_off_of_the_tier_it_has_now(
    asset: AssetId, tier: TierSettings, known: ReadingHistory
) -> None:
    assert known.planned is not None
    due, latest = due_by(asset, known, tier, NOW), retry_at(asset, NOW, tier, known.failures - 1)
    assert latest <= max(next_due(asset, NOW, tier), NOW + max(tier.interval, LONGEST_BACK_OFF))
    # With a window: no later than its own moment of the one that it falls into, which is within an interval.
    assert min(known.planned, latest) <= due <= latest + (tier.interval if tier.window else timedelta(0))


@given(ASSETS, TIERS, st.one_of(FAILED, READ), PASSED)
def test_once_brought_forward_a_plan_stays(
    asset: AssetId, tier: TierSettings, known: ReadingHistory, passed: float
) -> None:
    """So that it is written once, and comes: a plan that is always a little ahead of the clock never does."""
    due = due_by(asset, known, tier, NOW)
    later = NOW + max(timedelta(0), due - NOW) * passed
    assert due_by(asset, replace(known, planned=due), tier, later) == due


@given(ASSETS, TIERS, PLANNED, st.timedeltas(timedelta(microseconds=1), 3650 * DAY))
def test_a_reading_that_is_still_to_come_was_noted_by_a_wrong_clock_and_counts_for_nothing(
    asset: AssetId, tier: TierSettings, planned: datetime, ahead: timedelta
) -> None:
    assert due_by(asset, ReadingHistory(planned, NOW + ahead), tier, NOW) <= NOW


@pytest.mark.parametrize(
    "known",
    [ReadingHistory(None, NOW), ReadingHistory(None, None, failed=True, failures=9), ReadingHistory(FOREVER, None)],
)
def test_what_has_no_plan_or_was_never_read_is_due_at_once(known: ReadingHistory) -> None:
    assert due_by(AssetId.parse("S/A"), known, TierSettings(interval=DAY), NOW) == NOW
