"""Names of CONTRACT.md that this release does not know yet; whoever builds one takes its name out here."""

from __future__ import annotations

COMMANDS = frozenset({"login", "report", "worker"})
TOOLS = frozenset({"get_lineage", "compliance_report"})
RESOURCES = frozenset({"ui://spheresync/dashboard"})


def comes_later(name: str) -> str:
    """What to say of one of them."""
    return f"{name} comes with a later release."
