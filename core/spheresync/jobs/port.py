"""The port of the job engine: what a queue of jobs promises, whoever keeps it.

A job carries a subject and a reason, and nothing of what is to be done: the worker looks at what is true now and
brings it about. So a job that runs twice, late, or after another did its work does no harm (DESIGN.md decision 7).

The promises, which `tests/contract/engine_promises.py` holds every engine to:

- One job for each kind, subject and target; one that names no target is about all of them. Asked for again while queued
  it is the same job, with the more urgent priority; asked for while it runs, it is queued once more when it ends; one
  that is set aside then, only for another matter.
- What a person asks for waits for no time-out of earlier failures, and later requests take nothing of it back.
- No job waits for longer than the longest wait after a failure, by the clock of now: it may have been put right.
- Jobs are claimed in the order of their priority, then of their age; one that must wait lets others pass.
- No subject is worked on by two claims at once in one target, whatever their kinds.
- A claim is a lease with a fence. Whoever lost it can neither finish nor fail the job. It is lost when the process dies
  (at once), sends no heartbeat for 30 s, or when the time for the job is over.
- What fails is tried again, set aside, or left for a person, as `retries` says of its problem.
- What is done to the queue within a unit of work of the state is committed with it, or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType, Protocol

from spheresync.model import (
    AssetId,
    JobKind,
    JobState,
    Problem,
    TargetKey,
    canonical_json,
)
from spheresync.model.json_document import read_json
from spheresync.state.port import Tx

JobId = NewType("JobId", int)


OF_ASSETS = frozenset({JobKind.READ, JobKind.WRITE, JobKind.LINEAGE})
"""Kinds whose jobs are about one asset each; a write without a subject is about all that goes."""


PATIENT = frozenset({JobKind.WRITE, JobKind.LINEAGE})
"""Kinds that are for somebody else, who may be out for long: tried again for ever where that may help."""
_LINEAGE = "lineage:"
"""Begins the subject of a job that tells lineage: an asset is read and written meanwhile."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be done. `priority`: the smallest first. `token`: what it is about.

    A dead job is taken up again when it is asked for with another token, or with `revive`. `by_person`: wanted
    now, so that earlier failures do not count. `needs`: a job that must be done before. `key`: the target that it is
    about, None for all of them.
    """

    kind: JobKind
    subject: str
    priority: int
    reason: str
    token: str = ""
    not_before: datetime | None = None
    needs: JobId | None = None
    revive: bool = False
    by_person: bool = False
    key: TargetKey | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is in the queue. `attempts` counts failures, `fence` claims."""

    id: JobId
    kind: JobKind
    subject: str
    priority: int
    reason: str
    token: str
    state: JobState
    not_before: datetime
    attempts: int
    fence: int
    owner: str | None
    started_at: datetime | None
    cancel_requested: bool
    problem: Problem | None
    created_at: datetime
    key: TargetKey | None

    @property
    def asset(self) -> AssetId | None:
        """The asset that it is about; None of a job about all of them, and of a subject that says no asset's name."""
        if self.kind not in OF_ASSETS:
            return None
        subject = self.subject.removeprefix(_LINEAGE)
        try:
            return AssetId.from_json(read_json(subject) if subject.startswith("[") else subject)
        except ValueError:
            return None

    @property
    def about(self) -> str:
        """What it is about, as people say it."""
        return self.subject if self.asset is None else str(self.asset)

    def problem_of(self, code: str, message: str, remedy: str = "") -> Problem:
        """Why it failed."""
        return Problem(self.about, code, message, remedy, self.asset)


def subject_of(asset: AssetId) -> str:
    """The subject of jobs about one asset."""
    return canonical_json(asset.to_json()).decode()


def lineage_subject(asset: AssetId) -> str:
    """The subject of the job that tells the lineage of an asset."""
    return f"{_LINEAGE}{subject_of(asset)}"


class JobsWithin(Protocol):
    """The queue within one unit of work of the state, so that other changes and the audit are committed with it."""

    async def submit(self, jobs: Sequence[NewJob]) -> list[JobId | None]:
        """As `JobEngine.submit`."""
        ...

    async def get(self, job_id: JobId) -> Job | None:
        """As `JobEngine.get`."""
        ...

    async def cancel(self, job_id: JobId) -> bool:
        """As `JobEngine.cancel`."""
        ...


class JobEngine(Protocol):
    """A queue of jobs that several processes may share."""

    def within(self, tx: Tx) -> JobsWithin:
        """The queue within a unit of work that the caller has begun."""
        ...

    async def submit(self, jobs: Sequence[NewJob]) -> list[JobId | None]:
        """Ask for jobs; the ids in the same order, None where a dead one stays dead."""
        ...

    async def claim(
        self,
        kinds: Sequence[JobKind],
        *,
        limit: int,
        time_limit: timedelta,
        but_for: Collection[TargetKey | None] = (),
    ) -> list[Job]:
        """Take at most `limit` jobs of these kinds, for `time_limit` each; none for the targets in `but_for`."""
        ...

    async def beat(self, jobs: Sequence[Job]) -> frozenset[JobId]:
        """Send a heartbeat for claimed jobs; answers those to be given up: cancelled, out of time, or lost."""
        ...

    async def finish(self, jobs: Sequence[Job]) -> None:
        """Claimed jobs are done; what was lost meanwhile is left to whoever has it."""
        ...

    async def fail(self, job: Job, problem: Problem) -> JobState | None:
        """A claimed job failed; answers where it stands now, None where it was lost."""
        ...

    async def cancel(self, job_id: JobId) -> bool:
        """End a job, from whichever process: a queued or dead one at once, a running one by its worker's next beat."""
        ...

    async def shorten_waits(self) -> None:
        """Have queued jobs done now that wait for longer than any wait is."""
        ...

    async def next_at(self, kinds: Sequence[JobKind], *, but_for: Collection[TargetKey | None] = ()) -> datetime | None:
        """When the next queued job of these kinds may be claimed, None where there is none; `but_for` as in `claim`."""
        ...

    async def queue(self, *, kind: JobKind | None = None, state: JobState | None = None, limit: int = 50) -> list[Job]:
        """Jobs in the order in which they would be claimed; dead ones last."""
        ...

    async def get(self, job_id: JobId) -> Job | None:
        """One job as it is in the queue, None where there is none."""
        ...

    async def settle(self, jobs: Sequence[Job]) -> None:
        """Take out jobs that nothing asks for any more; not what is being done or was asked for anew."""
        ...

    async def lost(self) -> frozenset[JobId]:
        """Jobs that count as running and whose worker is gone: whoever claims next does them anew."""
        ...

    async def counts(self) -> dict[tuple[JobKind, JobState], int]:
        """How many jobs there are of each kind and state."""
        ...
