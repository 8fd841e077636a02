"""The rows of the embedded job engine; what jobs mean is said in `jobs.port`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

from spheresync.model import JobKind, JobState, Problem, TargetKey
from spheresync.state.records import JobRequest, JobRow


class JobReader(Protocol):
    """Shows the queue."""

    async def queue(self, kind: JobKind | None, state: JobState | None, limit: int) -> list[JobRow]:
        """Jobs in the order in which they would be claimed: running ones first, dead ones last."""

    async def get(self, job_id: int) -> JobRow | None:
        """One job, None where there is none."""

    async def counts(self) -> dict[tuple[JobKind, JobState], int]:
        """How many jobs there are of each kind and state."""

    async def next_at(self, kinds: Sequence[JobKind], *, but_for: Collection[TargetKey | None] = ()) -> str | None:
        """The earliest moment at which a queued job of these kinds may be claimed; `but_for`: targets left out."""

    async def wait_beyond(self, latest: str) -> bool:
        """Whether queued jobs wait for a later moment than that."""

    async def lost(self) -> frozenset[int]:
        """Jobs that count as running and whose worker is gone: whoever claims next does them anew."""


class JobWriter(JobReader, Protocol):
    """Moves jobs through the queue."""

    async def submit(self, jobs: Iterable[JobRequest]) -> list[int | None]:
        """Enter jobs, or fold them into those that there are; the ids, None where a dead one stays dead."""

    async def claim(
        self,
        kinds: Sequence[JobKind],
        owner: str,
        *,
        limit: int,
        time_limit: timedelta,
        but_for: Collection[TargetKey | None] = (),
    ) -> list[JobRow]:
        """Take the most urgent jobs that may be done now; claims that were lost are given back to the queue first.

        `but_for`: targets whose jobs are left; None stands for jobs that name no target.
        """

    async def shorten_waits(self, latest: str) -> None:
        """Let queued jobs be claimed now that wait for a later moment than `latest`."""

    async def beat(self, claims: Iterable[tuple[int, int]]) -> list[int]:
        """Send a heartbeat for claims (id and fence); answers those to be given up."""

    async def finish(self, claims: Iterable[tuple[int, int]]) -> None:
        """Take done jobs out; one that was asked for again meanwhile is queued anew."""

    async def put_back(self, job_id: int, fence: int, *, not_before: str, attempts: int, problem: Problem) -> bool:
        """Queue a failed job again; False where the claim was lost."""

    async def set_aside(self, job_id: int, fence: int, problem: Problem) -> bool:
        """A failed job is not tried again by itself; False where the claim was lost.

        It is if another matter was asked for meanwhile, or a person asked: the same matter would fail the same way.
        """

    async def cancel(self, job_id: int) -> bool:
        """Take a job out, or ask its worker to give it up; False where there is none."""

    async def settle(self, jobs: Iterable[tuple[int, str]]) -> None:
        """Take out jobs (id and token) that nothing asks for any more; not what is being done."""
