"""What each asset needs in one target, before anything of it is designed: most need nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import Action, AssetId, RunId, isoformat, to_the_second
from spheresync.planning.decisions.asset_work import AssetWork, RemovalRules, held_as_gone, work_for
from spheresync.planning.decisions.base_objects import as_dependent, as_unwanted
from spheresync.planning.decisions.items import Subject, forget_item, refused_for_personal_data, settled_item
from spheresync.planning.dependents import Dependents
from spheresync.planning.plan_draft import PlanDraft
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.removal.confirmed_gone import ConfirmedGone, not_asked
from spheresync.planning.target_findings import TargetFindings
from spheresync.runtime.unread import is_unread
from spheresync.state.records import NO_RUN, AssetRecord, Checkpoint, CheckpointState
from spheresync.targets.design import TargetDesign


@dataclass(frozen=True, slots=True)
class AssetTriage:
    """What the triage goes by.

    Args:
        request: what the plan is asked for.
        mapping: the rules in force.
        design: of the target.
        rules: when what is gone is retired or deleted.
        checkpoints: what the target is known to hold.
        dependents: what is known of the target that this one depends on.
        findings: what others did to tables, noted by runs and plans before.
        confirmed: which assets are known to be gone.
        subject: an asset as the target sees it.
        draft: gets what is settled.
        decided: gets the decision for each asset that the plan is about.
    """

    request: PlanRequest
    mapping: MappingRules
    design: TargetDesign
    rules: RemovalRules
    checkpoints: Mapping[AssetId, Checkpoint]
    dependents: Dependents
    findings: TargetFindings
    confirmed: ConfirmedGone
    subject: Callable[[AssetRecord, Decision], Subject]
    draft: PlanDraft
    decided: dict[AssetId, Decision]
    now: datetime

    def settle(self, records: Iterable[AssetRecord]) -> list[AssetRecord]:
        """Settle what needs no definition; answer what does."""
        to_design = []
        for record in records:
            try:
                if self._triage(record) is AssetWork.DESIGN:
                    to_design.append(record)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self.draft.fail(record.id, error)
        return to_design

    def _triage(self, record: AssetRecord) -> AssetWork:
        """What one asset needs; all but its design is settled."""
        request, draft, checkpoint = self.request, self.draft, self.checkpoints.get(record.id)
        decision = record.decided_by(self.mapping)
        if not request.scope.wants(record.id, decision.tier):
            return AssetWork.NOTHING
        subject = self.subject(record, decision)
        triaged = partial(work_for, record, checkpoint, decision, subject.mapping, rules=self.rules, now=self.now)
        work = triaged(full=request.full)
        if self.findings.doubts(record.id, work):
            work = triaged(full=request.full, again=True)
        if self.dependents.key is not None:
            work = self._as_dependent(record, checkpoint, work)
        if (unwanted := self.design.unwanted_because(decision)) is not None:
            work = as_unwanted(work, checkpoint, self.rules)
        if decision.refused and work in {AssetWork.DESIGN, AssetWork.UNCHANGED} and not record.misses:
            raise refused_for_personal_data(record.id, decision.refused)
        if work in {AssetWork.RETIRE, AssetWork.DELETE} and not (unwanted or self.confirmed.allows(record.id)):
            draft.left.append(not_asked(record.id))
            work = AssetWork.UNCHANGED
        self.findings.note(record, work, included=record.included and decision.included)
        self._settle(record, checkpoint, decision, work)
        self.decided[record.id] = decision
        return work

    def _as_dependent(self, record: AssetRecord, checkpoint: Checkpoint | None, work: AssetWork) -> AssetWork:
        """The work of an asset whose object adds to another one, which may be gone by now."""
        with_base = self.design.capabilities.goes_with_base
        base = self.dependents.checkpoints.get(record.id) if record.id in self.dependents.objects.gone else None
        there = checkpoint is not None and checkpoint.state in {CheckpointState.ACTIVE, CheckpointState.RETIRED}
        if with_base and base is not None and checkpoint is not None and there:
            self._note_gone(checkpoint, base.run_id, base.synced_at)
            return AssetWork.NOTHING
        if checkpoint is not None and self._is_handed_over(checkpoint, work):
            self._note_gone(checkpoint, NO_RUN, isoformat(self.now))
            return AssetWork.NOTHING
        return as_dependent(work, checkpoint, goes_with_base=with_base)

    def _note_gone(self, checkpoint: Checkpoint, run_id: RunId, at: str) -> None:
        """Note that nothing stands there any more, and which run has seen to that."""
        gone = replace(checkpoint, state=CheckpointState.DELETED, version=None, run_id=run_id, synced_at=at)
        self.draft.rebased.append(gone)

    def _is_handed_over(self, checkpoint: Checkpoint, work: AssetWork) -> bool:
        """Whether what was to go stands where another asset has its place by now, which is written over it."""
        if self.design.capabilities.own_ids or not self.dependents.is_of_another(checkpoint):
            return False
        going = work in {AssetWork.RETIRE, AssetWork.DELETE}
        return going or (checkpoint.state is CheckpointState.RETIRED and work is AssetWork.UNCHANGED)

    def _settle(self, record: AssetRecord, checkpoint: Checkpoint | None, decision: Decision, work: AssetWork) -> None:
        """Note of one asset what needs no definition."""
        draft = self.draft
        if work is AssetWork.UNCHANGED:
            # what could not be read is told as that, and what failed too
            if not (is_unread(record) or record.id in draft.told):
                retired = checkpoint is not None and checkpoint.state is CheckpointState.RETIRED
                if record.misses and not retired:
                    draft.missing.add(record.id)
                else:
                    draft.summary[Action.UNCHANGED] += 1
        elif work is AssetWork.HELD:
            reason, word = "a revert holds it until it changes in Datasphere or is released", self.design.object_word
            if checkpoint is not None and checkpoint.state is CheckpointState.DELETED:
                deleted_at = to_the_second(checkpoint.synced_at)
                reason = f"a revert deleted its {word} at {deleted_at}, and holds it so until the asset "
                reason += "changes in Datasphere or is released"
            elif checkpoint is not None and checkpoint.state is CheckpointState.TAKEN_BACK:
                reason = f"a revert took back what was ours at {to_the_second(checkpoint.synced_at)}, and holds it so "
                reason += "until the asset changes in Datasphere or is released"
            if held_as_gone(record, checkpoint):
                reason = f"a revert holds its {word} until the asset is back in Datasphere or is released"
            draft.items.append(settled_item(self.subject(record, decision), Action.HELD, reason))
        elif work is AssetWork.FORGET:
            reason = f"left the scope: {decision.excluded_by}"
            draft.items.append(forget_item(self.subject(record, decision), reason))
        elif work in {AssetWork.RETIRE, AssetWork.DELETE, AssetWork.TAKE_BACK}:
            draft.removals.append((work, self.subject(record, decision)))
