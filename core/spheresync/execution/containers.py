"""Make the databases that new tables go into, once; a database that exists is left as it is, ours or not.

One that cannot be made fails what would go into it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spheresync.errors import TargetError
from spheresync.mapping.names import derives, rule_key, space_key
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import Action, AssetId, DesiredObject, PhysicalName, Principal, RunId
from spheresync.planning.name_allocation import container_note
from spheresync.state.port import Store, Tx
from spheresync.state.records import AuditEvent, ChangeSetItem
from spheresync.targets.design import TargetDesign
from spheresync.targets.look_by_name import of_one
from spheresync.targets.protocol import Target
from spheresync.targets.registry import design_of


async def ensure_containers(
    store: Store,
    mapping: MappingRules,
    marker: str,
    target: Target,
    items: Iterable[ChangeSetItem],
    *,
    run_id: RunId,
    actor: Principal,
    now: str,
) -> Mapping[PhysicalName, TargetError]:
    """Create what is missing before the first table is written; answers the databases that could not be had, and why.

    Raises:
        TargetError: the target as a whole is out, so that every table would fail alike; none was written.
        ConfigurationError: AWS cannot be used as it is configured; none was written.
    """
    design = design_of(target.key.target)
    missing: dict[PhysicalName, TargetError] = {}
    wanted: dict[PhysicalName, AssetId] = {}
    for item in items:
        if item.action in {Action.CREATE, Action.UPDATE, Action.METADATA_ONLY}:
            wanted.setdefault(item.container, item.asset)
    notes = await store.meta.with_prefix(container_note(target.key, "")) if wanted else {}
    labels = {space.name: space.label for space in await store.catalog.spaces()} if wanted else {}
    for container, asset in sorted(wanted.items()):
        if notes.get(container_note(target.key, container), "").startswith("present"):
            continue
        try:
            desired = _design(
                container, asset, labels.get(asset.space, ""), design=design, mapping=mapping, marker=marker
            )
            outcome = await target.ensure_container(desired)
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this database
            missing[container] = of_one(error, f"database {container}")
            continue
        event = AuditEvent(
            actor=actor.id,
            action="create_database" if outcome.created else "use_database",
            run_id=run_id,
            asset=None,
            target=target.key.target,
            outcome="done",
            detail={
                "database": container,
                "ours": outcome.ours,
                "request_id": outcome.request_id,
                "destination": target.key.destination,
            },
        )

        async def note(tx: Tx, container: PhysicalName = container, event: AuditEvent = event) -> None:
            await tx.meta.set(container_note(target.key, container), f"present {now}")
            await tx.audit.append_many([event])

        await store.write(note)
    return missing


def _design(
    container: PhysicalName,
    asset: AssetId,
    label: str,
    *,
    design: TargetDesign,
    mapping: MappingRules,
    marker: str,
) -> DesiredObject:
    key = space_key(asset.space)
    if derives(container, mapping.default_database(asset.space), key):
        return design.prerequisites(container, key, label, marker)[0].desired
    return design.prerequisites(container, rule_key(container), "", marker)[0].desired
