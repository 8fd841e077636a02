"""How the fake service is doing: health, schedule, queue, connections."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.answers import (
    ConnectionFinding,
    ConnectionReport,
    Finding,
    JobRow,
    QueueAnswer,
    QueuedJob,
    RunRow,
    ScheduleAnswer,
    SchedulerStatus,
    SyncStatus,
    TierStatus,
    Vital,
    Vitals,
)
from spheresync.model import JobAction, Principal, RunState, Tier
from spheresync.service.health.figures import Figures
from spheresync.state.records import RunFigures, TierFigures
from tests.unit.server.fake_asked import Asked
from tests.unit.server.fake_drift import NOW

LATER = "2026-11-25T08:00:00.000000Z"


class FakeStatus(Asked):
    """Status, schedule and monitors."""

    def keep_schedule(self) -> None:
        self._asked("keep_schedule")

    def watch_event_loop(self) -> None:
        """Nothing stands still here."""

    async def deliver_lineage(self, *, after: Sequence[str]) -> tuple[str, ...]:
        """Nobody is told where data comes from."""
        return ()

    async def deliver_alerts(self) -> tuple[str, ...]:
        self.told += 1
        return ("ops: it took no notice.",) if self.deaf else ()

    def deliver_alerts_soon(self) -> None:
        """Nobody is told here."""

    def tell_figures(self) -> None:
        """Nobody reads the log here."""

    def alive(self, principal: Principal) -> Vitals:
        return Vitals(ok=True, checks=[Vital(name="event loop", ok=True, reason="iterates")])

    async def ready(self, principal: Principal) -> Vitals:
        self._asked("ready")
        forbidden = Vital(name="datasphere", ok=False, reason="has answered nothing \u202eu\nseful")
        return Vitals(ok=False, checks=[Vital(name="state", ok=True, reason="can be written"), forbidden])

    async def figures(self, principal: Principal) -> Figures:
        self._asked("figures")
        return Figures(
            environment="dog",
            assets={("critical", "synced"): 2},
            tiers={Tier.CRITICAL: TierFigures(assets=2, oldest=NOW, unread=0, late=1)},
            oldest_age={Tier.CRITICAL: 12.5},
            unread_spaces={"space_gone": 2, "space_unread": 0},
            jobs={("read", "queued"): 2, ("write", "dead"): 1},
            runs={RunState.DONE: RunFigures(1, NOW)},
            since_last_sync=7.0,
            since_last_listing=None,
            scheduler="waiting",
            ledger={"aws_calls": 41, "guard_trips": 1, "a_later_word": 5},
            audit_entries=9,
        )

    async def sync_status(self, principal: Principal) -> SyncStatus:
        self._asked("sync_status")
        return SyncStatus(
            health="ok",
            summary="2 assets in sync.",
            environment="dog",
            tenant="dog.eu10.hcs.cloud.sap",
            assets={"synced": 2},
            tiers=[TierStatus(tier="critical", assets=1, interval="60s", next_run=None, paused=False)],
            queue=[],
            last_runs=[self._row()],
            savings={"aws_calls": 1},
            problems=[Finding(subject="HR", code="forbidden", message="<script>alert(1)</script>")],
            scheduler=self._scheduler(),
            ledger={"aws_calls": 1},
            ledger_since="2026-11-24",
        )

    def _row(self) -> RunRow:
        return RunRow(
            run_id="run_1",
            state=self.run_state,
            kind="sync",
            actor="anna",
            change_set_id="cs_1",
            counts={"create": 1},
            created_at=NOW,
            finished_at=LATER,
        )

    def _scheduler(self) -> SchedulerStatus:
        return SchedulerStatus(
            state="waiting",
            change_set_id="cs_1",
            listed_at=None,
            jobs={"read_queued": 2, "write_dead": 1},
            set_aside=[JobRow(kind="write", subject="SALES/V_ORDERS", attempts=6, problem=self._problem())],
        )

    def _problem(self) -> Finding:
        return Finding(subject="SALES/V_ORDERS", code="conflict", message="Somebody else has the table.")

    async def show_schedule(self, principal: Principal) -> ScheduleAnswer:
        self._asked("schedule")
        tier = TierStatus(tier="critical", assets=1, interval="60s", next_run=None, paused=True)
        return ScheduleAnswer(tiers=[tier], scheduler=self._scheduler(), note="")

    async def manage_schedule(self, tier: str, action: str, principal: Principal) -> ScheduleAnswer:
        self._asked("manage_schedule", tier=tier, action=action, principal=principal)
        return (await self.show_schedule(principal)).model_copy(update={"note": f"{action} {tier}"})

    async def list_jobs(self, principal: Principal, *, state: str | None = None, limit: int = 50) -> QueueAnswer:
        self._asked("list_jobs", state=state, limit=limit)
        return QueueAnswer(items=[self._job()], total=3)

    async def manage_job(self, job_id: int, action: JobAction, principal: Principal) -> QueueAnswer:
        self._asked("manage_job", job_id=job_id, action=action, principal=principal)
        return QueueAnswer(items=[self._job()], total=1, note=f"{action} {job_id}")

    def _job(self) -> QueuedJob:
        at = "2026-11-23T06:00:00.000000Z"
        return QueuedJob(
            job_id=7, state="dead", kind="write", subject="SALES/V_\x1b[31m", reason="new in Datasphere",
            not_before=at, attempts=6, problem=self._problem(),
        )  # fmt: skip

    async def test_connections(self, principal: Principal) -> ConnectionReport:
        self._asked("test_connections")
        ok = self.run_state == "done"
        return ConnectionReport(
            ok=ok,
            items=[
                ConnectionFinding(connection="state", ok=True, message="The state is sound."),
                ConnectionFinding(
                    connection="glue", ok=ok, message="GetDatabases answers.", remedy="" if ok else "Grant glue:Get*."
                ),
            ],
        )
