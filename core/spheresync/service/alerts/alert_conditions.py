"""What is wrong with the installation now, as far as people are to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import anyio

from spheresync.alerts.conditions import Condition, end_condition, note_condition, noted_conditions
from spheresync.answers import SchedulerState, SyncStatus
from spheresync.config import AlertKind
from spheresync.errors import SourceFault
from spheresync.jobs.port import Job
from spheresync.jobs.retries import HELD_BACK
from spheresync.model import AssetStatus, JobKind, JobState, Problem, RunState, counted, isoformat
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.planning.decisions.guards import ALL_LOSE_COLUMNS, GUARDS
from spheresync.planning.decisions.no_failure import failures_in
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.run_counts import BLOCKED
from spheresync.runtime.shared_sign_in import sign_in_state
from spheresync.schedule.pending_work import WRITES, work_of
from spheresync.service.drift.known_edits import drift_as_known
from spheresync.service.health.freshness import lateness
from spheresync.service.health.persons_sign_in import sign_in_ends_soon
from spheresync.service.health.status import sync_status
from spheresync.source.transport.signed_in import SIGN_IN_REMEDY, NotSignedIn
from spheresync.state.port import Tx
from spheresync.state.records import AlertRow, DriftSummary, RunRecord

VERIFY_EVERY = timedelta(hours=6)
"""How often the whole audit log is walked through."""
_BRIEFLY = 2.0
"""Seconds for which a process that ends soon walks through it."""
_VERIFIED = "audit_walked_at"
EXPIRES_SOON = timedelta(days=30)
_DESIGN = frozenset({AssetWork.DESIGN})
_RECENT = 20
_LOOKED_AT = 50
_SHOWN = 3
_LOG, _RUNS, _QUEUE, _CLIENT, _REMOVALS = "audit log", "runs", "queue", "client", "guards"
_SIGN_IN = "sign-in"


class AlertConditions:
    """Finds in the local state what is to be alerted of; reads neither Datasphere nor AWS."""

    def __init__(self, context: RuntimeContext, *, hurried: bool = False) -> None:
        """`hurried`: for one look by a process that ends soon, which walks through the audit log for a moment only."""
        self._context = context
        self._store = context.store
        self._hurried = hurried
        self._verified_at: datetime | None = None

    async def look(self, open_alerts: Sequence[AlertRow]) -> list[Condition]:
        """Everything that is wrong. Some of `open_alerts`, found before, outlasts a run that goes well."""
        await self._verify_when_due()
        stands = {row.kind for row in open_alerts}
        status = await sync_status(self._context)
        runs, _ = await self._store.runs.page(limit=_RECENT)
        last = next((run for run in runs if run.state.ended and run.state is not RunState.CANCELLED), None)
        held, others = await self._set_aside()
        return [
            *await noted_conditions(self._store),
            *self._failed(last, status, was_open=AlertKind.RUN_FAILED in stands),
            *await self._refused(last, held, was_open=AlertKind.GUARD in stands),
            *_late(status, open_alerts),
            *_drifted(await drift_as_known(self._store, self._context.settings.target_keys)),
            *self._credentials([*(last.problems if last is not None else ()), *others]),
            *_waiting(others),
        ]

    def _failed(self, last: RunRecord | None, status: SyncStatus, *, was_open: bool) -> list[Condition]:
        if last is not None and last.state in {RunState.FAILED, RunState.PARTLY_FAILED}:
            told = "; ".join(f"{each.subject}: {each.message}" for each in failures_in(last.problems)[:_SHOWN])
            figures = f"Run {last.id} ended {last.state}." + (f" {told}" if told else "")
            return [Condition(AlertKind.RUN_FAILED, _RUNS, figures, f"See `spheresync runs {last.id}`.")]
        troubled = status.assets.get(AssetStatus.FAILED, 0) + status.assets.get(AssetStatus.CONFLICT, 0)
        if was_open and troubled:  # a run about other assets that went well has not mended these
            message = f"{counted(troubled, 'asset')} could not be read or written."
            return [Condition(AlertKind.RUN_FAILED, _RUNS, message, "See `spheresync assets --status failed`.")]
        return []

    async def _refused(self, last: RunRecord | None, held: Sequence[Problem], *, was_open: bool) -> list[Condition]:
        found = await self._guards_of(last)
        if found or (was_open and held):
            pending = await self._pending()
            still = [
                each
                for each in found
                if (AssetWork.DESIGN in pending if each.code == ALL_LOSE_COLUMNS else pending - _DESIGN)
            ]
            told = still or ([*held] if pending else [])
            if told:
                message = "; ".join(f"{each.subject}: {each.message}" for each in told[:_SHOWN])
                return [Condition(AlertKind.GUARD, _REMOVALS, message, told[0].remedy or "See `spheresync status`.")]
        elif last is not None and last.state is RunState.REFUSED:
            said = (
                "; ".join(each.message for each in failures_in(last.problems)[:_SHOWN])
                or "What it was to write had moved."
            )
            message = f"Run {last.id} was refused. {said}"
            return [Condition(AlertKind.RUN_REFUSED, _RUNS, message, f"See `spheresync runs {last.id}`.")]
        return []

    async def _guards_of(self, run: RunRecord | None) -> list[Problem]:
        """What guards said in a run."""
        if run is None or run.change_set_id is None or not run.counts.get(BLOCKED, 0):
            return []
        change_set = await self._store.change_sets.get(run.change_set_id)
        return [finding for finding in change_set.findings if finding.code in GUARDS]

    async def _pending(self) -> frozenset[AssetWork]:
        """The kinds of work that targets need now: where that is none, whatever a guard held back has come right."""
        work = await work_of(self._context, await self._store.catalog.assets())
        return frozenset(work.values()) & WRITES

    async def _set_aside(self) -> tuple[list[Problem], list[Problem]]:
        """Problems of jobs that wait for a person: those that a guard or a rule holds back, and the others."""
        jobs = await self._context.jobs.queue(state=JobState.DEAD, limit=_LOOKED_AT)
        problems = [
            replace(job.problem, subject=job.about, asset=job.asset)
            for job in jobs
            if job.problem is not None and await self._is_open(job)
        ]
        held = [problem for problem in problems if problem.code == HELD_BACK]
        return held, [problem for problem in problems if problem.code != HELD_BACK]

    async def _is_open(self, job: Job) -> bool:
        """Whether what a job was about still waits: a person, or a command, may have seen to it without the queue."""
        if job.asset is None:
            return True
        record = await self._store.catalog.asset(job.asset)
        if record is None:
            return False
        if job.kind is JobKind.READ:
            return record.problem is not None
        return bool(set((await work_of(self._context, [record])).values()) & WRITES)

    def _credentials(self, problems: Sequence[Problem]) -> list[Condition]:
        """What is known of the client: that it was refused, and when it ends where the settings say so.

        Datasphere tells nobody when a client of its own or its secret ends. Where a person has to be signed in, that
        nobody is.
        """
        sign_in = sign_in_state(self._context.settings)
        if isinstance(sign_in, NotSignedIn):
            return [Condition(AlertKind.CREDENTIALS, _SIGN_IN, sign_in.message, sign_in.remedy)]
        if sign_in is not None:
            problems = [each for each in problems if SIGN_IN_REMEDY not in each.remedy]  # somebody has, since
            if (soon := sign_in_ends_soon(sign_in, self._context.clock())) is not None:
                return [Condition(AlertKind.CREDENTIALS, _SIGN_IN, soon, SIGN_IN_REMEDY)]
        refused = [each for each in problems if each.code == SourceFault.UNAUTHORIZED]
        if refused:
            remedy = refused[0].remedy or "Run `spheresync doctor`."
            return [Condition(AlertKind.CREDENTIALS, _CLIENT, refused[0].message, remedy)]
        day = self._context.settings.datasphere.client_expires
        if day is None:
            return []
        left = datetime.combine(day, time(), UTC) - self._context.clock()
        if left > EXPIRES_SOON:
            return []
        word = "ends" if left > timedelta(0) else "ended"
        return [
            Condition(
                AlertKind.CREDENTIALS,
                _CLIENT,
                f"The OAuth client of Datasphere {word} on {day.isoformat()}.",
                "Renew it in System > Administration > App Integration, then set its secret and "
                "datasphere.client_expires anew.",
            )
        ]

    async def _verify_when_due(self) -> None:
        """Walk through the audit log now and then; in a hurry by what any process noted, and so long as there is time.

        A walk that took too long counts as one, or every hurried process would begin it, and none would end it.
        """
        now = self._context.clock()
        if self._hurried and self._verified_at is None:
            noted = await self._store.meta.get(_VERIFIED)
            self._verified_at = None if noted is None else datetime.fromisoformat(noted)
        if self._verified_at is not None and timedelta(0) <= now - self._verified_at < VERIFY_EVERY:
            return
        self._verified_at = now
        await self._store.write(lambda tx: tx.meta.set(_VERIFIED, isoformat(now)))
        with anyio.move_on_after(_BRIEFLY if self._hurried else None):
            await self._verify()

    async def _verify(self) -> None:
        """Walk through the audit log and note what was found."""
        verdict = await self._store.audit.verify()
        broken = Condition(
            AlertKind.AUDIT_BROKEN,
            _LOG,
            f"The chain of the audit log is broken at entry {verdict.first_broken}.",
            "Keep the state folder as it is, run `spheresync audit verify`, and find out who had access to it.",
        )

        async def note(tx: Tx) -> None:
            if verdict.intact:
                await end_condition(tx, AlertKind.AUDIT_BROKEN, _LOG)
            else:
                await note_condition(tx, broken)

        known = any(each.kind is AlertKind.AUDIT_BROKEN for each in await noted_conditions(self._store))
        if known == verdict.intact:
            await self._store.write(note)


def _late(status: SyncStatus, open_alerts: Sequence[AlertRow]) -> list[Condition]:
    """Late assets, where a process keeps the schedule; without one, those told of before for as long as they are."""
    late = [each for each in map(lateness, status.tiers) if each is not None]
    if status.scheduler.state is not SchedulerState.RUNNING:
        told = {row.subject for row in open_alerts if row.kind == AlertKind.FRESHNESS}
        late = [each for each in late if status.scheduler.state is SchedulerState.OFF and each.subject in told]
    return [Condition(AlertKind.FRESHNESS, each.subject, each.message, each.remedy) for each in late]


def _drifted(drift: DriftSummary) -> list[Condition]:
    remedy = "`spheresync drift` shows what, and offers the repair."
    return [
        Condition(
            AlertKind.DRIFT, str(key), f"others have changed {counted(number, 'table')} of this installation", remedy
        )
        for key, number in sorted(drift.by_target.items())
    ]


def _waiting(problems: Sequence[Problem]) -> list[Condition]:
    if not problems:
        return []
    told = "; ".join(f"{each.subject}: {each.message}" for each in problems[:_SHOWN])
    number = f"at least {_LOOKED_AT}" if len(problems) >= _LOOKED_AT else str(len(problems))
    message = f"{number} {'job was' if len(problems) == 1 else 'jobs were'} set aside. {told}"
    return [Condition(AlertKind.SET_ASIDE, _QUEUE, message, "Mend the cause; `spheresync status` shows each.")]
