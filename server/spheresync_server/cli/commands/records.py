"""Commands that look at what is recorded: assets, runs, audit; and doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import JsonValue

from spheresync.answers import (
    Answer,
    AssetRow,
    AuditPage,
    AuditVerdictAnswer,
    ConnectionReport,
    Page,
    RunAnswer,
    RunRow,
)
from spheresync.errors import AlteredStateError, UsageError
from spheresync.model.roles import Role
from spheresync_server import opening
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.output import documents
from spheresync_server.cli.running import run_until_signalled, telling
from spheresync_server.cli.work import Bench, perform

Limit = Annotated[int, typer.Option(min=1, max=200, help="Rows a page.")]
Cursor = Annotated[str | None, typer.Option(metavar="C", help="Where the page before ended.")]
DetailOption = Annotated[Literal["concise", "full"], typer.Option(help="How much of each row.")]


def assets(
    context: typer.Context,
    *,
    space: Annotated[str | None, typer.Option(metavar="S", help="Only this space.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="K", help="Only this kind, such as view.")] = None,
    tier: Annotated[str | None, typer.Option(metavar="T", help="Only critical, high or medium.")] = None,
    status: Annotated[str | None, typer.Option(metavar="S", help="Only this status, such as failed.")] = None,
    query: Annotated[str | None, typer.Option(metavar="Q", help="Text in name or label.")] = None,
    detail: DetailOption = "concise",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> int:
    """List the local catalog."""
    from spheresync_server.cli.output.records import show_assets

    why_none: list[str] = []
    beside: list[str] = []

    async def work(bench: Bench) -> Page[AssetRow]:
        page = await bench.service.catalog.list_assets(
            bench.principal,
            space=space,
            kind=kind,
            tier=tier,
            status=status,
            query=query,
            detail=detail,
            limit=limit,
            cursor=cursor,
        )
        if not page.total:
            why_none.append(await bench.service.catalog.why_no_assets(space, bench.principal))
        beside.append(await bench.service.catalog.beside(status, bench.principal))
        return page

    return perform(
        invocation_of(context), work, lambda page: show_assets(page, "".join(why_none), beside="".join(beside))
    )


def runs(
    context: typer.Context,
    run_id: Annotated[str | None, typer.Argument(metavar="[RUN_ID]", help="One run in detail.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> int:
    """List runs, or show one."""
    from spheresync_server.cli.output.changes import show_run
    from spheresync_server.cli.output.records import show_runs

    async def one(bench: Bench) -> RunAnswer:
        assert run_id is not None
        return await bench.service.runs.get_run(run_id, bench.principal)

    async def several(bench: Bench) -> Page[RunRow]:
        return await bench.service.runs.list_runs(bench.principal, limit=limit, cursor=cursor)

    if run_id is not None:
        return perform(invocation_of(context), one, show_run)
    return perform(invocation_of(context), several, show_runs)


def doctor(
    context: typer.Context,
    *,
    send_test: Annotated[
        bool, typer.Option("--send-test", help="Also send a test notice to every channel of alerts.")
    ] = False,
) -> int:
    """Test every connection and permission, and explain each failure."""
    from spheresync_server.cli.output.records import show_connections

    async def work(bench: Bench) -> ConnectionReport:
        report = await bench.service.health.test_connections(bench.principal)
        if not send_test:
            return report
        sent = await bench.service.health.send_test_alerts(bench.principal)
        return ConnectionReport(ok=report.ok and sent.ok, items=[*report.items, *sent.items])

    return perform(
        invocation_of(context),
        work,
        show_connections,
        exit_code=lambda report: int(not report.ok),
        needs=Role.OPERATOR,
        what="spheresync doctor",
    )


def audit_query(
    context: typer.Context,
    *,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="From this time or day on, ISO 8601; local where it has no zone."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Before this time, or to the end of this day, ISO 8601.")
    ] = None,
    actor: Annotated[str | None, typer.Option(metavar="WHO", help="Only what this user or process did.")] = None,
    action: Annotated[str | None, typer.Option(metavar="WHAT", help="Only this action, such as create.")] = None,
    asset: Annotated[str | None, typer.Option(metavar="SPACE/NAME", help="Only what was done to this asset.")] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only this outcome, such as done or refused.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", "--run-id", metavar="RUN_ID", help="Only what this run did.")
    ] = None,
    detail: DetailOption = "concise",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> int:
    """Who did what, when, to what; newest first."""
    from spheresync_server.cli.output.records import show_audit

    async def work(bench: Bench) -> AuditPage:
        return await bench.service.audit.query_audit(
            bench.principal,
            since=since,
            until=until,
            actor=actor,
            action=action,
            asset=asset,
            outcome=outcome,
            run_id=run_id,
            detail=detail,
            limit=limit,
            cursor=cursor,
        )

    return perform(invocation_of(context), work, show_audit)


def audit_verify(context: typer.Context) -> int:
    """Check the hash chain, and what the state holds besides: exit 0 when intact, 1 when not."""
    from spheresync_server.cli.output.records import show_verdict

    async def work(bench: Bench) -> AuditVerdictAnswer:
        return await bench.service.audit.verify_audit(bench.principal)

    call = invocation_of(context)
    try:
        return perform(call, work, show_verdict, exit_code=_verdict_code)
    except AlteredStateError as error:
        source, altered = opening.settings_source(call.environment, call.file), error

    async def as_it_lies() -> AuditVerdictAnswer:
        return await opening.verify_altered_state(source, altered)

    verdict = run_until_signalled(as_it_lies, telling(json=call.json))
    if call.json:
        documents.write(verdict)
    else:
        show_verdict(verdict)
    return _verdict_code(verdict)


def _verdict_code(verdict: AuditVerdictAnswer) -> int:
    return int(not verdict.intact or bool(verdict.reason))


class AuditExport(Answer):
    """What `audit export --json` answers: the entries, or the file that holds them."""

    format: str
    output: str | None = None
    items: list[JsonValue] | None = None


def audit_export(
    context: typer.Context,
    format: Annotated[  # noqa: A002  # the option's name in CONTRACT.md
        Literal["jsonl", "csv"], typer.Option(help="jsonl keeps everything and can be verified.")
    ] = "jsonl",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there instead of stdout.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> int:
    """Write the whole audit log, to stdout or a file."""
    from spheresync_server.cli.output.audit_export import export_to_file, export_to_stdout, gather

    call = invocation_of(context)
    if call.json and output is None and format != "jsonl":
        raise UsageError("--json answers one JSON document, and csv is none.", remedy="Give --output or take jsonl.")

    async def work(bench: Bench) -> AuditExport:
        texts = bench.service.audit.export_audit(bench.principal, spelling=format)
        if output is not None:
            await export_to_file(texts, output, state=bench.service.settings.state_dir, replace=force)
            return AuditExport(format=format, output=str(output))
        if call.json:
            return AuditExport(format=format, items=await gather(texts))
        await export_to_stdout(texts)
        return AuditExport(format=format)

    def show(answer: AuditExport) -> None:
        from spheresync_server.cli.output.tables import say

        if answer.output is not None:
            say(f"Written to {answer.output}")

    return perform(call, work, show)
