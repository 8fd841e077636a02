"""Who has, or will have, the name of a table that an asset wants."""

from __future__ import annotations

from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import Address, TargetKey
from spheresync.planning.names.contested_names import ContestedName, contested_name, rivals_of
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, Checkpoint


async def contest_of(  # noqa: PLR0917 -- what an explanation knows already
    store: Store,
    rules: MappingRules,
    key: TargetKey,
    record: AssetRecord,
    decision: Decision,
    checkpoint: Checkpoint | None,
    address: Address,
) -> ContestedName | None:
    """Who holds the plain name in place of an asset, or gets it; None where it is the asset's own, or it has no table.

    Args:
        store: the state.
        rules: those of the target.
        key: the target.
        record: the asset.
        decision: what the rules say of it.
        checkpoint: what the target is known to hold of it.
        address: its address, or the one that it would have if nobody else wanted it.
    """
    if not decision.included or decision.bind is not None or not record.kind.holds_data:
        return None
    wanted = Address(address.container, decision.table_name(record.id, record.kind, record.label))
    if checkpoint is not None and checkpoint.is_ours and checkpoint.name == wanted.name:
        return None
    rivals = rivals_of(record, wanted, await store.catalog.assets(record.id.space), rules)
    if not rivals:
        return None
    contest = contested_name(record.id, wanted, rivals, await store.checkpoints.of(rivals, key))
    if contest is not None and checkpoint is not None and checkpoint.is_ours:
        return ContestedName(checkpoint.address, contest.holder, contest.holds_it)
    return contest
