"""Alerts that stand, and notices about them that are still to be delivered."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

from collections.abc import Sequence

from spheresync.state.records import AlertRow, NoticeRow
from spheresync.state.sqlite.connection import ReadConnection, WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

_ALERT = "kind, subject, message, remedy, began_at, told_at, gone_since"
_NOTICE = "channel, kind, subject, event, message, remedy, began_at, at, attempts, not_before"
_ALERT_SHAPE, _NOTICE_SHAPE = shape_of("alerts", _ALERT), shape_of("notices", f"id, {_NOTICE}")


class AlertReader:
    """Reads alerts and notices."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def open(self) -> list[AlertRow]:
        rows = await self._connection.all(f"SELECT {_ALERT} FROM alerts ORDER BY kind, subject")
        return readable(self._connection.lost, _ALERT_SHAPE, rows, lambda row: AlertRow(*row))

    async def waiting(self) -> list[NoticeRow]:
        rows = await self._connection.all(f"SELECT id, {_NOTICE} FROM notices ORDER BY id")
        return readable(self._connection.lost, _NOTICE_SHAPE, rows, lambda row: NoticeRow(*row[1:]))


class AlertWriter(AlertReader):
    """Writes alerts and notices."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def put(self, alert: AlertRow) -> None:
        await self._writer.execute(
            f"INSERT OR REPLACE INTO alerts ({_ALERT}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                alert.kind,
                alert.subject,
                alert.message,
                alert.remedy,
                alert.began_at,
                alert.told_at,
                alert.gone_since,
            ),
        )

    async def remove(self, kind: str, subject: str) -> None:
        await self._writer.execute("DELETE FROM alerts WHERE kind = ? AND subject = ?", (kind, subject))

    async def put_notices(self, notices: Sequence[NoticeRow]) -> None:
        await self._writer.execute_many(
            f"INSERT OR REPLACE INTO notices ({_NOTICE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    each.channel,
                    each.kind,
                    each.subject,
                    each.event,
                    each.message,
                    each.remedy,
                    each.began_at,
                    each.at,
                    each.attempts,
                    each.not_before,
                )
                for each in notices
            ],
        )

    async def drop_notices(self, notices: Sequence[NoticeRow]) -> None:
        await self._writer.execute_many(
            "DELETE FROM notices WHERE channel = ? AND kind = ? AND subject = ? AND event = ? AND at = ?",
            [(each.channel, each.kind, each.subject, each.event, each.at) for each in notices],
        )
