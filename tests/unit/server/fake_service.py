"""A service with the signatures of the real one and answers that a test can read at a glance."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

import anyio

from spheresync.answers import (
    AssetDetail,
    AssetRow,
    AuditPage,
    AuditRow,
    AuditVerdictAnswer,
    ChangeRow,
    ChangeSetAnswer,
    ColumnRow,
    ConnectionFinding,
    ConnectionReport,
    DiscoveryAnswer,
    DriftAnswer,
    Failure,
    FieldRow,
    Finding,
    JobRow,
    MappingExplanation,
    Page,
    Progress,
    QueueAnswer,
    QueuedJob,
    ReleaseAnswer,
    RunAnswer,
    RunRow,
    ScheduleAnswer,
    SchedulerStatus,
    SpaceRow,
    SyncStatus,
    TierStatus,
    Vital,
    Vitals,
)
from spheresync.errors import RefusedError, UsageError
from spheresync.model import Principal, RunState, Tier
from spheresync.run.progress import OnProgress, ProgressEvent, silent
from spheresync.run.scope import ScopeRequest
from spheresync.service.figures import Figures
from spheresync.state.figures import RunFigures, TierFigures
from tests.unit.server.fake_drift import HOSTILE, NOW, drift_answer

LATER = "2026-11-25T08:00:00.000000Z"
SLASHED = "SALES/Orders/2026"
GUARD_REMEDY = "If that is meant, run sync with --max-deletes 5."
HIDDEN = "SALES/V\u200bOR  DERS"

ODD = tuple(
    f"{space}/{name}"
    for space, name in (
        *(
            ("SALES", odd)
            for odd in (".", "..", "../..", "../../etc/passwd", "/etc/passwd", "./V", "a/../b", "%2e%2e", "%")
        ),
        *(
            ("SALES", odd)
            for odd in ("a\x00b", "a\nb", "a\x1b[31mb", "\x7f", "\u202eb", "?x=1", "a#b", "C:\\x", "x" * 5_000)
        ),
        ("..", ".."),
        (".", "A"),
    )
)
"""Names that a path, a URL or a terminal would take for something else."""

__all__ = ["HOSTILE", "LATER", "NOW", "ODD", "SLASHED", "FakeService"]


class FakeService:
    """Answers from constants; `calls` holds what was asked, `failure` is raised by the next call when set."""

    def __init__(
        self,
        *,
        deletes: int = 0,
        guarded: tuple[int, ...] = (),
        run_state: str = "done",
        problems: int = 0,
        slow: bool = False,
        slow_start: bool = False,
    ) -> None:
        self.deletes = deletes
        self.guarded = guarded
        self.run_state = run_state
        self.problems = problems
        self.slow = slow
        self.slow_start = slow_start
        self.deaf = False
        self.told = 0
        self.driven_runs: tuple[str, ...] = ()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failure: Exception | None = None

    def _asked(self, name: str, **arguments: Any) -> None:
        self.calls.append((name, arguments))
        if self.failure is not None:
            raise self.failure

    def called(self, name: str) -> list[dict[str, Any]]:
        return [arguments for each, arguments in self.calls if each == name]

    def keep_schedule(self) -> None:
        self._asked("keep_schedule")

    def look_after_runs(self) -> None:
        """Nothing runs here."""

    async def tell_people(self) -> tuple[str, ...]:
        self.told += 1
        return ("ops: it took no notice.",) if self.deaf else ()

    def tell_people_soon(self) -> None:
        """Nobody is told here."""

    async def list_spaces(self, *, limit: int = 50, cursor: str | None = None) -> Page[SpaceRow]:
        self._asked("list_spaces", limit=limit, cursor=cursor)
        rows = [
            SpaceRow(
                space="SALES",
                label=HOSTILE,
                assets=2,
                kinds={"view": 2},
                tiers={"critical": 1, "high": 1},
                statuses={"pending": 2},
            ),
            SpaceRow(space="HR", label="People", assets=0, kinds={}, tiers={}, statuses={}),
        ]
        if limit == 1 and cursor is None:
            return Page(items=rows[:1], total=2, next_cursor="next")
        return Page(items=rows[1:] if cursor == "next" else rows, total=2)

    async def list_assets(self, **filters: Any) -> Page[AssetRow]:
        self._asked("list_assets", **filters)
        if filters.get("space") not in {None, "SALES", "HR"}:
            raise UsageError(f"there is no space {filters['space']!r}.", remedy="Known: HR, SALES.")
        return Page(
            items=[
                AssetRow(asset="SALES/V_ORDERS", kind="view", label=HOSTILE, tier="critical", status="pending"),
                AssetRow(asset=SLASHED, kind="view", label="Aufträge", tier="high", status="synced"),
            ],
            total=2,
        )

    async def describe_asset(self, asset: str) -> AssetDetail:
        self._asked("describe_asset", asset=asset)
        if asset not in {"SALES/V_ORDERS", SLASHED, HIDDEN, *ODD}:
            raise UsageError(f"there is no asset {asset!r}.", remedy="Did you mean SALES/V_ORDERS?")
        return AssetDetail(
            asset=asset,
            kind="view",
            label=HOSTILE,
            tier="critical",
            status="pending",
            problem=None,
            columns=[ColumnRow(name="ID", type="Edm.Int64", role="key", label="Id", key=True)],
            context={"labels": {"en": HOSTILE}},
            targets=[],
            fingerprints={"schema": "00"},
            last_sync=None,
            pii={"person": ["A  B\u200d"]},
        )

    async def explain_mapping(self, asset: str) -> MappingExplanation:
        self._asked("explain_mapping", asset=asset)
        return MappingExplanation(
            asset=asset,
            included=True,
            reason="",
            tier="critical",
            database="sales",
            table="v_orders",
            rules=[],
            names=[],
            columns=[],
            findings=[],
        )

    async def discover(
        self, scope: ScopeRequest, principal: Principal, *, progress: OnProgress = silent
    ) -> DiscoveryAnswer:
        self._asked("discover", scope=scope, principal=principal)
        await progress(ProgressEvent("discovering", 1, 2, "SALES"))
        return DiscoveryAnswer(
            spaces=2,
            listed=2,
            mapped=2,
            filtered=0,
            failed=self.problems,
            read=2,
            unchanged=0,
            problems=self._problems(),
            findings=[],
            usage={"datasphere_requests": 4},
            state="partly_failed" if self.problems else "done",
        )

    def _problems(self) -> list[Finding]:
        return [
            Finding(subject="HR", code="forbidden", message="Space HR answers 403.", remedy="Add the user to HR.")
        ] * self.problems

    def _change_set(self, change_set_id: str) -> ChangeSetAnswer:
        if not change_set_id.startswith("cs_"):
            raise UsageError(f"there is no change set {change_set_id!r}.", remedy="Known: cs_1.")
        change = ChangeRow(
            asset="SALES/V_ORDERS",
            action="update",
            strategy="metadata_only",
            target="glue",
            object="sales.v_orders",
            severity="compatible",
            reason="metadata moved",
            operations=["UpdateTable"],
            changes=[FieldRow(path="label", before="Orders", after=HOSTILE)],
        )
        return ChangeSetAnswer(
            change_set_id=change_set_id,
            digest="ab",
            created_at=NOW,
            expires_at=LATER,
            state="open",
            summary={"create": 0, "update": 1, "delete": self.deletes, "unchanged": 7},
            blocked=self.deletes,
            findings=[],
            problems=self._problems(),
            problems_total=self.problems,
            items=[change],
            total=1 + self.deletes,
        )

    async def preview(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        refresh: bool,
        limit: int = 20,
        progress: OnProgress = silent,
    ) -> ChangeSetAnswer:
        self._asked("preview", scope=scope, principal=principal, refresh=refresh, limit=limit)
        for done in (1, 2):
            await progress(ProgressEvent("planning", done, 2, "V_ORDERS"))
        await progress(ProgressEvent("saving", 0, 0, ""))
        return self._change_set("cs_1")

    async def get_change_set(
        self, change_set_id: str, *, detail: str = "full", limit: int = 20, cursor: str | None = None
    ) -> ChangeSetAnswer:
        self._asked("get_change_set", change_set_id=change_set_id, detail=detail, limit=limit, cursor=cursor)
        return self._change_set(change_set_id)

    async def list_deletes(self, change_set_id: str) -> list[ChangeRow]:
        self._asked("list_deletes", change_set_id=change_set_id)
        return [
            ChangeRow(
                asset=f"SALES/OLD\u200b_{number}",
                action="delete",
                strategy="delete",
                target="glue",
                object=f"sales.old_{number}",
                severity="destructive",
                reason="retired",
                blocked_by="too_many_removals" if number in self.guarded else "deletes_not_allowed",
            )
            for number in range(self.deletes)
        ]

    def _run(self, run_id: str, state: str, kind: str = "sync") -> RunAnswer:
        failures = [
            Failure(asset="SALES/V_ORDERS", target="glue", code="denied", reason="AccessDenied", remedy="Grant it.")
        ]
        failed = state in {"failed", "partly_failed"}
        return RunAnswer(
            run_id=run_id,
            state=state,
            kind=kind,
            actor="anna",
            change_set_id="cs_1",
            progress=Progress(phase="applying", done=1, total=2),
            counts={"create": 1, "failed": int(failed)},
            failures=failures if failed else [],
            failures_total=int(failed),
            findings=[
                Finding(subject="SALES", code="too_many_removals", message="5 of 20 tables.", remedy=GUARD_REMEDY)
            ]
            if state == "refused"
            else [],
            usage={"aws_calls": 1},
            created_at=NOW,
            started_at=NOW,
            finished_at=None if state in {"queued", "running"} else LATER,
        )

    async def apply(self, change_set_id: str, principal: Principal, *, allow_deletes: bool = False) -> RunAnswer:
        self._asked("apply", change_set_id=change_set_id, principal=principal, allow_deletes=allow_deletes)
        if change_set_id == "cs_old":
            raise RefusedError("change set cs_old expired at 2026.", remedy="Make a new preview.")
        self._change_set(change_set_id)
        return self._run("run_1", "queued", "apply")

    async def sync(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        full: bool = False,
        allow_deletes: bool = False,
        max_deletes: int | None = None,
        join: bool = False,
    ) -> RunAnswer:
        self._asked(
            "sync",
            scope=scope,
            principal=principal,
            full=full,
            allow_deletes=allow_deletes,
            max_deletes=max_deletes,
            join=join,
        )
        self.driven_runs = ("run_1",)
        if self.slow_start:
            await self._never("beginning")
        return self._run("run_1", "queued")

    async def wait(self, run_id: str, *, seconds: float | None = None, progress: OnProgress = silent) -> RunAnswer:
        self._asked("wait", run_id=run_id, seconds=seconds)
        if self.slow:
            await self._never("waiting")
        await progress(ProgressEvent("applying", 1, 2, "V_ORDERS"))
        return self._run(run_id, self.run_state)

    async def _never(self, word: str) -> None:
        sys.stderr.write(f"{word}\n")
        sys.stderr.flush()
        await anyio.sleep_forever()

    async def get_run(self, run_id: str) -> RunAnswer:
        self._asked("get_run", run_id=run_id)
        if not run_id.startswith("run_"):
            raise UsageError(f"there is no run {run_id!r}.", remedy="Known: run_1.")
        return self._run(run_id, self.run_state)

    async def detect_drift(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        limit: int = 20,
        cursor: str | None = None,
        progress: OnProgress = silent,
    ) -> DriftAnswer:
        self._asked("detect_drift", scope=scope, principal=principal, limit=limit, cursor=cursor)
        await progress(ProgressEvent("comparing", 1, 1, "sales"))
        return drift_answer(drifted=not scope.tiers, conflicts=self.deletes, problems=self._problems())

    async def list_runs(self, *, limit: int = 20, cursor: str | None = None) -> Page[RunRow]:
        self._asked("list_runs", limit=limit, cursor=cursor)
        return Page(items=[self._row()], total=1)

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

    async def care(self, seconds: float = 1.0, *, when_due: bool = False) -> None:
        """Nothing to care for."""

    async def cancel_run(self, run_id: str, principal: Principal) -> RunAnswer:
        self._asked("cancel_run", run_id=run_id, principal=principal)
        return self._run(run_id, "cancelled")

    async def revert_run(self, run_id: str, principal: Principal, *, limit: int = 20) -> ChangeSetAnswer:
        self._asked("revert_run", run_id=run_id, principal=principal, limit=limit)
        return self._change_set("cs_1").model_copy(update={"undo_of": run_id})

    async def release(self, assets: Sequence[str], principal: Principal) -> ReleaseAnswer:
        self._asked("release", assets=assets, principal=principal)
        return ReleaseAnswer(released=list(assets), total=len(assets))

    async def query_audit(self, **filters: Any) -> AuditPage:
        self._asked("query_audit", **filters)
        row = AuditRow(
            seq=1, at=NOW, actor="anna", action="create", run_id="run_1", asset="SALES/V_ORDERS", target="glue",
            outcome="done",
        )  # fmt: skip
        return AuditPage(items=[row], total=1)

    async def verify_audit(self) -> AuditVerdictAnswer:
        self._asked("verify_audit")
        broken = self.run_state == "failed"
        return AuditVerdictAnswer(intact=not broken, entries=3, first_broken=2 if broken else None)

    async def export_audit(self, *, spelling: str, since: Any = None, until: Any = None) -> AsyncIterator[str]:
        self._asked("export_audit", spelling=spelling, since=since, until=until)
        if spelling == "csv":
            yield "seq,actor\n"
            yield "1,änna\n"
        else:
            yield '{"seq": 1, "actor": "änna"}\n'
            yield '{"seq": 2, "actor": "anna"}\n'

    def keep_pulse(self) -> None:
        """Nothing stands still here."""

    def tell_figures(self) -> None:
        """Nobody reads the log here."""

    def alive(self) -> Vitals:
        return Vitals(ok=True, checks=[Vital(name="event loop", ok=True, reason="goes round")])

    async def ready(self) -> Vitals:
        self._asked("ready")
        forbidden = Vital(name="datasphere", ok=False, reason="has answered nothing \u202eu\nseful")
        return Vitals(ok=False, checks=[Vital(name="state", ok=True, reason="can be written"), forbidden])

    async def figures(self) -> Figures:
        self._asked("figures")
        return Figures(
            environment="dog",
            assets={("critical", "synced"): 2},
            tiers={Tier.CRITICAL: TierFigures(assets=2, oldest=NOW, unread=0, late=1)},
            oldest_age={Tier.CRITICAL: 12.5},
            jobs={("read", "queued"): 2, ("write", "dead"): 1},
            runs={RunState.DONE: RunFigures(1, NOW)},
            since_last_sync=7.0,
            since_last_listing=None,
            scheduler="waiting",
            ledger={"aws_calls": 41, "guard_trips": 1, "a_later_word": 5},
            audit_entries=9,
        )

    async def sync_status(self) -> SyncStatus:
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

    async def schedule(self) -> ScheduleAnswer:
        self._asked("schedule")
        tier = TierStatus(tier="critical", assets=1, interval="60s", next_run=None, paused=True)
        return ScheduleAnswer(tiers=[tier], scheduler=self._scheduler(), note="")

    async def manage_schedule(self, tier: str, action: str, principal: Principal) -> ScheduleAnswer:
        self._asked("manage_schedule", tier=tier, action=action, principal=principal)
        return (await self.schedule()).model_copy(update={"note": f"{action} {tier}"})

    async def list_jobs(self, *, state: str | None = None, limit: int = 50) -> QueueAnswer:
        self._asked("list_jobs", state=state, limit=limit)
        return QueueAnswer(items=[self._job()], total=3)

    async def manage_job(self, job_id: int, action: str, principal: Principal) -> QueueAnswer:
        self._asked("manage_job", job_id=job_id, action=action, principal=principal)
        return QueueAnswer(items=[self._job()], total=1, note=f"{action} {job_id}")

    def _job(self) -> QueuedJob:
        at = "2026-11-23T06:00:00.000000Z"
        return QueuedJob(
            job_id=7, state="dead", kind="write", subject="SALES/V_\x1b[31m", reason="new in Datasphere",
            not_before=at, attempts=6, problem=self._problem(),
        )  # fmt: skip

    async def test_connections(self) -> ConnectionReport:
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

    async def suggest(self, what: str, prefix: str, space: str | None = None) -> list[str]:
        self._asked("suggest", what=what, prefix=prefix, space=space)
        known = {
            "space": ["HR", "SALES"],
            "asset": ["Orders/2026", "V_ORDERS"] if space else ["SALES/Orders/2026", "SALES/V_ORDERS"],
            "run": ["run_1"],
            "change_set": ["cs_1"],
        }
        return [name for name in known[what] if name.startswith(prefix)]
