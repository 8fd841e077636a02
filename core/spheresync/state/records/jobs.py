"""Jobs of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.model import JobKind, JobState, Problem


@dataclass(frozen=True, slots=True)
class JobRow:
    """One row of `jobs`."""

    id: int
    kind: JobKind
    subject: str
    priority: int
    reason: str
    token: str
    state: JobState
    not_before: str
    attempts: int
    fence: int
    owner: str | None
    started_at: str | None
    heartbeat_at: str | None
    ends_by: str | None
    cancel_requested: bool
    problem: Problem | None
    created_at: str
    target: str | None
    destination: str | None

    def meets(self, other: JobRow) -> bool:
        """Whether both are about the same subject in the same target: of all targets, each is one."""
        apart = None not in {self.target, other.target}
        same = (self.target, self.destination) == (other.target, other.destination)
        return self.subject == other.subject and (same or not apart)


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is asked for, as rows know it."""

    kind: JobKind
    subject: str
    priority: int
    reason: str
    token: str
    not_before: str
    needs: int | None
    revive: bool
    by_person: bool = False
    target: str | None = None
    destination: str | None = None
