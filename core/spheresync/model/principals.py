"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asked; carried down to the audit row."""

    kind: str  # "user" | "service" | "scheduler" | "system"
    id: str
    roles: frozenset[str] = field(default_factory=frozenset)


SYSTEM = Principal("system", "system")
"""The program itself, where it does what nobody asks for: retention, for example. It needs no role."""
