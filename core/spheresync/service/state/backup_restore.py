"""Backup and restore of the state, as its users ask for them: who may, what is checked, what is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from spheresync.answers import AuditVerdictAnswer, BackupAnswer, RestoreAnswer
from spheresync.config import Settings, SettingsSource
from spheresync.errors import AlteredStateError, RefusedError
from spheresync.model import JsonValue, Principal, Problem, RunId, RunState, isoformat, utc_now
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.tenant_binding import TENANT_HOST
from spheresync.service.assembly import state_files
from spheresync.service.audit_rows import verdict_answer
from spheresync.service.authority import Permission, authorize
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AuditAction,
    AuditEvent,
    AuditOutcome,
    Backup,
    RestoreSource,
)
from spheresync.targets.registry import design_of

_DOG = "The embedded tenant and the embedded AWS of dog are no part of it."
_NEXT = "The next sync asks AWS what it holds, as after the loss of a state, and writes what differs from Datasphere."
_ASKED = 20
"""Bodies that are looked at for the marker: some of them may be damaged."""
_LOG_LEFT = "The former audit log could not be carried on; what it held besides is in the former database only."


@dataclass(frozen=True, slots=True)
class _Adjusted:
    runs: tuple[RunId, ...]
    change_sets: int
    audit_entries: int
    at: str


async def backup(context: RuntimeContext, file: Path, principal: Principal, *, replace: bool) -> BackupAnswer:
    """Write the state to a file, whole or not at all, while other processes go on.

    Raises:
        UsageError: the file is there already and not to be replaced, or cannot be written.
        StateError: the state is damaged, its audit log is broken, or the disk is full.
    """
    authorize(principal, Permission.ADMINISTER)
    at = isoformat(context.clock())
    settings = context.settings

    async def note(made: Backup) -> None:
        detail: dict[str, JsonValue] = {
            "file": str(made.file),
            "size": made.size,
            "sha256": made.sha256,
            "schema_version": made.schema_version,
            **({"damaged": [*made.damaged]} if made.damaged else {}),
        }
        event = AuditEvent(principal, AuditAction.BACKUP, None, None, None, AuditOutcome.DONE, detail)

        async def append(tx: Tx) -> None:
            await tx.audit.append_many([event])

        await context.store.write(append)

    made = await context.store.backup(file, replace=replace, before_placing=note)
    return BackupAnswer(
        file=str(made.file),
        size=made.size,
        sha256=made.sha256,
        schema_version=made.schema_version,
        audit_entries=made.audit_entries,
        at=at,
        note=_DOG if settings.env.is_embedded else "",
        damaged=[*made.damaged],
    )


async def verify_altered(settings_source: SettingsSource, fault: AlteredStateError) -> AuditVerdictAnswer:
    """What can be told of the audit log of a state that nobody opens, because its schema was altered.

    Raises:
        StateError: it cannot be read.
    """
    verdict = await state_files(settings_source.current().state_dir).audit_verdict()
    return verdict_answer(verdict, [str(fault)])


async def restore(
    settings_source: SettingsSource,
    file: Path,
    principal: Principal,
    *,
    force: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> RestoreAnswer:
    """Make a backup the state again; the former one stays beside it.

    What a backup believes of AWS, of unfinished runs and of saved change sets may be long past. So runs are cancelled,
    change sets expire, and targets are asked anew by the next sync. The audit log goes on from where it is now.

    Raises:
        UsageError: the file is no backup.
        RefusedError: another process has the state open, the backup is of another tenant or installation, or it holds
            rows that cannot be read and `force` does not say that these may count as lost.
        StateError: the file is damaged or of a newer program, or the folder cannot be written.
    """
    authorize(principal, Permission.ADMINISTER)
    settings = settings_source.current()
    files = state_files(settings.state_dir)
    files.require_writable()

    async def adjust(store: Store, source: RestoreSource) -> _Adjusted:
        await _require_ours(store, source, settings)
        if source.unreadable and not force:
            raise RefusedError(
                f"{source.file} holds rows that cannot be read: {'; '.join(source.unreadable)}. Nothing was changed.",
                remedy="Name another backup, or give --force: these rows count as lost, and are made anew by a sync.",
            )
        await store.clear_lost_rows(everywhere=True)
        return await _adjust(store, source, principal, at=isoformat(clock()))

    restored = await files.restore(file, adjust, clock=clock)
    source, told = restored.source, restored.told
    notes = [_NEXT, "" if source.log_whole else _LOG_LEFT, _DOG if settings.env.is_embedded else ""]
    return RestoreAnswer(
        file=str(source.file),
        sha256=source.sha256,
        schema_version=source.schema_version,
        audit_entries=told.audit_entries,
        audit_carried=source.carried,
        cancelled_runs=list(told.runs),
        expired_change_sets=told.change_sets,
        former=None if restored.former is None else str(restored.former),
        damaged=[*source.damaged],
        at=told.at,
        note=" ".join(filter(None, notes)),
    )


async def _require_ours(store: Store, source: RestoreSource, settings: Settings) -> None:
    """Refuse the backup of another tenant or installation: its next sync would write over what is not its own."""
    host = await store.meta.get(TENANT_HOST)
    if host not in {None, settings.tenant_host}:
        raise RefusedError(
            f"{source.file} is a backup of tenant {host}, and this installation serves {settings.tenant_host}; "
            "nothing was changed.",
            remedy="Name a backup of this installation.",
        )
    marker = await _marker_of(store)
    if marker not in {None, settings.installation_marker}:
        raise RefusedError(
            f"{source.file} is a backup of installation {marker}, and this one is {settings.installation_marker}; "
            "nothing was changed.",
            remedy="Name a backup of this installation, or set `installation:` to the name that it had.",
        )


async def _marker_of(store: Store) -> str | None:
    """The marker on what was written last, None where nothing was."""
    checkpoints = [held for key in await store.checkpoints.keys() for held in await store.checkpoints.all(key)]
    if not checkpoints:
        return None
    newest = sorted(checkpoints, key=lambda checkpoint: checkpoint.synced_at, reverse=True)[:_ASKED]
    whole = await store.blobs.get_many(checkpoint.body for checkpoint in newest)
    for checkpoint in newest:
        if checkpoint.body in whole:
            marks = design_of(checkpoint.target).marks(whole[checkpoint.body])
            return marks.owner or marks.bound_by
    return None


async def _adjust(store: Store, source: RestoreSource, principal: Principal, *, at: str) -> _Adjusted:
    problem = Problem(
        "run",
        "restored",
        "it was under way when the backup was made, and a state that was restored does not go on with it",
        "The next sync does what is left to do.",
    )

    async def adjust(tx: Tx) -> _Adjusted:
        runs = await tx.runs.cancel_unfinished(problem, at=at)
        change_sets = await tx.change_sets.expire_all(at=at)
        objects = await tx.restored.forget_targets()
        held = [each for key in await tx.checkpoints.keys() for each in await tx.checkpoints.all(key)]
        await tx.checkpoints.put_many([replace(checkpoint, version=None) for checkpoint in held])
        reason: dict[str, JsonValue] = {"reason": "restored"}
        ended = [
            AuditEvent(principal, AuditAction.of_run(run.kind), run.id, None, None, RunState.CANCELLED, reason)
            for run in runs
        ]
        detail: dict[str, JsonValue] = {
            "file": str(source.file),
            "sha256": source.sha256,
            "schema_version": source.schema_version,
            "log_of_file": source.audit_entries,
            "log_carried": source.carried,
            "log_whole": source.log_whole,
            **({"damaged": [*source.damaged]} if source.damaged else {}),
            "objects_to_ask_for": objects,
            "expired_change_sets": change_sets,
        }
        event = AuditEvent(principal, AuditAction.RESTORE, None, None, None, AuditOutcome.DONE, detail)
        entries = await tx.audit.append_many([*ended, event])
        return _Adjusted(tuple(run.id for run in runs), change_sets, entries[-1].seq, at)

    return await store.write(adjust)
