"""A few true figures in Prometheus's text format, version 0.0.4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from spheresync import __version__
from spheresync.answers import Page, RunRow, SyncStatus

_HEALTH = ("ok", "degraded", "unknown")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _family(name: str, text: str, label: str, values: Mapping[str, int]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"
    for word, value in sorted(values.items()):
        yield f"{name}{{{label}={_quoted(word)}}} {value}"


def exposition(status: SyncStatus, runs: Page[RunRow]) -> str:
    """The figures as text; `runs` is the newest page of runs."""
    by_tier = {tier.tier: tier.assets for tier in status.tiers}
    by_state = Counter(run.state for run in runs.items)
    health = {word: int(word == status.health) for word in _HEALTH}
    lines = [
        "# HELP spheresync_info The program that answers.",
        "# TYPE spheresync_info gauge",
        f"spheresync_info{{version={_quoted(__version__)},environment={_quoted(status.environment)}}} 1",
        *_family("spheresync_health", "1 for the present health.", "health", health),
        *_family("spheresync_assets", "Assets of the local catalog by status.", "status", status.assets),
        *_family("spheresync_tier_assets", "Assets by tier.", "tier", by_tier),
        *_family("spheresync_recent_runs", f"The newest {len(runs.items)} runs by state.", "state", by_state),
        "# HELP spheresync_runs Runs that this state remembers.",
        "# TYPE spheresync_runs gauge",
        f"spheresync_runs {runs.total}",
        *_family("spheresync_savings", "Spent and saved by recent runs.", "kind", status.savings),
    ]
    return "\n".join(lines) + "\n"
