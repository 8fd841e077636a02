"""JSON: its one spelling, and digests over it."""

from __future__ import annotations

import hashlib
import json
from typing import NewType, TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
Digest = NewType("Digest", str)
"""Lower-case hex of a hash over canonical JSON or raw bytes."""
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value: sorted keys, no white space, UTF-8."""
    return _CANONICAL.encode(value).encode("utf-8", "surrogatepass")


def digest_of(data: bytes, *, size: int = 16) -> Digest:
    """BLAKE2b of `data` in hex; `size` in bytes."""
    return Digest(hashlib.blake2b(data, digest_size=size).hexdigest())


def digest_json(value: object) -> Digest:
    return digest_of(canonical_json(value))
