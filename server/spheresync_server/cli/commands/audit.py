"""The commands around the audit log: audit query, audit verify, audit export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import JsonValue

from spheresync.answers import Answer, AuditPage, AuditVerdictAnswer
from spheresync.errors import AlteredStateError, UsageError
from spheresync.model import Detail
from spheresync_server import service_access
from spheresync_server.cli.commands.options import CursorOption, DetailOption, ForceOption, LimitOption
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.interruption import report_interruption, run_until_signalled
from spheresync_server.cli.output import documents
from spheresync_server.cli.service_command import ServiceSession, ask_service


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
    action: Annotated[
        str | None, typer.Option(metavar="WHAT", help="Only this action; several as create,update.")
    ] = None,
    space: Annotated[str | None, typer.Option(metavar="S", help="Only what was done to assets of this space.")] = None,
    asset: Annotated[str | None, typer.Option(metavar="SPACE/NAME", help="Only what was done to this asset.")] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only this outcome, such as done or refused.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", "--run-id", metavar="RUN_ID", help="Only what this run did.")
    ] = None,
    changes_only: Annotated[bool, typer.Option("--changes-only", help="Only what changed AWS.")] = False,
    detail: DetailOption = Detail.CONCISE,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
) -> int:
    """Who did what, when, to what; newest first."""
    from spheresync_server.cli.output.records import show_audit

    async def ask(session: ServiceSession) -> AuditPage:
        return await session.service.audit.query_audit(
            session.principal,
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

    return ask_service(invocation_of(context), ask, show_audit)


def audit_verify(context: typer.Context) -> int:
    """Check the hash chain, and what the state holds besides: exit 0 when intact, 1 when not."""
    from spheresync_server.cli.output.records import show_verdict

    async def ask(session: ServiceSession) -> AuditVerdictAnswer:
        return await session.service.audit.verify_audit(session.principal)

    call = invocation_of(context)
    try:
        return ask_service(call, ask, show_verdict, exit_code=_verdict_code)
    except AlteredStateError as error:
        source, altered = service_access.settings_source(call.environment, call.file), error

    async def as_it_lies() -> AuditVerdictAnswer:
        return await service_access.verify_altered_state(source, altered)

    verdict = run_until_signalled(as_it_lies, report_interruption(json=call.json))
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
    force: ForceOption = False,
) -> int:
    """Write the whole audit log, to stdout or a file."""
    from spheresync_server.cli.output.audit_export import export_to_file, export_to_stdout, gather

    call = invocation_of(context)
    if call.json and output is None and format != "jsonl":
        raise UsageError("--json answers one JSON document, and csv is none.", remedy="Give --output or take jsonl.")

    async def ask(session: ServiceSession) -> AuditExport:
        texts = session.service.audit.export_audit(session.principal, spelling=format)
        if output is not None:
            await export_to_file(texts, output, state=session.service.settings.state_dir, replace=force)
            return AuditExport(format=format, output=str(output))
        if call.json:
            return AuditExport(format=format, items=await gather(texts))
        await export_to_stdout(texts)
        return AuditExport(format=format)

    def show(answer: AuditExport) -> None:
        from spheresync_server.cli.output.tables import say

        if answer.output is not None:
            say(f"Written to {answer.output}")

    return ask_service(call, ask, show)
