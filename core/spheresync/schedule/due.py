"""When an asset is due again: interval, jitter by asset, back-off, and a window of hours in a time zone.

What is noted as an asset's next moment was right by the settings, the rules and the clock of the time at which it was
noted. `due_by` says what it comes to by those of now: whoever reads the note goes by that.

Pure. The jitter is a share of the interval that an asset always has, so that ten thousand assets which were first read
in one go do not come due in one go for ever after (reference: reliability-and-scale.md 6).

Where clocks change, one rule holds: an hour of the day begins at the first instant at which a clock on the wall shows
it or a later one. So what falls into a skipped hour happens right after it, and in a repeated hour the first time only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from spheresync.config import TierSettings
from spheresync.config.windows import parse_window, zone_of
from spheresync.jobs.retries import share_of_subject
from spheresync.model import AssetId

JITTER = 0.1
"""The most that is added to an interval, as a share of it."""
LONGEST_BACK_OFF = timedelta(days=1)
"""What fails is left alone for so long at most, or for its interval where that is longer."""
_MOST_DOUBLED = 10
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
"""Clocks change at whole seconds."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of each day in a time zone, as lengths from midnight; one that goes over midnight ends on the next day."""

    begins: timedelta
    ends: timedelta
    zone: tzinfo

    @classmethod
    def of(cls, tier: TierSettings) -> Window | None:
        """The window of a tier, None where it is due at any hour."""
        return None if tier.window is None else cls(*parse_window(tier.window), zone_of(tier.timezone))

    @property
    def closed(self) -> timedelta:
        """For how long of each day it is closed."""
        return _DAY - (self.ends - self.begins)

    def occurrences(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Begin and end in UTC of each day's window, one a day, from the first that ends after `since` on.

        A window that lies in a skipped hour as a whole begins right after that hour and is as long as ever.
        """
        midnight = datetime.combine(since.astimezone(self.zone).date() - _DAY, time())
        while True:
            begin, end = (_instant(midnight + length, self.zone) for length in (self.begins, self.ends))
            if begin == end:
                end = begin + (self.ends - self.begins)
            if end > since:
                yield begin, end
            midnight += _DAY


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    """The first instant, in UTC, at which a clock in `zone` shows `wall` or a later time."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first
    before, after = second, first  # in a skipped hour they lie on both sides of the change
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            after = middle
        else:
            before = middle
    return after


def share_of(asset: AssetId) -> float:
    """A number from 0 to 1 (excluded) that an asset always has, spread evenly over assets."""
    return share_of_subject(str(asset))


def next_due(asset: AssetId, looked_at: datetime, tier: TierSettings) -> datetime:
    """When an asset that was looked at is to be looked at again; always later than that.

    Args:
        asset: gives the jitter.
        looked_at: in UTC; missed turns coalesce, as only the last look counts.
        tier: its interval and window.
    """
    share, interval = share_of(asset), tier.interval
    due: datetime = looked_at + interval * (1 + JITTER * share)
    window = Window.of(tier)
    if window is None:
        return due
    if interval >= _DAY:
        # Each day has one moment for the asset; jitter on top of the interval would push it out of the window at last.
        return _moment_in(window, share, looked_at + interval - _DAY / 2)
    begin, end = next(window.occurrences(due))
    return due if begin <= due else _at_share(begin, min(end, begin + interval), share)


@dataclass(frozen=True, slots=True)
class ReadingHistory:
    """What the state notes of an asset's turns; a moment that is none counts as not noted.

    `planned`: when it was to be due, None at once. `read_at`: when its definition was last read. `failed`: whether the
    last attempt to read it failed, at a moment that nobody notes. `failures`: how many in a row did, outages aside.
    """

    planned: datetime | None
    read_at: datetime | None
    failed: bool = False
    failures: int = 0

    def read_by(self, now: datetime) -> datetime | None:
        """When it was last read; None where nobody knows: a clock that was put back noted moments that are to come."""
        return None if self.read_at is None or self.read_at > now else self.read_at


def due_by(asset: AssetId, known: ReadingHistory, tier: TierSettings, now: datetime) -> datetime:
    """When an asset is due by what is true now: as planned, and no later than its tier and its back-off ask for.

    Args:
        asset: gives the jitter.
        known: what the state notes of it.
        tier: interval and window of the tier that it has now.
        now: in UTC; what could not have been planned by this moment was planned by a clock that was wrong.
    """
    if known.planned is None:
        return now
    return min(known.planned, _latest(asset, known, tier, now))


def _latest(asset: AssetId, known: ReadingHistory, tier: TierSettings, now: datetime) -> datetime:
    window = Window.of(tier)
    if known.failed:
        latest = retry_at(asset, now, tier, known.failures - 1)
        if window is None:
            return latest
        # What was planned while the window was closed has its own moment in it, and that may be later.
        begin, end = next(window.occurrences(latest))
        own = _at_share(begin, min(end, begin + tier.interval), share_of(asset))
        return max(latest, own) if begin <= latest else latest
    read_at = known.read_by(now)
    if read_at is None:
        return now
    due = next_due(asset, read_at, tier)
    if due > now or window is None:
        return due
    # It missed that turn. Its next one is its own moment of this window or the next: not all at once when that begins.
    begin, end = next(window.occurrences(now))
    return due if begin <= due else _at_share(begin, min(end, begin + tier.interval), share_of(asset))


def retry_at(asset: AssetId, now: datetime, tier: TierSettings, failures: int) -> datetime:
    """When an asset that could not be read is to be tried again, after so many failures before this one."""
    doubled = tier.interval * 2 ** max(0, min(failures, _MOST_DOUBLED))
    pause: timedelta = max(tier.interval, min(LONGEST_BACK_OFF, doubled))
    return max(next_due(asset, now, tier), now + pause)


def next_in_window(asset: AssetId, now: datetime, tier: TierSettings) -> datetime:
    """When an asset that is due outside of its tier's window has its turn; later than `now`.

    Args:
        asset: gives the jitter.
        now: in UTC, outside of the window.
        tier: its interval and window.
    """
    window = Window.of(tier)
    if window is None:
        return now
    begin, end = next(window.occurrences(now))
    return _at_share(begin, min(end, begin + tier.interval), share_of(asset))


def in_window(moment: datetime, tier: TierSettings) -> bool:
    """Whether the tier may be worked on now."""
    window = Window.of(tier)
    if window is None:
        return True
    begin, _ = next(window.occurrences(moment))
    return begin <= moment


def _moment_in(window: Window, share: float, earliest: datetime) -> datetime:
    """The asset's moment in the first window whose moment is not before `earliest`."""
    for begin, end in window.occurrences(earliest):
        moment = _at_share(begin, end, share)
        if moment >= earliest:
            return moment
    raise AssertionError("days do not end")


def _at_share(begin: datetime, end: datetime, share: float) -> datetime:
    """A moment of a window, which its end is no part of."""
    return min(begin + (end - begin) * share, end - timedelta.resolution)
