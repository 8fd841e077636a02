"""Test every connection and say what to do about each failure."""

from __future__ import annotations

from spheresync.alerts.channels import Channels, DeliveryError
from spheresync.alerts.wording import Notice
from spheresync.answers import ConnectionFinding, ConnectionReport
from spheresync.config import AlertChannel, Settings
from spheresync.errors import SpheresyncError
from spheresync.model import GLUE
from spheresync.run.workshop import Workshop
from spheresync.state.faults import MEND, MEND_CONTENTS


async def test_connections(workshop: Workshop) -> ConnectionReport:
    """One finding for each connection: state, token, catalog, spaces, each target. Writes nothing."""
    findings = [await _state(workshop), *await _datasphere(workshop), *await _targets(workshop)]
    return ConnectionReport(ok=all(finding.ok for finding in findings), items=findings)


async def _state(workshop: Workshop) -> ConnectionFinding:
    folder = workshop.settings.state_dir
    if faults := await workshop.store.check():
        return ConnectionFinding(connection="state", ok=False, message=f"{folder}: {faults[0]}", remedy=MEND)
    if damages := await workshop.store.damages():
        text = f"{folder}: {'; '.join(damages)}."
        return ConnectionFinding(connection="state", ok=False, message=text, remedy=MEND_CONTENTS)
    return ConnectionFinding(connection="state", ok=True, message=f"The state in {folder} is sound.")


async def _datasphere(workshop: Workshop) -> list[ConnectionFinding]:
    try:
        source = await workshop.source()
    except SpheresyncError as error:
        return [ConnectionFinding(connection="datasphere", ok=False, message=error.message, remedy=error.remedy)]
    return [
        ConnectionFinding(connection=check.connection, ok=check.ok, message=check.message, remedy=check.remedy)
        for check in await source.check(workshop.mapping.may_hold)
    ]


async def _targets(workshop: Workshop) -> list[ConnectionFinding]:
    try:
        problems = await workshop.target(GLUE).check()
    except SpheresyncError as error:
        return [ConnectionFinding(connection=GLUE, ok=False, message=error.message, remedy=error.remedy)]
    if not problems:
        return [
            ConnectionFinding(
                connection=GLUE,
                ok=True,
                message="Tables can be read and written; making a database is found out by a sync.",
            )
        ]
    return [
        ConnectionFinding(connection=GLUE, ok=False, message=problem.message, remedy=problem.remedy)
        for problem in problems
    ]


async def check_channel(channels: Channels, channel: AlertChannel) -> ConnectionFinding:
    """What is known of a channel of alerts without sending anything through it."""
    name = f"alerts: {channel.name}"
    try:
        return ConnectionFinding(connection=name, ok=True, message=await channels.check(channel))
    except DeliveryError as error:
        return ConnectionFinding(connection=name, ok=False, message=error.message, remedy=error.remedy)


async def send_test(channels: Channels, channel: AlertChannel, settings: Settings, now: str) -> ConnectionFinding:
    """Send a notice that says it is a test."""
    name = f"alerts: {channel.name}"
    notice = Notice(
        installation=settings.installation_name,
        environment=settings.env,
        kind=channel.on[0],
        subject="test",
        event="began",
        message="This is a test. Nothing is wrong.",
        remedy="Nothing; alerts of this installation reach you.",
        began_at=now,
        at=now,
    )
    try:
        await channels.send(channel, notice)
    except DeliveryError as error:
        return ConnectionFinding(connection=name, ok=False, message=error.message, remedy=error.remedy)
    return ConnectionFinding(connection=name, ok=True, message="It took a test notice.")
