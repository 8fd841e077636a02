"""What a dependent target holds on columns that a write to the base takes away or makes: it goes with them.

A column that leaves and comes back carries nothing any more, though nobody else has touched it. So what the state knows
of the dependent object is set right in the transaction that notes the write, and the next plan of that target brings
back what is missing. A plan of both at once foresees the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from spheresync.model import AssetId, digest_of
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, Checkpoint
from spheresync.targets.design import TargetDesign


@dataclass(frozen=True, slots=True)
class BaseWrite:
    """A write to the base of one asset: what its object held before, and what it holds after."""

    item: ChangeSetItem
    before: bytes
    after: bytes

    def columns(self, design: TargetDesign) -> frozenset[str]:
        """The columns that the write took away or made; `design` is that of the base.

        A column of a table of others stays, with all that stands on it, when it is no longer one of the asset's.
        """
        return design.columns_there(self.before) ^ design.columns_there(self.after)


@dataclass(frozen=True, slots=True)
class KnownWithout:
    """What is known of dependent objects without what went, and the bodies of that."""

    checkpoints: Mapping[AssetId, Checkpoint]
    bodies: tuple[bytes, ...]


async def without_changed_columns(
    store: Store,
    design: TargetDesign,
    base: TargetDesign,
    held: Mapping[AssetId, Checkpoint],
    writes: Iterable[BaseWrite],
) -> KnownWithout:
    """What is known of the objects of a dependent target once these writes are done; only those that lose something.

    Args:
        store: holds the bodies.
        design: of the dependent target.
        base: of the target that was written.
        held: what the dependent target is known to hold.
        writes: what is done to the base.
    """
    changed = {
        write.item.asset: columns
        for write in writes
        if (known := held.get(write.item.asset)) is not None
        and known.state.managed
        and known.address == write.item.address
        and (columns := write.columns(base))
    }
    bodies = await store.blobs.get_many(held[asset].body for asset in changed) if changed else {}
    found: dict[AssetId, Checkpoint] = {}
    kept: list[bytes] = []
    for asset, columns in changed.items():
        known = held[asset]
        body = bodies.get(known.body)
        rest = None if body is None else design.without_columns(body, columns)
        if body is None or rest is None:  # nobody knows what it was: it is read again
            found[asset] = replace(known, mapping=None, version=None)
        elif rest != body:
            kept.append(rest)
            found[asset] = replace(known, body=digest_of(rest), body_digest=design.fingerprint(rest), mapping=None)
    return KnownWithout(found, tuple(kept))


async def writes_of(store: Store, items: Iterable[ChangeSetItem]) -> list[BaseWrite]:
    """The writes of a plan to objects that are there."""
    changing = [
        (item, item.before, item.after)
        for item in items
        if item.action.writes_definition
        and item.blocked_by is None
        and item.before is not None
        and item.after is not None
    ]
    bodies = await store.blobs.get_many(digest for _, *both in changing for digest in both)
    return [
        BaseWrite(item, bodies[before], bodies[after])
        for item, before, after in changing
        if before in bodies and after in bodies
    ]
