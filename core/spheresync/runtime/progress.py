"""How a long step tells whoever waits how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """`done` of `total` in `phase`; a total of 0 means that it is not known yet."""

    phase: str
    done: int
    total: int
    message: str


OnProgress: TypeAlias = Callable[[ProgressEvent], Awaitable[None]]


async def silent(event: ProgressEvent) -> None:
    """For callers that do not watch."""
