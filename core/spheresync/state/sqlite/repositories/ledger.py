"""What was asked of Datasphere and AWS, by day: requests, calls, bytes. Each process adds what it used.

`aws_*` is what syncs ask of the targets, as their runs tell it; `alert_aws_*` what telling people asks of SNS and SES.
"""

from __future__ import annotations

from collections.abc import Mapping

from spheresync.state.sqlite.connection import ReadConnection, WriteConnection


class LedgerReader:
    """Reads the ledger."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def totals(self, since_day: str = "") -> dict[str, int]:
        rows = await self._connection.all(
            "SELECT word, sum(amount) FROM ledger WHERE day >= ? GROUP BY word ORDER BY word", (since_day,)
        )
        return {str(word): int(amount) for word, amount in rows}

    async def since(self) -> str | None:
        row = await self._connection.one("SELECT min(day) FROM ledger")
        return None if row is None else row[0]


class LedgerWriter(LedgerReader):
    """Adds to the ledger."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def add(self, day: str, amounts: Mapping[str, int]) -> None:
        await self._writer.execute_many(
            "INSERT INTO ledger (day, word, amount) VALUES (?, ?, ?) "
            "ON CONFLICT (day, word) DO UPDATE SET amount = amount + excluded.amount",
            [(day, word, amount) for word, amount in amounts.items() if amount],
        )
