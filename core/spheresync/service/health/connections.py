"""Test every connection and say what to do about each failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from spheresync.alerts.channels import Channels, DeliveryError
from spheresync.alerts.messages import Notice
from spheresync.answers import ConnectionFinding, ConnectionReport
from spheresync.config import AlertChannel, Settings
from spheresync.errors import SpheresyncError, StateError, TargetFault
from spheresync.model import (
    DATAZONE,
    DATAZONE_PUBLISHING,
    GLUE_CONTEXT,
    LAKE_FORMATION,
    QUICK_SIGHT,
    AssetStatus,
    SpaceName,
    TargetKey,
)
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.out_of_scope import unmatched_spaces
from spheresync.runtime.providers import Providers
from spheresync.runtime.unread import gone_space
from spheresync.service.drift.not_compared import denied_tables
from spheresync.source.protocol import Check
from spheresync.state.records import CheckpointState, Unwritten
from spheresync.state.remedies import (
    DAMAGED_FILE_REMEDY,
    DAMAGED_ROWS_REMEDY,
    EXPOSED_FOLDER_REMEDY,
    LOST_TABLES_REMEDY,
    TABLES_LOST,
    lost_tables_message,
)
from spheresync.targets.registry import design_of

_NOT_THERE = frozenset({AssetStatus.EXCLUDED, AssetStatus.MISSING, AssetStatus.RETIRED, AssetStatus.DELETED})
"""Statuses of assets that a space that is gone takes nothing from."""


async def test_connections(context: RuntimeContext) -> ConnectionReport:
    """One finding for each connection: state, token, catalog, spaces, each target. Writes nothing."""
    async with context.providers.in_use() as providers:
        findings = [await _state(context), *await _datasphere(context, providers), *await _targets(context, providers)]
        findings += await _on_record(context)
    return ConnectionReport(ok=all(finding.ok for finding in findings), items=findings)


async def _state(context: RuntimeContext) -> ConnectionFinding:
    folder = context.settings.state_dir
    if open_to_others := context.store.exposures():
        return ConnectionFinding(
            connection="state", ok=False, message="; ".join(open_to_others) + ".", remedy=EXPOSED_FOLDER_REMEDY
        )
    if faults := await context.store.check():
        return ConnectionFinding(
            connection="state", ok=False, message=f"{folder}: {faults[0]}", remedy=DAMAGED_FILE_REMEDY
        )
    try:
        await context.store.audit.head()
    except StateError as error:
        return ConnectionFinding(
            connection="state", ok=False, message=f"{folder}: {error.message}", remedy=error.remedy
        )
    if damages := await context.store.damages():
        text = f"{folder}: {'; '.join(damages)}."
        return ConnectionFinding(connection="state", ok=False, message=text, remedy=DAMAGED_ROWS_REMEDY)
    if (since := await context.store.meta.get(TABLES_LOST)) is not None:
        text = f"{folder}: {lost_tables_message(since)}"
        return ConnectionFinding(connection="state", ok=False, message=text, remedy=LOST_TABLES_REMEDY)
    return ConnectionFinding(connection="state", ok=True, message=f"The state in {folder} is sound.")


async def _datasphere(context: RuntimeContext, providers: Providers) -> list[ConnectionFinding]:
    try:
        source = await providers.source()
    except SpheresyncError as error:
        return [ConnectionFinding(connection="datasphere", ok=False, message=error.message, remedy=error.remedy)]
    return [
        ConnectionFinding(connection=check.connection, ok=check.ok, message=check.message, remedy=check.remedy)
        for check in await source.check(providers.mapping.may_hold, await _known_spaces(context, providers))
    ]


async def _known_spaces(context: RuntimeContext, providers: Providers) -> dict[SpaceName, Check]:
    """Spaces in scope that there were, each with what to say where the catalog lists it no more."""
    counts: Counter[SpaceName] = Counter()
    for facet in await context.store.catalog.counts():
        counts[facet.space] += facet.count if facet.status not in _NOT_THERE else 0
    found = {}
    for space in await context.store.catalog.spaces():
        if providers.mapping.may_hold(space.name):
            gone = gone_space(space, counts[space.name])
            found[space.name] = Check(f"datasphere space {space.name}", False, gone.message, gone.remedy)
    return found


async def _targets(context: RuntimeContext, providers: Providers) -> list[ConnectionFinding]:
    findings = []
    for key in providers.keys:
        findings += [*await _target(providers, key), *await _endangered(context, providers, key)]
    known = {space.name for space in await context.store.catalog.spaces()}
    findings += [
        ConnectionFinding(connection=each.subject, ok=False, message=f"{each.message}.", remedy=each.remedy)
        for each in unmatched_spaces(providers.keys, known)
    ]
    return findings + missing_dependencies(providers.keys)


def missing_dependencies(keys: Sequence[TargetKey]) -> list[ConnectionFinding]:
    """A finding for each target that adds to objects of another one which is not configured in its destination."""
    findings = []
    for key in keys:
        needed = design_of(key.target).capabilities.depends_on
        if needed is not None and TargetKey(needed, key.destination) not in keys:
            message = f"{key.target} adds to what {needed} holds, and {needed} is no target of this destination."
            remedy = f"Add {needed} to `targets:`, or take {key.target} out."
            findings.append(ConnectionFinding(connection=str(key), ok=False, message=message, remedy=remedy))
    return findings


_FINE_TABLES = (
    "Nothing forbids in general to read and write tables; making a database, and what is denied of single databases or "
    "tables, is found out by a sync or a look for drift."
)
_FINE = {
    LAKE_FORMATION: "Nothing forbids in general to read, extend, assign and take away LF-Tags; making a new one, and "
    "what is denied of single tables, is found out by a sync.",
    QUICK_SIGHT: "Nothing forbids in general to read and write data sets and topics; making a data source or a folder, "
    "and what Athena may not query, is found out by a sync.",
    DATAZONE: "The domain and the project are there, and assets and terms can be searched; whether they may be "
    "written is found out by a sync.",
    GLUE_CONTEXT: "Nothing forbids in general to read a context, to attach terms and to take attachments away; "
    "whether glossaries, terms and attachments may be made is found out by a sync.",
    DATAZONE_PUBLISHING: "Whether assets may be published is found out when the first of them is.",
}


async def _target(providers: Providers, key: TargetKey) -> list[ConnectionFinding]:
    try:
        problems = await providers.target(key).check()
    except SpheresyncError as error:
        return [ConnectionFinding(connection=str(key), ok=False, message=error.message, remedy=error.remedy)]
    if not problems:
        return [
            ConnectionFinding(
                connection=str(key),
                ok=True,
                message=_FINE.get(key.target, _FINE_TABLES),
            )
        ]
    return [
        ConnectionFinding(connection=str(key), ok=False, message=problem.message, remedy=problem.remedy)
        for problem in problems
    ]


async def _endangered(context: RuntimeContext, providers: Providers, key: TargetKey) -> list[ConnectionFinding]:
    """What makes worthless, or may take away, what is ours on tables of others; asked only where there are any."""
    design = design_of(key.target)
    adds = design.capabilities.depends_on is not None
    held = [each for each in await context.store.checkpoints.all(key) if each.body_digest != design.nothing]
    there = [each.address for each in held if each.state is CheckpointState.BOUND or (adds and each.state.managed)]
    if not there:
        return []
    name = f"tables of {key}" if adds else f"crawlers of {key}"
    try:
        problems = await providers.target(key).endangered(there)
    except SpheresyncError as error:
        return [ConnectionFinding(connection=name, ok=False, message=error.message, remedy=error.remedy)]
    return [
        # That nobody may look is no fault of the connection.
        ConnectionFinding(
            connection=name,
            ok=problem.code == TargetFault.DENIED,
            message=problem.message,
            remedy=problem.remedy,
        )
        for problem in problems
    ]


async def _on_record(context: RuntimeContext) -> list[ConnectionFinding]:
    """What a sync or a look for drift was refused: the rights in general say nothing of a single table."""
    store = context.store
    keys = context.settings.target_keys
    denied = [key for key in keys if any(_is_denied(each) for each in (await store.unwritten.all(key)).values())]
    names = ", ".join(map(str, denied or keys))
    return denied_tables(names, await store.unwritten.groups(keys), await store.drift.summary())


def _is_denied(unwritten: Unwritten) -> bool:
    return unwritten.problem.code == TargetFault.DENIED


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
