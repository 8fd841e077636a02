"""States that an answer tells in one word."""

from __future__ import annotations

from enum import StrEnum


class HealthLevel(StrEnum):
    """How the installation is doing."""

    OK = "ok"
    DEGRADED = "degraded"  # something needs attention: `problems` says what
    UNKNOWN = "unknown"  # nothing has been synced yet


class SchedulerState(StrEnum):
    """What the scheduler does now, in any process."""

    RUNNING = "running"
    WAITING = "waiting"  # for a person to apply a change set
    OFF = "off"


class ChangeSetState(StrEnum):
    """What may become of a saved change set."""

    OPEN = "open"
    APPLIED = "applied"
    EXPIRED = "expired"
    TRIAL = "trial"  # saved nowhere, and never applied


class DiscoveryState(StrEnum):
    """How a discovery ended."""

    DONE = "done"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
