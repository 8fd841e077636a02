"""What targets that add to the objects of another one lose by a write to these: noted in the transaction that notes it.

LF-Tags and business context stand on tables and columns of Glue, and go with them, whether their target is configured
or not. So what is known of them is set right at once, and what they held is kept with the run, for its undo.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from spheresync.execution.item_result import Result, is_other_object
from spheresync.model import Address, AssetId, Digest, RunId, TargetKey
from spheresync.planning.changed_columns import BaseWrite, without_changed_columns
from spheresync.state.port import Store, Tx
from spheresync.state.records import Checkpoint, CheckpointState
from spheresync.targets.registry import dependents_of, design_of


@dataclass(slots=True)
class LostAdditions:
    """Notes what goes with what is written in one target.

    Attributes:
        store: knows what dependent targets hold.
        key: the target that is written.
        run_id: the run that writes it.
    """

    store: Store
    key: TargetKey
    run_id: RunId
    _dependents: Sequence[TargetKey] = ()

    async def open(self) -> None:
        """Find the targets that hold anything on objects of this one, configured or not."""
        written = set(await self.store.checkpoints.keys())
        self._dependents = [
            key
            for key in dependents_of(self.key)
            if key in written and design_of(key.target).capabilities.goes_with_base
        ]

    async def writes_of(self, results: Sequence[Result]) -> list[BaseWrite]:
        """The writes over objects which were there, where any dependent target holds something on them.

        Those too that a look finds done: a process that died may have done them.
        """
        written = [
            (result.item, result.outcome)
            for result in results
            if self._dependents and result.outcome is not None and result.item.action.writes_definition
        ]
        done = [(item, outcome) for item, outcome in written if outcome.body]
        unread = {item.before for item, outcome in done if outcome.before is None and item.before is not None}
        known = await self.store.blobs.get_many(unread) if unread else {}
        writes = []
        for item, outcome in done:
            before = outcome.before if outcome.before is not None or item.before is None else known.get(item.before)
            writes += [] if before is None else [BaseWrite(item, before, outcome.body)]
        return writes

    async def note(
        self, tx: Tx, results: Sequence[Result], writes: Sequence[BaseWrite], at: str
    ) -> dict[tuple[int, TargetKey], Digest]:
        """Note what went with columns and objects that were written just now.

        Answers what stood there before, by the ordinal of the item and by the target that it was of.
        """
        fresh = {
            (result.item.asset, result.item.address): result.item.ordinal
            for result in results
            if is_other_object(result)
        }
        written = {write.item.asset: write.item.ordinal for write in writes}
        went: dict[tuple[int, TargetKey], Digest] = {}
        for key in self._dependents if fresh or writes else ():
            for known in await self._nothing_added_to(tx, key, fresh, at):
                went[fresh[known.asset, known.address], key] = known.body
            held = await tx.checkpoints.of(written, key)
            design, base = design_of(key.target), design_of(self.key.target)
            rest = await without_changed_columns(self.store, design, base, held, writes)
            went |= {(written[asset], key): held[asset].body for asset in rest.checkpoints}
            await tx.blobs.put_many(rest.bodies)
            await tx.checkpoints.put_many([*rest.checkpoints.values()])
        return went

    async def _nothing_added_to(
        self, tx: Tx, key: TargetKey, fresh: Collection[tuple[AssetId, Address]], at: str
    ) -> Sequence[Checkpoint]:
        """Note that nothing of a dependent target stands on objects that were made or deleted just now.

        Answers what did.
        """
        if not fresh:
            return ()
        nothing = design_of(key.target).nothing
        known = (await tx.checkpoints.of({asset for asset, _ in fresh}, key)).values()
        there = [each for each in known if each.state.managed and (each.asset, each.address) in fresh]
        held = [each for each in there if each.body_digest != nothing]
        gone = partial(replace, state=CheckpointState.DELETED, version=None, run_id=self.run_id, synced_at=at)
        await tx.checkpoints.put_many([gone(each) for each in held])
        return held
