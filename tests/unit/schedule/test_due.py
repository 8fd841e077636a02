"""When an asset is due again: interval, jitter, windows, time zones."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import TierSettings
from spheresync.model import AssetId
from spheresync.schedule.due import JITTER, in_window, next_due, share_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT = TierSettings(interval=DAY, window="01:00-05:00", timezone="Europe/Berlin")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- given UTC
ASSETS = st.builds(lambda n: AssetId.parse(f"SALES/A{n}"), st.integers(0, 10_000))
WINDOWS = st.sampled_from(["01:00-05:00", "22:00-04:00", "00:00-00:30", "12:15-12:45"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(ASSETS, MOMENTS, st.timedeltas(timedelta(seconds=1), 40 * DAY))
def test_without_a_window_it_is_the_interval_and_at_most_a_tenth_more(
    asset: AssetId, moment: datetime, interval: timedelta
) -> None:
    due = next_due(asset, moment, TierSettings(interval=interval))
    assert interval <= due - moment <= interval * (1 + JITTER)


@given(ASSETS, MOMENTS, st.timedeltas(timedelta(minutes=1), 3 * DAY), WINDOWS, ZONES)
def test_with_a_window_it_is_always_inside_it_and_in_bounds(
    asset: AssetId, moment: datetime, interval: timedelta, window: str, zone: str
) -> None:
    tier = TierSettings(interval=interval, window=window, timezone=zone)
    due = next_due(asset, moment, tier)
    assert in_window(due, tier)
    assert interval - DAY / 2 <= due - moment <= max(interval, DAY) * (1 + JITTER) + 1.6 * DAY


@given(ASSETS, st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_daily_window_gives_one_moment_each_day_for_ever(asset: AssetId, moment: datetime) -> None:
    due = next_due(asset, moment, NIGHT)
    berlin = ZoneInfo("Europe/Berlin")
    for _ in range(20):
        after = next_due(asset, due, NIGHT)
        assert (after.astimezone(berlin).date() - due.astimezone(berlin).date()).days == 1
        due = after


def test_a_window_is_in_the_hours_of_its_zone_in_summer_and_in_winter() -> None:
    tier = TierSettings(interval=DAY, window="01:00-05:00", timezone="Europe/Berlin")
    assert in_window(datetime(2026, 7, 1, 23, 30, tzinfo=UTC), tier)  # 01:30 in Berlin
    assert not in_window(datetime(2026, 1, 1, 23, 30, tzinfo=UTC), tier)  # 00:30 in Berlin
    assert not in_window(datetime(2026, 7, 1, 3, 0, tzinfo=UTC), tier)  # 05:00: over


def test_a_window_over_midnight_holds_both_of_its_sides() -> None:
    tier = TierSettings(interval=HOUR, window="22:00-02:00", timezone="UTC")
    hours = [hour for hour in range(24) if in_window(datetime(2026, 3, 3, hour, tzinfo=UTC), tier)]
    assert hours == [0, 1, 22, 23]


def test_an_hourly_tier_with_a_window_is_due_hourly_inside_it_and_waits_outside() -> None:
    tier = TierSettings(interval=HOUR, window="08:00-18:00", timezone="UTC")
    asset = AssetId.parse("SALES/ORDERS")
    inside = next_due(asset, datetime(2026, 3, 3, 9, 0, tzinfo=UTC), tier)
    assert HOUR <= inside - datetime(2026, 3, 3, 9, 0, tzinfo=UTC) <= HOUR * 1.1
    overnight = next_due(asset, datetime(2026, 3, 3, 17, 30, tzinfo=UTC), tier)
    assert datetime(2026, 3, 4, 8, 0, tzinfo=UTC) <= overnight < datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def test_jitter_spreads_assets_evenly_and_is_the_same_each_time() -> None:
    shares = [share_of(AssetId.parse(f"SALES/A{number}")) for number in range(2_000)]
    assert shares == [share_of(AssetId.parse(f"SALES/A{number}")) for number in range(2_000)]
    tenths = [sum(1 for share in shares if int(share * 10) == tenth) for tenth in range(10)]
    assert min(tenths) > 140 and max(tenths) < 260


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_the_days_on_which_clocks_change_have_a_turn_too(day: datetime) -> None:
    tier = TierSettings(interval=DAY, window="02:00-03:00", timezone="Europe/Berlin")
    asset = AssetId.parse("SALES/ORDERS")
    due = next_due(asset, day - DAY * 1.5, tier)
    turns = []
    while due < day + 3 * DAY:
        turns.append(due)
        due = next_due(asset, due, tier)
    gaps = [after - before for before, after in itertools.pairwise(turns)]
    assert all(gap <= 2 * DAY + HOUR for gap in gaps)
