"""The commands that say how the installation is doing: status, doctor."""

from __future__ import annotations

from typing import Annotated

import typer

from spheresync.answers import ConnectionReport, PolicyAnswer, SyncStatus
from spheresync.model.principals import CallerRole
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.service_command import ServiceSession, ask_service


def status(context: typer.Context) -> int:
    """Say how the installation is doing: health, tiers, scheduler, last runs."""
    from spheresync_server.cli.output.schedule import show_status

    async def ask(session: ServiceSession) -> SyncStatus:
        return await session.service.health.sync_status(session.principal)

    return ask_service(invocation_of(context), ask, show_status)


def doctor(
    context: typer.Context,
    *,
    send_test: Annotated[
        bool, typer.Option("--send-test", help="Also send a test notice to every channel of alerts.")
    ] = False,
    policy: Annotated[
        bool, typer.Option("--policy", help="Instead, print the smallest IAM policy for each destination.")
    ] = False,
) -> int:
    """Test every connection and permission, and explain each failure."""
    from spheresync_server.cli.output.records import show_connections, show_policies

    if policy:

        async def tell(session: ServiceSession) -> PolicyAnswer:
            return await session.service.health.smallest_policies(session.principal)

        return ask_service(
            invocation_of(context), tell, show_policies, needs=CallerRole.OPERATOR, what="spheresync doctor"
        )

    async def ask(session: ServiceSession) -> ConnectionReport:
        report = await session.service.health.test_connections(session.principal)
        if not send_test:
            return report
        sent = await session.service.health.send_test_alerts(session.principal)
        return ConnectionReport(ok=report.ok and sent.ok, items=[*report.items, *sent.items])

    return ask_service(
        invocation_of(context),
        ask,
        show_connections,
        exit_code=lambda report: int(not report.ok),
        needs=CallerRole.OPERATOR,
        what="spheresync doctor",
    )
