"""The guards of one target's plan: what is told of it, and which of its items they hold back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from spheresync.mapping.rules import Decision
from spheresync.model import Action, AssetId, Problem, SpaceName, TargetKey
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.guards import (
    GuardVerdict,
    guard_columns,
    guard_leaving,
    guard_removals_and_offers,
)
from spheresync.planning.plan_draft import PlanDraft
from spheresync.planning.plan_request import PlanRequest
from spheresync.runtime.out_of_scope import leaves_destination
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, Checkpoint, CheckpointState


def column_guard_note(key: TargetKey) -> str:
    """Under which key the state notes the assets whose updates the column guard holds back in a target."""
    return f"column_guard:{key.target}:{key.destination}"


async def held_by_column_guard(store: Store, key: TargetKey, shrinking: Collection[AssetId]) -> frozenset[AssetId]:
    """Assets whose updates the column guard held back before; `shrinking`: those that it may have been."""
    noted = await store.meta.get(column_guard_note(key))
    try:
        return frozenset(map(AssetId.from_json, decode_cell(noted))) if noted else frozenset()
    except (ValueError, TypeError) as error:  # damaged: nobody knows which, so it may have been any of them
        product_error(error, "assets that the column guard holds back")
        return frozenset(shrinking)


@dataclass(frozen=True, slots=True)
class PlanGuards:
    """What the guards go by.

    Args:
        key: the target.
        request: what the plan is asked for.
        draft: the plan, whole; what is held back is noted in it.
        checkpoints: what the target is known to hold.
        base: what the target is known to hold to whose objects this one adds; guards count the tables that are there.
        alone: that target is not planned in the same change set, so that nothing is held back there.
        decided: the rules' decisions for the assets that the plan is about.
        deletes_allowed: whether deletes are done without a further word.
        misses: complete listings after which what they no longer hold is due to be retired.
    """

    key: TargetKey
    request: PlanRequest
    draft: PlanDraft
    checkpoints: Mapping[AssetId, Checkpoint]
    base: Mapping[AssetId, Checkpoint]
    alone: bool
    decided: Mapping[AssetId, Decision]
    deletes_allowed: bool
    misses: int

    def guard(self, records: Iterable[AssetRecord], waiting: frozenset[AssetId]) -> tuple[Problem, ...]:
        """Hold back what the guards say, and answer their findings.

        Args:
            records: every asset of the catalog.
            waiting: assets whose updates the column guard held back before.
        """
        draft, most = self.draft, self.request.max_deletes
        managed = Counter(asset.space for asset in self._with_tables)
        columns = guard_columns(
            draft.shrinking, managed=managed, comparable=self._comparable(records), waiting=waiting, max_deletes=most
        )
        not_looked_at = frozenset() if self.request.scope.everything else waiting - set(draft.shrinking)
        draft.waiting = not_looked_at | columns.blocked.keys()
        removals = self._removals(managed, _emptied(records, managed), self._due_besides(records))
        leaving = guard_leaving(
            [i.asset for i in draft.items if i.action is Action.FORGET and self._leaves_destination(i.asset)],
            managed=len(self._with_tables if not self.alone else _managed(self.checkpoints)),
            destination=self.key.destination,
            max_deletes=most,
        )
        self._block(removals, columns, leaving)
        return removals.findings + columns.findings + leaving.findings

    def is_offered_only(self, asset: AssetId) -> bool:
        """Whether a delete of it is shown for a person to allow."""
        checkpoint = self.checkpoints.get(asset)
        return checkpoint is not None and checkpoint.state is CheckpointState.RETIRED and not self.deletes_allowed

    @property
    def _with_tables(self) -> set[AssetId]:
        """Assets of which tables are managed there: not each has a data set, and a few of those are no large part."""
        return _managed(self.checkpoints) | _managed(self.base)

    def _due_besides(self, records: Iterable[AssetRecord]) -> Counter[SpaceName]:
        """By space: assets whose tables are as due to go as those that the plan is about, and which it leaves out.

        The scope leaves out some assets, or the target that holds the tables.
        """
        gone, scope = set(self.draft.gone), self.request.scope
        return Counter(
            record.id.space
            for record in records
            if record.misses >= self.misses
            and record.id not in gone
            and (
                _is_due(self.base.get(record.id), retired=self.deletes_allowed)
                if self.alone and scope.wants(record.id, record.tier)
                else not scope.wants(record.id, record.tier) and _is_due(self._known(record.id))
            )
        )

    def _known(self, asset: AssetId) -> Checkpoint | None:
        """What is known of an asset, here or in the target to whose objects this one adds."""
        return self.checkpoints.get(asset) or self.base.get(asset)

    def _removals(
        self, managed: Mapping[SpaceName, int], emptied: frozenset[SpaceName], besides: Mapping[SpaceName, int]
    ) -> GuardVerdict:
        gone = self.draft.gone
        return guard_removals_and_offers(
            gone,
            offered={asset for asset in gone if self.is_offered_only(asset)},
            managed=managed,
            emptied=emptied,
            max_deletes=self.request.max_deletes,
            besides=besides,
        )

    def _leaves_destination(self, asset: AssetId) -> bool:
        decision = self.decided.get(asset)
        return decision is not None and not decision.included and leaves_destination(decision.excluded_by)

    def _comparable(self, records: Iterable[AssetRecord]) -> Counter[SpaceName]:
        """By space: managed assets that are listed and whose definition could be read, in the scope or not."""
        return Counter(
            record.id.space
            for record in records
            if record.misses == 0 and record.problem is None and record.included and self._known(record.id) is not None
        )

    def _block(self, removals: GuardVerdict, columns: GuardVerdict, leaving: GuardVerdict) -> None:
        gone = set(self.draft.gone)
        for index, item in enumerate(self.draft.items):
            guard = removals.blocked.get(item.asset) if item.action.removes and item.asset in gone else None
            if item.action is Action.FORGET:
                guard = leaving.blocked.get(item.asset)
            elif not item.action.removes:
                guard = columns.blocked.get(item.asset)
            if guard is not None:
                self.draft.items[index] = replace(item, blocked_by=guard)


def _managed(checkpoints: Mapping[AssetId, Checkpoint]) -> set[AssetId]:
    return {asset for asset, checkpoint in checkpoints.items() if checkpoint.state.managed}


def _is_due(checkpoint: Checkpoint | None, *, retired: bool = False) -> bool:
    """Whether a table goes next if its asset is gone; `retired`: those go too that are retired already."""
    states = {CheckpointState.ACTIVE, CheckpointState.RETIRED} if retired else {CheckpointState.ACTIVE}
    return checkpoint is not None and checkpoint.state in states and checkpoint.held is None


def _emptied(records: Iterable[AssetRecord], managed: Mapping[SpaceName, int]) -> frozenset[SpaceName]:
    """Spaces with managed tables of which not one asset is listed any more."""
    listed = {record.id.space for record in records if record.misses == 0}
    return frozenset(space for space in managed if space not in listed)
