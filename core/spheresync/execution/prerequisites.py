"""Make what a change set says must exist first, wave by wave; what exists already is left as it is, ours or not.

One that cannot be made fails what would go into it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spheresync.errors import TargetError
from spheresync.model import DesiredObject, PhysicalName, Principal, RunId
from spheresync.planning.names.container_notes import container_note
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
from spheresync.targets.protocol import Target


@dataclass(frozen=True, slots=True)
class MadePrerequisites:
    """`missing`: containers not to be had, and why. `had`: those that were made, or looked at, just now."""

    missing: Mapping[PhysicalName, TargetError]
    had: frozenset[PhysicalName]


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
    needed = [each for each in prerequisites if each.container in wanted]
    notes = await store.meta.with_prefix(container_note(target.key, "")) if needed else {}
    for each in sorted(needed, key=lambda each: (each.wave, each.container, each.name)):
        container = each.container
        if container in missing or is_present(notes, container_note(target.key, container)):
            continue
        try:
            body = each.body.encode("utf-8", "surrogatepass")
            outcome = await target.ensure_container(DesiredObject(container, each.name, body, each.digest))
        except Exception as error:  # noqa: BLE001 -- isolates this container
            missing[container] = of_one(error, f"database {container}")
            continue
        had.add(container)
        event = AuditEvent(
            actor=actor,
            action=AuditAction.CREATE_DATABASE if outcome.created else AuditAction.USE_DATABASE,
            run_id=run_id,
            asset=None,
            target=target.key.target,
            outcome=AuditOutcome.DONE,
            detail={"database": container, "ours": outcome.ours, "request_id": outcome.request_id},
        )

        async def note(tx: Tx, container: PhysicalName = container, event: AuditEvent = event) -> None:
            await tx.meta.set(container_note(target.key, container), f"present {now}")
            await tx.audit.append_many([event])

        await store.write(note)
    return MadePrerequisites(missing, frozenset(had))
