"""A service with the signatures of the real one and answers that a test can read at a glance."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import anyio

from spheresync.answers import (
    AuditPage,
    AuditRow,
    AuditVerdictAnswer,
    ChangeRow,
    ChangeSetAnswer,
    ConsentAnswer,
    DiscoveryAnswer,
    DriftAnswer,
    Failure,
    FieldRow,
    Finding,
    OpenChangeSetRow,
    OpenChangeSets,
    OutcomeRow,
    Page,
    PrerequisiteRow,
    Progress,
    ReleaseAnswer,
    RunAnswer,
    RunRow,
)
from spheresync.config.context import BusinessContext
from spheresync.errors import RefusedError, UsageError
from spheresync.model import Environment, Principal, ScopeRequest, ToolCall
from spheresync.runtime.progress import OnProgress, ProgressEvent, silent
from spheresync.service.service import Service
from spheresync.service.state.housekeeping import CareReport
from tests.unit.server.fake_catalog import HIDDEN, ODD, SLASHED, FakeCatalog
from tests.unit.server.fake_drift import HOSTILE, NOW, drift_answer
from tests.unit.server.fake_status import LATER, FakeStatus

GUARD_REMEDY = "If that is meant, run sync with --max-deletes 5."


__all__ = ["HIDDEN", "HOSTILE", "LATER", "NOW", "ODD", "SLASHED", "FakeService"]


PARTS = {
    name: part for name, part in get_type_hints(Service).items() if part.__module__.startswith("spheresync.service")
}
"""The parts of the real service, by attribute."""


class FakePart:
    """What of the fake belongs to one part."""

    def __init__(self, fake: FakeService, real: type) -> None:
        self._fake, self._real = fake, real

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(self._real, name):
            raise AttributeError(f"{self._real.__name__} has no {name}")
        return getattr(self._fake, name)


class FakeService(FakeCatalog, FakeStatus):
    """Answers from constants."""

    settings = SimpleNamespace(
        state_dir=Path("/nowhere/state"),
        personal_data=SimpleNamespace(mask=True),
        limits=SimpleNamespace(tool_calls_per_minute=None, changing_calls_per_minute=None),
        business_context=BusinessContext(),
        env=Environment.DOG,
    )
    prerequisites: Sequence[PrerequisiteRow] = ()
    access: Sequence[str] = ()
    approved = False
    undo_of: str | None = None

    def __getattr__(self, name: str) -> FakePart:
        """A part of the service: it has those methods only that the real part has."""
        if name not in PARTS:
            raise AttributeError(name)
        return FakePart(self, PARTS[name])

    def look_after_runs(self) -> None:
        """Nothing runs here."""

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
            undo_of=self.undo_of,
            state="open",
            summary={"create": 0, "update": 1, "delete": self.deletes, "unchanged": 7},
            blocked=self.deletes,
            findings=[
                *([Finding(subject="cs_1", code="deletes_not_approved", message="wait")] if self.alone else []),
                *([Finding(subject="cs_1", code="deletes_not_allowed", message="wait")] if self.deletes else []),
            ],
            problems=self._problems(),
            problems_total=self.problems,
            items=[change],
            total=1 + self.deletes,
            first=1,
            prerequisites=[*self.prerequisites],
        )

    async def preview(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        refresh: bool,
        trial_rules: str | None = None,
        limit: int = 20,
        budget: int | None = None,
        progress: OnProgress = silent,
    ) -> ChangeSetAnswer:
        self._asked("preview", scope=scope, principal=principal, refresh=refresh, limit=limit)
        for done in (1, 2):
            await progress(ProgressEvent("planning", done, 2, "V_ORDERS"))
        await progress(ProgressEvent("saving", 0, 0, ""))
        return self._change_set("cs_1")

    async def get_change_set(
        self,
        change_set_id: str,
        principal: Principal,
        *,
        detail: str = "full",
        limit: int = 20,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> ChangeSetAnswer:
        self._asked("get_change_set", change_set_id=change_set_id, detail=detail, limit=limit, cursor=cursor)
        return self._change_set(change_set_id)

    async def list_open(
        self, principal: Principal, *, limit: int = 20, cursor: str | None = None, budget: int | None = None
    ) -> OpenChangeSets:
        self._asked("list_open", limit=limit, cursor=cursor)
        row = OpenChangeSetRow(
            change_set_id="cs_1",
            created_at=NOW,
            created_by="anna",
            expires_at=LATER,
            summary={"update": 1},
            blocked=0,
        )
        return OpenChangeSets(items=[row], total=1, first=1)

    async def consent(self, change_set_id: str, principal: Principal, *, assets: Collection[str] = ()) -> ConsentAnswer:
        self._asked("consent", change_set_id=change_set_id)
        deletes = [
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
        asked = [each for each in deletes if not assets or each.asset in assets]
        deleted = {"table": len(asked)}
        return ConsentAnswer(deletes=asked, deleted=deleted, access=[*self.access], approved=self.approved)

    async def record(self, call: ToolCall, principal: Principal) -> None:
        self.calls.append(("record", {"tool": call.tool}))
        self.recorded.append((principal.id, call))

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
            outcomes=[OutcomeRow(action="create", assets=["SALES/NEW"], assets_total=1)],
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

    async def apply(
        self,
        change_set_id: str,
        principal: Principal,
        *,
        allow_deletes: bool = False,
        assets: Sequence[str] = (),
    ) -> RunAnswer:
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
        retry_of: str | None = None,
        join: bool = False,
    ) -> RunAnswer:
        self._asked(
            "sync",
            scope=scope,
            principal=principal,
            full=full,
            allow_deletes=allow_deletes,
            max_deletes=max_deletes,
            retry_of=retry_of,
            join=join,
        )
        self.driven_runs = ("run_1",)
        if self.slow_start:
            await self._never("beginning")
        return self._run("run_1", "queued")

    async def wait(
        self, run_id: str, principal: Principal, *, seconds: float | None = None, progress: OnProgress = silent
    ) -> RunAnswer:
        self._asked("wait", run_id=run_id, seconds=seconds)
        if self.slow:
            await self._never("waiting")
        await progress(ProgressEvent("applying", 1, 2, "V_ORDERS"))
        return self._run(run_id, self.run_state)

    async def _never(self, word: str) -> None:
        sys.stderr.write(f"{word}\n")
        sys.stderr.flush()
        await anyio.sleep_forever()

    async def get_run(self, run_id: str, principal: Principal) -> RunAnswer:
        self._asked("get_run", run_id=run_id)
        if not run_id.startswith("run_"):
            raise UsageError(f"there is no run {run_id!r}.", remedy="Known: run_1.")
        return self._run(run_id, self.run_state)

    async def detect_drift(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        overwrite: bool = False,
        limit: int = 20,
        cursor: str | None = None,
        budget: int | None = None,
        progress: OnProgress = silent,
    ) -> DriftAnswer:
        self._asked("detect_drift", scope=scope, principal=principal, limit=limit, cursor=cursor)
        await progress(ProgressEvent("comparing", 1, 1, "sales"))
        return drift_answer(drifted=not scope.tiers, conflicts=self.deletes, problems=self._problems())

    async def list_runs(
        self, principal: Principal, *, limit: int = 20, cursor: str | None = None, budget: int | None = None
    ) -> Page[RunRow]:
        self._asked("list_runs", limit=limit, cursor=cursor)
        return Page(items=[self._row()], total=1, first=1)

    async def care(self, principal: Principal, seconds: float = 1.0, *, when_due: bool = False) -> CareReport:
        return CareReport()

    async def cancel_run(self, run_id: str, principal: Principal) -> RunAnswer:
        self._asked("cancel_run", run_id=run_id, principal=principal)
        return self._run(run_id, "cancelled")

    async def revert_run(
        self, run_id: str, principal: Principal, *, limit: int = 20, budget: int | None = None
    ) -> ChangeSetAnswer:
        self._asked("revert_run", run_id=run_id, principal=principal, limit=limit)
        return self._change_set("cs_1").model_copy(update={"undo_of": run_id})

    async def release(self, assets: Sequence[str], principal: Principal) -> ReleaseAnswer:
        self._asked("release", assets=assets, principal=principal)
        return ReleaseAnswer(released=list(assets), total=len(assets))

    async def query_audit(
        self,
        principal: Principal,
        *,
        since: str | None = None,
        until: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        space: str | None = None,
        asset: str | None = None,
        outcome: str | None = None,
        run_id: str | None = None,
        changes_only: bool = False,
        detail: str = "concise",
        limit: int = 50,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> AuditPage:
        self._asked(
            "query_audit",
            since=since,
            until=until,
            actor=actor,
            action=action,
            space=space,
            asset=asset,
            outcome=outcome,
            run_id=run_id,
            changes_only=changes_only,
            detail=detail,
            limit=limit,
            cursor=cursor,
        )
        row = AuditRow(
            seq=1, at=NOW, actor="anna", action="create", run_id="run_1", asset="SALES/V_ORDERS", target="glue",
            outcome="done",
        )  # fmt: skip
        return AuditPage(items=[row], total=1, first=1)

    async def verify_audit(self, principal: Principal) -> AuditVerdictAnswer:
        self._asked("verify_audit")
        broken = self.run_state == "failed"
        return AuditVerdictAnswer(intact=not broken, entries=3, first_broken=2 if broken else None)

    async def export_audit(
        self, principal: Principal, *, spelling: str, since: str | None = None, until: str | None = None
    ) -> AsyncIterator[str]:
        self._asked("export_audit", spelling=spelling, since=since, until=until)
        if spelling == "csv":
            yield "seq,actor\n"
            yield "1,änna\n"
        else:
            yield '{"seq": 1, "actor": "änna"}\n'
            yield '{"seq": 2, "actor": "anna"}\n'
