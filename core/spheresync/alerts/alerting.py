"""Compare what is wrong now with what people were told, and tell them the difference.

The transaction that detects a condition stores its notices, one for each channel, and they are delivered from there: a
process that dies, or a channel that is out, costs nobody a notice. A notice that was not delivered before the next one
about the same condition became due is replaced by it; a condition that began and ended meanwhile is not told at all.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import anyio

from spheresync.alerts.channels import Channels, identity
from spheresync.alerts.conditions import Condition
from spheresync.alerts.messages import Notice
from spheresync.config import AlertChannel, AlertKind, Settings
from spheresync.isolation import isolated_group
from spheresync.model import isoformat
from spheresync.observe.incidents import product_error
from spheresync.state.port import Store, Tx
from spheresync.state.records import AlertRow, Event, NoticeRow

LEASE = "alerts"
"""Held by a process that tells once, without keeping the schedule; meanwhile the one that keeps it waits."""
REMIND_AFTER = timedelta(days=1)
_CALM: Mapping[AlertKind, timedelta] = {AlertKind.FRESHNESS: timedelta(minutes=5)}
"""How long something must be over before that is told, where it comes and goes by its nature."""
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_GIVE_UP_AFTER = timedelta(days=1)

Look = Callable[[Sequence[AlertRow]], Awaitable[Sequence[Condition]]]
"""What is wrong now, given what people were told of already."""

log = logging.getLogger(__name__)


class Alerting:
    """Tells the channels of the settings; `step` is called every few seconds by the process that keeps the schedule."""

    def __init__(
        self,
        store: Store,
        settings: Callable[[], Settings],
        look: Look,
        channels: Channels,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._settings = settings
        self._look = look
        self._channels = channels
        self._clock = clock

    async def step(self) -> None:
        """Look once, write down what is to be told, and deliver what is due; nothing where nobody is to be told."""
        channels = self._settings().alerts
        if channels:
            try:
                await self._write_down(channels)
            finally:  # what was written down before goes out also where today's look fails
                await self._forget_channels(channels)
                await self._deliver(channels)

    async def step_within(self, seconds: float) -> tuple[str, ...]:
        """The same for a process that ends soon: all channels at once, none for longer than so many seconds.

        Answers what was not delivered, a sentence for each channel; whoever looks next tries it again.
        """
        channels = self._settings().alerts
        if not channels:
            return ()
        await self._write_down(channels)
        failures: list[str] = []

        async def deliver(channel: AlertChannel) -> None:
            with anyio.move_on_after(seconds) as time_limit:
                failures.extend(await self._deliver([channel]))
            if time_limit.cancelled_caught:
                failures.append(f"{channel.name}: it took no notice within {seconds:g} s.")

        await self._forget_channels(channels)
        async with isolated_group() as group:
            for channel in channels:
                group.start_soon(deliver, channel)
        return tuple(failures)

    async def _write_down(self, channels: Sequence[AlertChannel]) -> None:
        open_alerts = await self._store.alerts.open()
        found = {(each.kind, each.subject): each for each in await self._look(open_alerts)}
        await self._compare(open_alerts, found, channels)

    async def _compare(
        self,
        open_alerts: Sequence[AlertRow],
        found: Mapping[tuple[AlertKind, str], Condition],
        channels: Sequence[AlertChannel],
    ) -> None:
        now = self._clock()
        known = {(row.kind, row.subject): row for row in open_alerts}
        begun = [_begun(each, now) for key, each in found.items() if key not in known]
        changed = [(row, self._changed(row, found.get((AlertKind(row.kind), row.subject)), now)) for row in open_alerts]

        async def write(tx: Tx) -> None:
            waiting = {(each.channel, each.kind, each.subject): each for each in await tx.alerts.waiting()}
            for row in begun:
                await tx.alerts.put(row)
                await tx.alerts.put_notices(_notices(row, "began", channels, now))
            for before, after in changed:
                if after is None:
                    await tx.alerts.remove(before.kind, before.subject)
                    untold = [each for key, each in waiting.items() if key[1:] == (before.kind, before.subject)]
                    never = {each.channel for each in untold if each.event == "began"}
                    await tx.alerts.drop_notices(untold)
                    over = _notices(before, "over", channels, now)
                    await tx.alerts.put_notices([each for each in over if each.channel not in never])
                elif after != before:
                    await tx.alerts.put(after)
                    if after.told_at != before.told_at:
                        reminders = _notices(after, "reminder", channels, now)
                        await tx.alerts.put_notices(
                            [r for r in reminders if (r.channel, r.kind, r.subject) not in waiting]
                        )

        if begun or any(before != after for before, after in changed):
            await self._store.write(write)
            for row in begun:
                log.warning("alert %s, %s: %s", row.kind, row.subject, row.message)

    def _changed(self, row: AlertRow, condition: Condition | None, now: datetime) -> AlertRow | None:
        """An alert that stands, as it is now; None when it is over."""
        if condition is None:
            calm = _CALM.get(AlertKind(row.kind), timedelta(0))
            since = row.gone_since or isoformat(now)
            return None if now - datetime.fromisoformat(since) >= calm else replace(row, gone_since=since)
        present = replace(row, message=condition.message, remedy=condition.remedy, gone_since=None)
        if now - datetime.fromisoformat(row.told_at) >= REMIND_AFTER:
            return replace(present, told_at=isoformat(now))
        return present

    async def _forget_channels(self, present: Sequence[AlertChannel]) -> None:
        """Drop what waits for channels that are no longer in the settings."""
        known = {identity(channel) for channel in present}
        gone = [waiting for waiting in await self._store.alerts.waiting() if waiting.channel not in known]
        if gone:
            await self._drop(gone)

    async def _deliver(self, channels: Sequence[AlertChannel]) -> list[str]:
        """Send what is due for these; answers why something was not taken, the last word of each channel."""
        now = self._clock()
        by_id = {identity(channel): channel for channel in channels}
        refused: dict[str, str] = {}
        for waiting in await self._store.alerts.waiting():
            channel = by_id.get(waiting.channel)
            if channel is not None and datetime.fromisoformat(waiting.not_before) <= now:
                why = await self._send(channel, waiting, now)
                if why is not None:
                    refused[waiting.channel] = why
        return [*refused.values()]

    async def _send(self, channel: AlertChannel, waiting: NoticeRow, now: datetime) -> str | None:
        """None where it was taken, else why not."""
        try:
            await self._channels.send(channel, self._notice(waiting))
        except Exception as error:  # noqa: BLE001 -- isolates this channel
            why = product_error(error, channel.name).message
            if now - datetime.fromisoformat(waiting.at) >= _GIVE_UP_AFTER:
                log.error("%s: a notice about %s is given up: %s", channel.name, waiting.kind, why)
                await self._drop([waiting])
                return f"{channel.name}: a notice about {waiting.kind} is given up: {why}"
            log.warning("%s: a notice about %s was not taken: %s", channel.name, waiting.kind, why)
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(waiting.attempts, 12))
            later = replace(waiting, attempts=waiting.attempts + 1, not_before=isoformat(now + pause))

            async def put_off(tx: Tx) -> None:
                await tx.alerts.put_notices([later])

            await self._store.write(put_off)
            return f"{channel.name}: a notice about {waiting.kind} was not taken: {why}"
        with anyio.CancelScope(shield=True):  # it was taken: sent again it would be told twice
            await self._drop([waiting])
        return None

    async def _drop(self, notices: Sequence[NoticeRow]) -> None:
        async def drop(tx: Tx) -> None:
            await tx.alerts.drop_notices(notices)

        await self._store.write(drop)

    def _notice(self, row: NoticeRow) -> Notice:
        settings = self._settings()
        return Notice(
            installation=settings.installation_name,
            environment=settings.env,
            kind=AlertKind(row.kind),
            subject=row.subject,
            event=row.event,
            message=row.message,
            remedy=row.remedy,
            began_at=row.began_at,
            at=row.at,
        )


def _begun(condition: Condition, now: datetime) -> AlertRow:
    at = isoformat(now)
    return AlertRow(condition.kind, condition.subject, condition.message, condition.remedy, at, at)


def _notices(row: AlertRow, event: Event, channels: Sequence[AlertChannel], now: datetime) -> list[NoticeRow]:
    at = isoformat(now)
    return [
        NoticeRow(identity(channel), row.kind, row.subject, event, row.message, row.remedy, row.began_at, at, 0, at)
        for channel in channels
        if row.kind in channel.on
    ]
