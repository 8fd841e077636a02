"""Make what a change set says must exist first, wave by wave; what exists already is left as it is, ours or not.

One that cannot be made fails what would go into it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from spheresync.errors import TargetError, TargetFault
from spheresync.model import DesiredObject, PhysicalName, Principal, Problem, RunId
from spheresync.planning.names.container_notes import container_note, present, unmade_note
from spheresync.planning.prerequisites import is_present, needs_container
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AuditAction,
    AuditEvent,
    AuditOutcome,
    ChangeSetItem,
    Prerequisite,
)
from spheresync.targets.look_by_name import of_one
from spheresync.targets.protocol import ContainerOutcome, Target
from spheresync.targets.registry import design_of


@dataclass(frozen=True, slots=True)
class MadePrerequisites:
    """`missing`: containers not to be had, and why. `had`: those that were made, or looked at, just now.

    `left`: what all share and could not be made or brought up to date; no item fails with it that can do without.
    """

    missing: Mapping[PhysicalName, TargetError]
    had: frozenset[PhysicalName]
    left: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Words:
    """How the audit log names one kind of what must exist, and what was done about it."""

    what: str
    create: AuditAction
    extend: AuditAction
    use: AuditAction


_WORDS = {
    "glue:CreateDatabase": _Words(
        "database", AuditAction.CREATE_DATABASE, AuditAction.USE_DATABASE, AuditAction.USE_DATABASE
    ),
    "lakeformation:CreateLFTag": _Words(
        "LF-Tag", AuditAction.CREATE_LF_TAG, AuditAction.EXTEND_LF_TAG, AuditAction.USE_LF_TAG
    ),
    "quicksight:CreateDataSource": _Words(
        "data source", AuditAction.CREATE_DATA_SOURCE, AuditAction.USE_DATA_SOURCE, AuditAction.USE_DATA_SOURCE
    ),
    "quicksight:CreateFolder": _Words(
        "folder", AuditAction.CREATE_FOLDER, AuditAction.USE_FOLDER, AuditAction.USE_FOLDER
    ),
}
_WORDS |= {
    operation: _Words(what, AuditAction.CREATE_IN_DATAZONE, AuditAction.UPDATE_IN_DATAZONE, AuditAction.USE_IN_DATAZONE)
    for operation, what in (
        ("datazone:CreateGlossary", "glossary"),
        ("datazone:CreateGlossaryTerm", "glossary term"),
        ("datazone:CreateFormType", "form type"),
        ("datazone:CreateAssetType", "asset type"),
    )
}
_WORDS |= {
    operation: _Words(
        what,
        AuditAction.CREATE_IN_GLUE_CONTEXT,
        AuditAction.UPDATE_IN_GLUE_CONTEXT,
        AuditAction.USE_IN_GLUE_CONTEXT,
    )
    for operation, what in (
        ("glue:CreateGlossary", "glossary"),
        ("glue:CreateGlossaryTerm", "glossary term"),
        ("glue:PutFormType", "form type"),
    )
}
_ANY = _Words("container", AuditAction.CREATE_DATABASE, AuditAction.USE_DATABASE, AuditAction.USE_DATABASE)
NOTHING_MADE = MadePrerequisites({}, frozenset())


async def make_prerequisites(
    store: Store,
    target: Target,
    prerequisites: Iterable[Prerequisite],
    items: Iterable[ChangeSetItem],
    *,
    run_id: RunId,
    actor: Principal,
    now: str,
) -> MadePrerequisites:
    """Make what the items need before the first of them is done.

    Raises:
        TargetError: the target as a whole is out, so that every item would fail alike; none was done.
        ConfigurationError: AWS cannot be used as it is configured; none was done.
    """
    missing: dict[PhysicalName, TargetError] = {}
    had: set[PhysicalName] = set()
    wanted = {item.container for item in items if needs_container(item)}
    shared = design_of(target.key.target).capabilities.depends_on is not None  # no database of an item, and of all
    needed = [
        each for each in prerequisites if (wanted or not each.assets_total) and (shared or each.container in wanted)
    ]
    notes = await store.meta.with_prefix(container_note(target.key, "")) if needed else {}
    for each in sorted(needed, key=lambda each: (each.wave, each.container, each.name)):
        container = each.container
        if container in missing or (not shared and is_present(notes, container_note(target.key, container))):
            continue
        try:
            body = each.body.encode("utf-8", "surrogatepass")
            outcome = await _ensured(target, DesiredObject(container, each.name, body, each.digest), again=shared)
        except Exception as error:  # noqa: BLE001 -- isolates this container
            missing[container] = of_one(error, f"{_WORDS.get(each.operation, _ANY).what} {container}")
            if shared:
                await store.write(partial(_note_unmade, note=unmade_note(target.key, container), now=now))
            continue
        had.add(container)
        words = _WORDS.get(each.operation, _ANY)
        event = AuditEvent(
            actor=actor,
            action=words.create if outcome.created else words.extend if outcome.added else words.use,
            run_id=run_id,
            asset=None,
            target=target.key.target,
            outcome=AuditOutcome.DONE,
            detail={
                words.what: container,
                "ours": outcome.ours,
                "request_id": outcome.request_id,
                **({"values": [*sorted(outcome.added)]} if outcome.added else {}),
            },
        )

        said = present(now, outcome.parts)

        async def note(
            tx: Tx, container: PhysicalName = container, event: AuditEvent = event, said: str = said
        ) -> None:
            await tx.meta.set(container_note(target.key, container), said)
            await tx.meta.delete(unmade_note(target.key, container))
            await tx.audit.append_many([event])

        await store.write(note)
    left = [Problem.of_target(target.key, each.fault, each.message, each.remedy) for each in missing.values()]
    return MadePrerequisites(missing, frozenset(had), tuple(left) if shared else ())


async def _ensured(target: Target, desired: DesiredObject, *, again: bool) -> ContainerOutcome:
    """Have a container; `again`: once more where an answer was lost, since what is there is found before it is made."""
    try:
        return await target.ensure_container(desired)
    except TargetError as error:
        if not again or error.fault is not TargetFault.UNREACHABLE:
            raise
    return await target.ensure_container(desired)


async def _note_unmade(tx: Tx, note: str, now: str) -> None:
    await tx.meta.set(note, now)
