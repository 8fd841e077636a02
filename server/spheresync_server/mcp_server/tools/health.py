"""Tools that tell how the installation is doing and what was done: status, audit log, connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

from mcp.types import CallToolResult
from pydantic import Field

from spheresync.answers import (
    AuditPage,
    AuditVerdictAnswer,
    CallerStatus,
    ConfigurationAnswer,
    ConnectionReport,
    HealthLevel,
    SchedulerState,
    SyncStatus,
)
from spheresync.model import AssetStatus, counted
from spheresync_server.answer_summaries import savings_line
from spheresync_server.mcp_server.configuration import configuration_answer, left_out_keys
from spheresync_server.mcp_server.engine_texts import with_tool_names
from spheresync_server.mcp_server.resource_links import audit_export
from spheresync_server.mcp_server.tool_results import ROW_BUDGET, counts_line, page_line, respond
from spheresync_server.mcp_server.tools.arguments import AuditDetail, Cursor, Limit
from spheresync_server.server_context import ServerContext, ServiceTools

if TYPE_CHECKING:
    from spheresync.config import Settings

_Moment = Annotated[str | None, Field(description="ISO 8601; a date: all day")]


class InsightTools(ServiceTools):
    """Status, configuration, audit log and connections. `closed` names the tools that the caller may not use."""

    def __init__(self, server_context: ServerContext, closed: Callable[[], Iterable[str]] = tuple) -> None:
        super().__init__(server_context)
        self._closed = closed

    async def query_audit_log(
        self,
        *,
        since: _Moment = None,
        until: _Moment = None,
        actor: Annotated[str | None, Field(description="Who")] = None,
        action: Annotated[str | None, Field(description="What; several as create,update")] = None,
        space: Annotated[str | None, Field(description="Whose assets")] = None,
        asset: Annotated[str | None, Field(description="SPACE/NAME")] = None,
        outcome: Annotated[str | None, Field(description="Such as done, refused")] = None,
        run_id: Annotated[str | None, Field(description="run_...")] = None,
        changes_only: Annotated[bool, Field(strict=True, description="Only what changed AWS")] = False,
        detail: AuditDetail = "concise",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Annotated[CallToolResult, AuditPage]:
        """Who did what, when, to what, with which outcome; newest first. What others edit in AWS is not in it."""
        page = await self._service.audit.query_audit(
            self._server_context.principal,
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
            budget=ROW_BUDGET,
        )
        lines = [page_line("audit entry", page)]
        if detail == "full" and any(row.asset is not None and row.run_id is not None for row in page.items):
            lines.append(_WHAT_CHANGED)
        exports = cursor is None and not self._server_context.masks
        beside = [audit_export(since, until)] if exports else []
        return respond(self._server_context, page, *lines, told={"total", "first"}, beside=beside)

    async def verify_audit_log(self) -> Annotated[CallToolResult, AuditVerdictAnswer]:
        """Check the hash chain of the audit log."""
        verdict = await self._service.audit.verify_audit(self._server_context.principal)
        if verdict.intact:
            return respond(self._server_context, verdict, f"Intact: {counted(verdict.entries, 'entry')}.")
        return respond(
            self._server_context,
            verdict,
            f"Broken at entry {verdict.first_broken}; tell whoever runs this installation.",
        )

    async def get_sync_status(self) -> Annotated[CallToolResult, SyncStatus]:
        """Health, tiers with next run, queue, last runs, savings, problems."""
        status = await self._service.health.sync_status(self._server_context.principal)
        status = status.model_copy(update={"caller": self._caller(), "savings": _told(status.savings)})
        return respond(
            self._server_context,
            status,
            f"Health {status.health} ({status.environment}). {with_tool_names(status.summary)}",
            f"Assets: {counts_line(status.assets)}.",
            _beside_ok(status),
            f"{counted(len(status.queue), 'run')} queued or running; {counted(len(status.problems), 'problem')}.",
            _waiting_line(status),
            _schedule_line(status),
            savings_line(status.savings, status.ledger_since),
            told={"health", "environment", "summary", "assets"},
        )

    def _caller(self) -> CallerStatus:
        principal = self._server_context.principal
        return CallerStatus(actor=principal.id, roles=sorted(principal.roles), may_not=[*self._closed()])

    async def get_configuration(
        self, section: Annotated[str | None, Field(description="Only this, such as mapping or scope")] = None
    ) -> Annotated[CallToolResult, ConfigurationAnswer]:
        """Scope, rules, policies and every other setting in force, where each was set; no secrets."""
        shown = self._server_context.show_settings()
        answer = configuration_answer(shown, section)
        whole = "Settings in force, every section; what is left out is off, empty or zero."
        if section is not None:
            off = ", ".join(left_out_keys(shown, section))
            said = (
                "" if not off else " No files are named in it." if off == "context" else f" Off, empty or zero: {off}."
            )
            whole = f"Settings in force, section {section}.{said}"
        return respond(
            self._server_context,
            answer,
            whole,
            _personal_data_in_force(self._service.settings) if section == "personal_data" else "",
            _context_in_force(self._service.settings) if section in {None, "context", "mapping"} else "",
            more="Ask for one section.",
        )

    async def test_connections(self) -> Annotated[CallToolResult, ConnectionReport]:
        """Test state, Datasphere, its spaces and each target; a finding for each failure. Writes nothing."""
        report = await self._service.health.test_connections(self._server_context.principal)
        failed = sum(not finding.ok for finding in report.items)
        return respond(
            self._server_context,
            report,
            "Every connection works."
            if report.ok
            else f"{failed} of {counted(len(report.items), 'check')} failed: see message and remedy of each.",
        )


def _context_in_force(settings: Settings) -> str:
    """What of the business context counts, which no section holds: it is in files of its own."""
    context = settings.business_context
    entries, terms = counted(len(context.entries), "entry"), counted(len(context.terms), "term")
    whose = "of dog itself" if settings.env.is_embedded else "of the files under context"
    return f"Business context in force: {entries} and {terms}, {whose}. explain_mapping says which count for an asset."


def _personal_data_in_force(settings: Settings) -> str:
    """What the section comes to: that values are masked keeps no column out."""
    policy = settings.personal_data.policy
    said = [f"{rule.personal_class} {rule.action}" for rule in policy]
    classes = f"By class: {', '.join(said)}; every other class is" if said else "No class has a policy, so all are"
    return f"{classes} written to AWS. mask hides values of persons that stand in labels and descriptions, no column."


_WHAT_CHANGED = (
    "before and after are digests of whole objects; get_run of a run_id has its change_set_id, and get_change_set with "
    "that each field before and after."
)


_TO_KNOW = (AssetStatus.DRIFTED, AssetStatus.MISSING, AssetStatus.HELD, AssetStatus.RETIRED)


def _beside_ok(status: SyncStatus) -> str:
    """That a health which is ok says nothing of single assets of which there is something to know."""
    there = [f"{count} {word}" for word in _TO_KNOW if (count := status.assets.get(word))]
    if status.health is not HealthLevel.OK or not there:
        return ""
    return f"Ok is that nothing fails; of single assets there is something to know: {', '.join(there)} (list_assets)."


def _waiting_line(status: SyncStatus) -> str:
    """What waits for a process that keeps the schedule, beside the runs."""
    waiting = sum(count for word, count in status.scheduler.jobs.items() if word.endswith("_queued"))
    if not waiting:
        return ""
    until = "" if status.scheduler.state is SchedulerState.RUNNING else " until a server keeps the schedule"
    return f"Besides, {counted(waiting, 'job')} of the schedule {'waits' if waiting == 1 else 'wait'}{until}: see jobs."


def _schedule_line(status: SyncStatus) -> str:
    scheduler, paused = status.scheduler, [tier.tier for tier in status.tiers if tier.paused]
    if scheduler.state is SchedulerState.RUNNING and paused and len(paused) == len(status.tiers):
        return "Every tier is paused: nothing is synced by itself before one is resumed."
    if scheduler.state is SchedulerState.RUNNING and paused:
        return f"Tiers are synced by themselves, but for what is paused: {', '.join(paused)}."
    if scheduler.state is SchedulerState.RUNNING:
        return "Tiers are synced by themselves."
    if scheduler.state is SchedulerState.WAITING:
        waits_for = scheduler.change_set_id or "a change set, which is being made"
        return f"Nothing is written by itself until a person has applied a change set; for review: {waits_for}."
    return "Nothing is synced by itself now."


def _told(savings: Mapping[str, int]) -> dict[str, int]:
    """What was saved; over how many runs says nothing where that is nothing."""
    return {**savings} if any(count for word, count in savings.items() if word != "runs") else {}
