"""What a plan leaves alone: what others manage, what could not be looked at, and what waits for Datasphere's word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from spheresync.errors import ConfigurationError, TargetError
from spheresync.model import Action, Address, AssetId, Problem, TargetKey
from spheresync.model.words import ALL_SPACES
from spheresync.planning.decisions.items import (
    Subject,
    as_conflict,
    as_forgotten,
    of_another_destination,
    settled_item,
)
from spheresync.planning.decisions.renames import waits_for_former
from spheresync.planning.live_reads import NOT_LOOKED_AT
from spheresync.planning.names.closed_containers import ClosedContainers
from spheresync.planning.names.name_allocation import AllocatedNames
from spheresync.planning.plan_draft import PlanDraft
from spheresync.state.port import Store
from spheresync.state.records import Checkpoint
from spheresync.targets.design import TargetDesign
from spheresync.targets.protocol import Target


def leave_to_others(draft: PlanDraft, design: TargetDesign, held: Mapping[Address, TargetKey]) -> bool:
    """Plan nothing for what other destinations manage; answers whether anything was.

    Whatever led to a removal: what another destination has in use stays as it is, and is only not managed here.
    """
    written = {item.asset for item in draft.items if not item.action.removes and item.address not in held}
    items, left = [], False
    for item in draft.items:
        other = held.get(item.address)
        if other is None or not (item.action.changes_something and item.action is not Action.FORGET):
            items.append(item)
            continue
        left, why = True, of_another_destination(item.container, item.name, other)
        if not item.action.removes:
            reason = f"{why}, which writes it already"
            items.append(as_conflict(item, reason, design))
            draft.noted = [each for each in draft.noted if each.asset != item.asset]  # the other one says it
            continue
        draft.gone = [asset for asset in draft.gone if asset != item.asset]
        if item.asset not in written:  # else it is a former table, which the next plan forgets
            reason = f"{why}; it stays as it is"
            items.append(as_forgotten(item, reason, design))
    draft.items = items
    return left


def leave_unseen(assets: Collection[AssetId], names: AllocatedNames, draft: PlanDraft) -> frozenset[AssetId]:
    """Plan nothing into databases that could not be looked at: their assets, which are answered, fail and no others."""
    failed, told = set(), set()
    for asset in assets:
        container = names.addresses[asset].container
        error = names.unseen.get(container)
        if error is None:
            continue
        failed.add(asset)
        told.add(container)
        text = f"database {container} could not be looked at: {error.message}"
        draft.failed.append(Problem.of(asset, error.fault, text, error.remedy))
    for container, error in names.unseen.items():
        if container not in told:
            draft.failed.append(Problem(f"database {container}", error.fault, error.message, error.remedy))
    return frozenset(failed)


def hold_undecided(
    subjects: Iterable[Subject], undecided: Mapping[AssetId, Checkpoint], draft: PlanDraft
) -> frozenset[AssetId]:
    """Hold assets that may be others under a new name, until Datasphere says whether those are gone; answers them."""
    held = set()
    for subject in subjects:
        former = undecided.get(subject.asset)
        if former is None:
            continue
        held.add(subject.asset)
        item = settled_item(replace(subject, checkpoint=former), Action.HELD, waits_for_former(former.asset))
        draft.items.append(replace(item, other_name=former.asset))
    return frozenset(held)


async def leave_closed(store: Store, target: Target, marker: str, draft: PlanDraft) -> None:
    """Show what would be made in a closed database as the conflict that it is; a run looks by itself."""
    closed = ClosedContainers(store, target, marker)
    try:
        draft.items = await closed.shown(draft.items)
    except (TargetError, ConfigurationError) as error:  # a preview needs no AWS, and a run looks before it writes
        text = f"databases in which tables are to be made could not be looked at: {error.message}"
        draft.left.append(Problem(ALL_SPACES, NOT_LOOKED_AT, text, error.remedy))
