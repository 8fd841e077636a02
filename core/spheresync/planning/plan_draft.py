"""A change set in the making: its items, and what planning has to say of the assets that get none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from spheresync.model import AssetId, Problem
from spheresync.observe.incidents import ErrorAccount, product_error
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.planning.decisions.items import Subject
from spheresync.state.records import ChangeSetItem, Checkpoint


@dataclass(slots=True)
class PlanDraft:
    """A change set in the making."""

    items: list[ChangeSetItem] = field(default_factory=list)
    summary: Counter[str] = field(default_factory=Counter)
    missing: set[AssetId] = field(default_factory=set)  # no longer listed, and their tables do not go yet
    rebased: list[Checkpoint] = field(default_factory=list)
    found_again: list[Checkpoint] = field(default_factory=list)  # of objects of ours that the state knew nothing of
    shrinking: list[AssetId] = field(default_factory=list)
    removals: list[tuple[AssetWork, Subject]] = field(default_factory=list)
    gone: list[AssetId] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)  # edits of others that stay as they are
    overwritten: list[Problem] = field(default_factory=list)  # edits of others that are written over
    waits: list[Problem] = field(default_factory=list)  # for tables of others
    noted: list[Problem] = field(default_factory=list)  # what people may want to know, and nothing is done about
    told_once: list[Problem] = field(default_factory=list)  # of the target as a whole
    reach: list[Problem] = field(default_factory=list)  # who gains or loses what by changes of access
    waiting: frozenset[AssetId] = frozenset()  # held back by the column guard, now or before
    failed: list[Problem] = field(default_factory=list)  # assets that could not be planned; they stay as they are
    fine: set[AssetId] = field(default_factory=set)  # the target holds them as it should, as far as anybody looked
    reported: set[AssetId] = field(default_factory=set)  # edits of their tables stay, by the policies
    unedited: set[AssetId] = field(default_factory=set)  # read just now, and nothing that others wrote stands in ours
    absent: list[Problem] = field(default_factory=list)  # tables that others deleted and that the policies let be gone
    told: frozenset[AssetId | None] = frozenset()  # assets whose failure was told before the plan began

    def fail(self, asset: AssetId, error: Exception | ErrorAccount) -> None:
        """Note that an asset could not be planned; of one that has failed already nothing new is told."""
        if asset in self.told:
            return
        self.failed.append(Problem.of_error(asset, product_error(error, str(asset))))
