"""Names of CONTRACT.md that this release does not have yet; remove a name here when you build it."""

from __future__ import annotations

COMMANDS = frozenset({"report", "worker"})
TOOLS = frozenset({"compliance_report"})
RESOURCES = frozenset({"ui://spheresync/dashboard"})


def not_released(name: str) -> str:
    """What to answer to a request for one of them."""
    return f"{name} comes with a later release."
