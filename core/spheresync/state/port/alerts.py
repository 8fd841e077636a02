"""Alerts and notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from spheresync.state.records import AlertRow, NoticeRow


class AlertReader(Protocol):
    """Reads alerts and notices."""

    async def open(self) -> list[AlertRow]: ...

    async def waiting(self) -> list[NoticeRow]:
        """Every notice that was not delivered yet, oldest first."""


class AlertWriter(AlertReader, Protocol):
    """Writes alerts and notices."""

    async def put(self, alert: AlertRow) -> None: ...

    async def remove(self, kind: str, subject: str) -> None: ...

    async def put_notices(self, notices: Sequence[NoticeRow]) -> None:
        """Have these delivered instead of what was still to be told of the same."""

    async def drop_notices(self, notices: Sequence[NoticeRow]) -> None:
        """Forget these; a newer one of the same stays."""
