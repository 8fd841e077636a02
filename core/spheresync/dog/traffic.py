"""What a simulated tenant was asked, and when: the evidence for promises about request rates."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class RequestKind(StrEnum):
    """What a request was for."""

    TOKEN = "token"  # noqa: S105  # a kind of request, no secret
    AUTHORIZE = "authorize"
    SPACES = "spaces"
    SPACE = "space"
    SPACE_ASSETS = "space_assets"
    ASSETS = "assets"
    ASSET = "asset"
    CATALOG_METADATA = "catalog_metadata"
    SERVICE = "service"
    RELATIONAL_METADATA = "relational_metadata"
    ANALYTICAL_METADATA = "analytical_metadata"
    DATA = "data"
    DISCOVERY = "discovery"
    OBJECTS = "objects"
    OBJECT = "object"
    CONTENT = "content"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hit:
    """One request: `at` in seconds since the epoch, the percent-encoded path, and the status it got."""

    at: float
    kind: RequestKind
    path: str
    status: int


class Traffic:
    """Every request since the last `clear`, oldest first, how many were under way at once at most, bytes of bodies."""

    def __init__(self) -> None:
        self._hits: list[Hit] = []
        self._under_way = 0
        self.peak = 0
        self.bytes_sent = 0

    @property
    def under_way(self) -> int:
        """How many requests have come and are not answered yet."""
        return self._under_way

    @property
    def hits(self) -> tuple[Hit, ...]:
        return tuple(self._hits)

    def record(self, kind: RequestKind, path: str, status: int) -> None:
        self._hits.append(Hit(time.time(), kind, path, status))

    def sent(self, size: int) -> None:
        """Count so many bytes of a body, as they go over the wire."""
        self.bytes_sent += size

    def began(self) -> None:
        self._under_way += 1
        self.peak = max(self.peak, self._under_way)

    def ended(self) -> None:
        self._under_way -= 1

    def count(self, kind: RequestKind | None = None) -> int:
        """How many requests of `kind`, or of every kind."""
        return len(self._hits) if kind is None else sum(hit.kind is kind for hit in self._hits)

    def counts(self) -> dict[str, int]:
        """How many requests of each kind that was asked at all."""
        return dict(Counter(hit.kind.value for hit in self._hits))

    def clear(self) -> None:
        self._hits.clear()
        self.bytes_sent = 0
        self.peak = self._under_way
