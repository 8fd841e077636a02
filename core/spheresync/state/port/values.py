"""Single values, totals and counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from spheresync.model import RunState, Tier
from spheresync.state.records import RunFigures, TierFigures


class MetaReader(Protocol):
    """Reads values. What is not spelled as the value of that name is counts as absent."""

    async def get(self, key: str) -> str | None:
        """A value, None where there is none that can be read."""

    async def with_prefix(self, prefix: str) -> dict[str, str]:
        """Every value whose name begins with `prefix` and that can be read, by name."""


class MetaWriter(MetaReader, Protocol):
    """Writes values."""

    async def set(self, key: str, value: str) -> None: ...

    async def delete(self, key: str) -> None:
        """Forget a value; a name that is not there is no error."""


class LedgerReader(Protocol):
    """Reads the ledger."""

    async def totals(self, since_day: str = "") -> dict[str, int]:
        """How much of each word there was on and after a day (YYYY-MM-DD in UTC)."""

    async def since(self) -> str | None:
        """The first day that the ledger knows."""


class LedgerWriter(LedgerReader, Protocol):
    """Adds to the ledger."""

    async def add(self, day: str, amounts: Mapping[str, int]) -> None: ...


class FigureReader(Protocol):
    """Reads the figures."""

    async def freshness(self, objectives: Mapping[Tier, str]) -> dict[Tier, TierFigures]:
        """Each tier in scope; late is what was not read since the moment that `objectives` names, see `LATE`."""

    async def runs(self) -> dict[RunState, RunFigures]:
        """The runs that the state remembers."""

    async def audit_entries(self) -> int:
        """How many entries the audit log has had."""
