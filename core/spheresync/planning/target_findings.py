"""What is known of assets that a target does not hold as it should, as one plan finds and leaves it.

Such knowledge stays until a write or a look shows otherwise: their tables are looked at in every plan that is about
them, though neither record nor checkpoint has moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from spheresync.errors import TargetFault
from spheresync.model import Action, AssetId, Problem, TargetKey
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.approvals import ACCESS_NOT_APPROVED
from spheresync.planning.decisions.asset_work import EDITED_SINCE, AssetWork
from spheresync.planning.decisions.drift import DRIFT
from spheresync.planning.decisions.guards import GUARDS
from spheresync.planning.decisions.items import name_taken
from spheresync.planning.plan_draft import PlanDraft
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, ChangeSetItem, Unwritten
from spheresync.targets.registry import design_of

_SEEN = frozenset({TargetFault.CONFLICT, DRIFT})
"""What a look at the table found, and only another look can say is over."""
_LEFT = GUARDS | {DRIFT}
"""What no look at the table would mend: a guard holds it back, or the policies leave it so.

What waits for a second person is looked at: where a look has found it, neither record nor checkpoint says it again.
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a plan found out: problems of assets, those that are over, whose tables are fine, and which stay edited.

    Of `unedited` nothing is known any more that others changed: it was read, and is not there.
    """

    problems: tuple[Problem, ...]
    over: frozenset[AssetId]
    fine: frozenset[AssetId]
    left: frozenset[AssetId]
    unedited: frozenset[AssetId]

    async def write(self, tx: Tx, key: TargetKey, in_force: Sequence[TargetKey], *, at: str) -> None:
        """Note it, and where the assets stand now by all targets `in_force`."""
        await tx.unwritten.remove_many(key, self.over)
        await tx.unwritten.put_many(key, self.problems, at=at)
        await tx.drift.forget(key, self.unedited)
        await tx.drift.settle(key, self.fine)
        await tx.drift.leave(key, self.left)
        about = {each.asset for each in self.problems if each.asset is not None}
        await settle_statuses(tx, about | self.over | self.fine | self.left | self.unedited, in_force)


@dataclass(slots=True)
class TargetFindings:
    """What is known when a plan begins, and which of it the plan is about."""

    unwritten: Mapping[AssetId, Unwritten] = field(default_factory=dict)
    drifted: frozenset[AssetId] = frozenset()  # of these, a sync mends the tables
    edited: frozenset[AssetId] = frozenset()  # these too, and those whose tables are left as others made them
    doubted: set[AssetId] = field(default_factory=set)
    _looked_into: dict[AssetId, AssetWork] = field(default_factory=dict)
    _unwanted: set[AssetId] = field(default_factory=set)

    @classmethod
    async def load(cls, store: Store, key: TargetKey) -> TargetFindings:
        """What the state holds of all assets in one target."""
        return cls(
            await store.unwritten.all(key),
            await store.drift.to_mend(key),
            frozenset(await store.drift.assets(key)),
        )

    def doubts(self, asset: AssetId, work: AssetWork) -> bool:
        """Whether the table of an asset is to be looked at, whatever record and checkpoint say."""
        known = self.unwritten.get(asset)
        code = None if known is None or known.problem.code in _LEFT else known.problem.code
        if asset not in self.drifted and code is None:
            return False
        doubted = work is AssetWork.UNCHANGED or asset in self.drifted or code == TargetFault.CONFLICT
        if doubted:
            self.doubted.add(asset)
        return doubted

    def note(self, record: AssetRecord, work: AssetWork, *, included: bool) -> None:
        """Take in what work a known asset of the scope is; `included`: the target is for it."""
        if record.id in self.unwritten or record.id in self.drifted:
            self._looked_into[record.id] = work
            if work is AssetWork.HELD or (work is AssetWork.NOTHING and (not included or record.misses)):
                self._unwanted.add(record.id)

    def after(self, draft: PlanDraft, items: Sequence[ChangeSetItem], findings: Iterable[Problem]) -> Findings:
        """What is known once everything is planned.

        What is planned and was not taken before stays known until it is written; what a guard holds back is known by
        that; a look that failed leaves what a former one has found.
        """
        problems = [
            name_taken(item.asset, item.reason, design_of(item.target))
            for item in items
            if item.action is Action.CONFLICT
        ]
        problems += draft.absent
        problems += draft.waits
        problems += [_settled(each) for each in draft.left if self._settles_refusal(each, draft)]
        problems += [each for each in draft.left if self._is_seen_first(each, draft)]
        problems += [each for each in draft.failed if each.asset is not None and not self._seen_before(each.asset)]
        held_back = _held_back(items, findings)
        problems += held_back
        again = {each.asset for each in problems}
        blocked_before = {
            asset for asset in self._looked_into if asset in self.unwritten and self._code(asset) in _HELD_BACK
        }
        fine = draft.fine & self._looked_into.keys()
        over = ((fine | self._unwanted | blocked_before) & self.unwritten.keys()) - again
        left = (draft.reported | {each.asset for each in draft.absent if each.asset}) & self._looked_into.keys()
        return Findings(
            tuple(problems), frozenset(over), frozenset(fine), frozenset(left), self.edited.intersection(draft.unedited)
        )

    def _settles_refusal(self, finding: Problem, draft: PlanDraft) -> bool:
        """Whether a look ends that something was refused for an edit of others: by the policies that edit stays.

        What is known of the asset from then on is that edit, which is nobody's failure.
        """
        asset = finding.asset
        if finding.code != DRIFT or asset not in draft.reported or asset not in self.unwritten:
            return False
        return self._code(asset) in {TargetFault.MOVED, EDITED_SINCE}

    def _is_seen_first(self, finding: Problem, draft: PlanDraft) -> bool:
        """Whether a look found an edit that the policies leave, and nothing is known of the asset's table yet."""
        asset = finding.asset
        seen = finding.code == DRIFT and asset in draft.reported
        return seen and asset not in self.unwritten and asset not in self.edited

    def _code(self, asset: AssetId) -> str:
        return self.unwritten[asset].problem.code

    def _seen_before(self, asset: AssetId) -> bool:
        return asset in self.unwritten and self._code(asset) in _SEEN


_NOT_TRIED_AGAIN = "the drift policy leaves that edit, so what was refused because of it is not tried again"


def _settled(finding: Problem) -> Problem:
    """What is known of an asset whose refusal is over: the edit that was in the way, which the policies leave."""
    return replace(finding, message=f"{finding.message}; {_NOT_TRIED_AGAIN}")


_HELD_BACK = GUARDS | {ACCESS_NOT_APPROVED}


def _held_back(items: Iterable[ChangeSetItem], findings: Iterable[Problem]) -> list[Problem]:
    """Of each asset that a guard holds back, that it does and what to do."""
    said = {(each.code, each.subject): each for each in findings if each.code in GUARDS}
    anywhere = {code: each for (code, _), each in said.items()}
    problems = []
    for item in items:
        if item.blocked_by == ACCESS_NOT_APPROVED:
            text = "a change of who may see what waits until a second person has approved it"
            remedy = "Make a preview, have somebody else approve that change set, then apply it."
            problems.append(Problem.of(item.asset, ACCESS_NOT_APPROVED, text, remedy))
        if item.blocked_by in GUARDS:
            finding = said.get((item.blocked_by, item.asset.space)) or anywhere.get(item.blocked_by)
            what = "its removal" if item.action.removes else "its update"
            what = "that it is let go" if item.action is Action.FORGET else what
            why = f": {finding.message}" if finding is not None else ""
            remedy = finding.remedy if finding is not None else ""
            problems.append(Problem.of(item.asset, item.blocked_by, f"a guard holds {what} back{why}", remedy))
    return problems
