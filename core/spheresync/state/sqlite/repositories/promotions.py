"""Promotions that a person has approved in this installation."""

from __future__ import annotations

from spheresync.model import ChangeSetId, Digest
from spheresync.state.records import ApprovedPromotion
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of


class PromotionReader:
    """Reads approvals of promotions."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def approved(self, digest: Digest) -> ApprovedPromotion | None:
        row = await self._connection.one(
            "SELECT digest, approved_by, approved_at, change_set_id FROM promotions WHERE digest = ?", (digest,)
        )
        found = readable(self._connection.lost, shape_of("promotions"), [] if row is None else [row], _read)
        return next(iter(found), None)


def _read(row: Row) -> ApprovedPromotion:
    return ApprovedPromotion(Digest(row[0]), row[1], row[2], ChangeSetId(row[3]))


class PromotionWriter(PromotionReader):
    """Writes approvals of promotions."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def approve(self, promotion: ApprovedPromotion) -> None:
        await self._writer.execute(
            "INSERT OR REPLACE INTO promotions (digest, approved_by, approved_at, change_set_id) VALUES (?, ?, ?, ?)",
            (promotion.digest, promotion.by, promotion.at, promotion.change_set_id),
        )

    async def forget(self, *, before: str, but: Digest | None) -> int:
        return await self._writer.execute(
            "DELETE FROM promotions WHERE approved_at < ?1 AND (?2 IS NULL OR digest != ?2)", (before, but)
        )
