"""Windows of hours in every time zone there is: once a day, whatever clocks do; and nothing of them stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from spheresync.config import TierSettings
from spheresync.model import AssetId
from spheresync.schedule.due import Window, in_window, next_due, next_in_window

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 2 * 365
MOST = 2 * HOUR
"""By so much clocks are set at once (Antarctica/Troll)."""
AROUND_MIDNIGHT = ("20:00-24:00", "00:00-24:00", "23:15-23:45", "00:00-00:30", "22:00-04:00", "23:30-00:30")
AT_NIGHT = ("02:00-03:00", "02:15-02:45", "01:30-02:30", "02:30-04:00", "01:00-05:00", "03:00-02:30")


@cache
def zones() -> tuple[ZoneInfo, ...]:
    """One of all zones whose clocks do the same in these two years; there are about 600 names for them."""
    alike: dict[tuple[object, ...], ZoneInfo] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        alike.setdefault(tuple((FIRST + n * DAY).astimezone(zone).utcoffset() for n in range(DAYS)), zone)
    return tuple(alike.values())


def occurrences(window: str, zone: str) -> Iterator[tuple[datetime, datetime]]:
    """What begins on the first day and on each day after it."""
    found = Window.of(TierSettings(interval=DAY, window=window, timezone=zone))
    assert found is not None
    start = datetime.combine(FIRST.date(), time(), found.zone).astimezone(UTC)
    return (each for each in found.occurrences(start - DAY) if each[0] >= start)


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def test_there_are_zones_whose_clocks_change() -> None:
    assert len(zones()) > 50


@pytest.mark.parametrize("window", ["02:15-02:45", "01:30-04:00", "23:15-23:45", "22:00-24:00", "23:30-00:30"])
def test_in_every_zone_a_window_occurs_exactly_once_a_day(window: str) -> None:
    """For two years: one that is not empty, after the one before it, and where the clock says so or right after."""
    hours = Window.of(TierSettings(interval=DAY, window=window))
    assert hours is not None
    for zone in zones():
        last = FIRST - 2 * DAY
        for number, (begin, end) in zip(range(DAYS), occurrences(window, zone.key), strict=False):
            wall = datetime.combine(FIRST.date() + number * DAY, time()) + hours.begins
            assert last <= begin < end, (zone.key, wall)
            assert shown(begin, zone) >= wall, (zone.key, wall)
            assert shown(begin - SECOND, zone) < wall, (zone.key, wall)
            assert abs((end - begin) - (hours.ends - hours.begins)) <= MOST, (zone.key, wall)
            last = end


@pytest.mark.parametrize(
    ("window", "begins", "ends"),
    [
        ("02:15-02:45", "01:00", "01:30"),  # skipped as a whole: right after the gap, as long as ever
        ("01:30-02:30", "00:30", "01:00"),
        ("02:30-04:00", "01:00", "02:00"),
        ("02:00-03:00", "01:00", "02:00"),
        ("03:00-04:00", "01:00", "02:00"),
    ],
)
def test_what_lies_in_the_skipped_hour_happens_right_after_it(window: str, begins: str, ends: str) -> None:
    day = date(2026, 3, 29)  # Berlin: 02:00 to 03:00 is skipped, at 01:00 UTC
    found = next(each for each in occurrences(window, "Europe/Berlin") if each[0].date() == day)
    assert [f"{moment:%H:%M}" for moment in found] == [begins, ends]


def test_in_the_repeated_hour_a_window_occurs_the_first_time_only() -> None:
    tier = TierSettings(interval=HOUR, window="02:15-02:45", timezone="Europe/Berlin")
    day = datetime(2026, 10, 25, tzinfo=UTC)  # Berlin: 02:00 to 03:00 at 00:00 UTC and again at 01:00 UTC
    inside = [n for n in range(24 * 60) if in_window(day + n * timedelta(minutes=1), tier)]
    assert inside == [*range(15, 45)]


def test_24_00_is_the_midnight_that_ends_the_day() -> None:
    tier = TierSettings(interval=DAY, window="20:00-24:00", timezone="Europe/Berlin")
    hours = [hour for hour in range(24) if in_window(datetime(2026, 1, 5, hour, tzinfo=UTC), tier)]
    assert hours == [19, 20, 21, 22]
    whole_day = TierSettings(interval=HOUR, window="00:00-24:00", timezone="Europe/Berlin")
    assert all(in_window(datetime(2026, 3, 29, hour, tzinfo=UTC), whole_day) for hour in range(24))


WRITTEN = st.builds(
    "{:02}:{:02}-{:02}:{:02}".format, st.integers(0, 25), st.integers(0, 60), st.integers(0, 25), st.integers(0, 60)
)
NAMES = st.sampled_from(sorted(available_timezones()))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- given UTC
ASSETS = st.builds(lambda n: AssetId.parse(f"SALES/A{n}"), st.integers(0, 10_000))
LENGTHS = st.builds("{}{}".format, st.integers(0, 100_000), st.sampled_from("smhd"))


@given(ASSETS, MOMENTS, LENGTHS, st.none() | WRITTEN | st.sampled_from(AROUND_MIDNIGHT + AT_NIGHT), NAMES)
def test_what_settings_accept_of_a_tier_neither_raises_nor_stands_still(
    asset: AssetId, moment: datetime, interval: str, window: str | None, zone: str
) -> None:
    try:
        tier = TierSettings.model_validate({"interval": interval, "window": window, "timezone": zone})
    except ValidationError:
        return
    due = next_due(asset, moment, tier)
    assert due > moment
    assert in_window(due, tier)
    assert due - moment <= max(tier.interval * 1.1, tier.interval + 2 * DAY)
    if not in_window(moment, tier):
        turn = next_in_window(asset, moment, tier)
        assert moment < turn <= moment + 2 * DAY + MOST
        assert in_window(turn, tier)


def test_a_missed_turn_waits_for_the_next_window_and_not_for_half_a_day() -> None:
    """It was planned in the past for as long as the asset's moment was less than twelve hours ago."""
    tier = TierSettings(interval=DAY, window="01:00-05:00")
    for number in range(50):
        turn = next_in_window(AssetId.parse(f"SALES/A{number}"), datetime(2026, 3, 3, 6, 0, tzinfo=UTC), tier)
        assert datetime(2026, 3, 4, 1, 0, tzinfo=UTC) <= turn < datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


def test_a_tier_without_a_zone_needs_no_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_there(key: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(f"No time zone found with key {key}")

    monkeypatch.setattr("spheresync.config.windows.ZoneInfo", none_there)
    tier = TierSettings(interval=DAY, window="20:00-24:00")
    assert in_window(datetime(2026, 3, 3, 21, 0, tzinfo=UTC), tier)
