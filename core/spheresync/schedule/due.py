"""When an asset is due again: interval, jitter by asset, and a window of hours in a time zone.

Pure. The jitter is a share of the interval that an asset always has, so that ten thousand assets which were first read
in one go do not come due in one go for ever after (reference: reliability-and-scale.md 6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from spheresync.config import TierSettings
from spheresync.model import AssetId

JITTER = 0.1
"""The most that is added to an interval, as a share of it."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of each day in a time zone; one that ends before it begins goes over midnight."""

    begins: time
    ends: time
    zone: ZoneInfo

    @classmethod
    def of(cls, tier: TierSettings) -> Window | None:
        """The window of a tier, None where it is due at any hour."""
        if tier.window is None:
            return None
        begins, _, ends = tier.window.partition("-")
        return cls(time.fromisoformat(begins), time.fromisoformat(ends), ZoneInfo(tier.timezone))

    def occurrences(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Begin and end in UTC of each day's window, from the first that ends after `since` on."""
        day = since.astimezone(self.zone).date() - _DAY
        while True:
            last = day if self.begins < self.ends else day + _DAY
            begin = datetime.combine(day, self.begins, self.zone).astimezone(UTC)
            end = datetime.combine(last, self.ends, self.zone).astimezone(UTC)
            if end > since and end > begin:  # a window inside the hour that summer time skips does not occur
                yield begin, end
            day += _DAY


def share_of(asset: AssetId) -> float:
    """A number from 0 to 1 (excluded) that an asset always has, spread evenly over assets."""
    return share_of_text(str(asset))


def share_of_text(text: str) -> float:
    """A number from 0 to 1 (excluded) that a text always has, spread evenly over texts."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def next_due(asset: AssetId, looked_at: datetime, tier: TierSettings) -> datetime:
    """When an asset that was looked at is to be looked at again.

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
    return due if begin <= due else begin + min(end - begin, interval) * share


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
        moment = begin + (end - begin) * share
        if moment >= earliest:
            return moment
    raise AssertionError("days do not end")
