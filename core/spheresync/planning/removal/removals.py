"""Plan what becomes of tables whose assets are not listed any more: retired first, deleted later where allowed.

A retired table that a run found changed by others is read again. In a preview a person sees what was done to it and
may have it deleted all the same; a sync, which nobody reviews, leaves it and says so (CONTRACT.md, Deletion).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from spheresync.config import DeletionPolicy, Settings
from spheresync.model import (
    Action,
    Address,
    AssetId,
    Digest,
    LiveObject,
    Problem,
    counted,
    first_of,
)
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED, NEEDS_ALLOWANCE
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.planning.decisions.drift import DRIFT
from spheresync.planning.decisions.items import Subject, delete_item, forget_item, settled_item
from spheresync.planning.live_reads import LiveReads
from spheresync.planning.lost_bodies import known_by_target
from spheresync.planning.plan_draft import PlanDraft
from spheresync.planning.removal.retirement import retire
from spheresync.planning.removal.take_back import take_back
from spheresync.state.port import Store, Tx
from spheresync.state.records import ChangeSetItem, Checkpoint, CheckpointState, FormerTable
from spheresync.targets.look_by_name import of_one
from spheresync.targets.protocol import Target
from spheresync.targets.registry import design_of

_NAMED_FIELDS = 8


@dataclass(frozen=True, slots=True)
class DeleteRules:
    """`allowed`: deletes may be done; `reviewed`: a person sees the change set before anything of it is sent.

    `four_eyes`: a second person has to approve them besides; `alone`: nobody asked for this plan, so nobody could.
    """

    allowed: bool
    reviewed: bool
    four_eyes: bool = False
    alone: bool = False

    @property
    def offered(self) -> bool:
        """Whether deletes are planned at all: a preview offers them even where they still wait for the allowance."""
        return self.reviewed or (self.allowed and not (self.four_eyes and self.alone))

    def blocked_by(self, *, touched: bool) -> str | None:
        """Why a planned delete waits; one of a table that others touched waits for a person's word in any case."""
        if touched or not self.allowed:
            return NEEDS_ALLOWANCE
        return DELETES_NOT_APPROVED if self.four_eyes else None


class Removals:
    """Adds retirements and deletions to a draft."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        target: Target,
        draft: PlanDraft,
        rules: DeleteRules,
        *,
        at: str,
        live_reads: LiveReads,
    ) -> None:
        """`at`: the time that a mark says; `live_reads`: reads what is to go, where a person is to see it."""
        self._live_reads = live_reads
        self._store = store
        self._settings = settings
        self._target = target
        self._design = design_of(target.key.target)
        self._draft = draft
        self._rules = rules
        self._at = at
        self._bodies: list[bytes] = []
        self._known_again: list[FormerTable] = []

    async def plan(self) -> None:
        """Items of assets that were missed often enough; each counts for the guards.

        Raises:
            TargetError: the target as a whole is out.
        """
        written = [subject.checkpoint.body for _, subject in self._draft.removals if subject.checkpoint is not None]
        blobs = await self._store.blobs.get_many(written)
        seen = await self._live_reads.at([s.checkpoint for _, s in self._draft.removals if s.checkpoint is not None])
        for work, subject in self._draft.removals:
            try:
                item = await self._removal(work, subject, blobs, seen)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self._fail(subject, error)
                continue
            if item is not None:
                self._draft.items.append(item)
                wished = work is AssetWork.TAKE_BACK or self._unwanted(subject) is not None
                if item.action.removes and not wished:  # rules are the wish of a person
                    self._draft.gone.append(subject.asset)
        await self._keep_bodies()

    async def _removal(
        self,
        work: AssetWork,
        subject: Subject,
        blobs: Mapping[Digest, bytes],
        seen: Mapping[AssetId, LiveObject | None],
    ) -> ChangeSetItem | None:
        assert subject.checkpoint is not None
        live = seen.get(subject.asset)
        times = f"no longer listed by Datasphere, {counted(subject.record.misses, 'complete listing')} in a row"
        checkpoint, last_body = await self._last_written(subject.checkpoint, blobs)
        if checkpoint.body != subject.checkpoint.body:
            self._draft.rebased.append(checkpoint)
        about = replace(subject, checkpoint=checkpoint)
        times = self._unwanted(subject) or times
        if work is AssetWork.TAKE_BACK:
            times = f"no rule binds it any more: {subject.decision.excluded_by}"
        if last_body is None:
            return forget_item(about, f"{times}, and its {self._design.object_word} is gone")
        last_body = self._as_written(last_body, live)
        if checkpoint.state is CheckpointState.BOUND:
            return self._take_back(about, checkpoint, last_body, times, live)
        if work is not AssetWork.RETIRE:
            return await self._delete(about, checkpoint, last_body, f"retired, and {times}", live)
        foreign = self._foreign(about, checkpoint, last_body, live)
        if foreign is not None:
            return settled_item(about, Action.CONFLICT, foreign)
        return self._retire(about, checkpoint, last_body, times, live)

    def _unwanted(self, subject: Subject) -> str | None:
        """Why an asset is to have nothing in the target though Datasphere lists it; None where that is not so."""
        return None if subject.record.misses else self._design.unwanted_because(subject.decision)

    async def plan_formers(self, left_behind: Sequence[tuple[FormerTable, Subject]]) -> None:
        """Items of tables that assets had before mapping rules named them anew.

        They are retired in the change set that names the asset anew, and deleted as retired tables are. No guard counts
        them, since new rules are the wish of a person. `deletion.policy: keep` neither marks nor deletes them: they are
        remembered, and retired once the policy says so. Where the asset left the scope they are left alone.

        Raises:
            TargetError: as `plan`.
        """
        bodies = await self._store.blobs.get_many(former.body for former, _ in left_behind)
        not_ours: list[Address] = []
        for former, subject in left_behind:
            try:
                gone, item = await self._of_former(former, subject, bodies)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self._fail(subject, error)
                continue
            if gone:
                not_ours.append(former.address)
            elif item is not None:
                self._draft.items.append(item)
        await self._keep_bodies(not_ours)

    async def _of_former(
        self, former: FormerTable, subject: Subject, bodies: Mapping[Digest, bytes]
    ) -> tuple[bool, ChangeSetItem | None]:
        """Whether a former table is gone or somebody else's by now, and what is to be done about one that is not."""
        checkpoint, last_body = await self._last_written(former.as_checkpoint(), bodies)
        if checkpoint.body != former.body:
            self._known_again.append(
                replace(former, body=checkpoint.body, body_digest=checkpoint.body_digest, version=None)
            )
        about = replace(subject, checkpoint=checkpoint)
        if last_body is not None and self._design.is_bound(last_body):
            reason = f"mapping rules bind {subject.asset} to this table no more"
            live = await self._live_reads.at([checkpoint])
            taken = self._take_back(about, checkpoint, last_body, reason, live.get(subject.asset))
            return taken.action is Action.FORGET, taken
        if self._settings.deletion.policy is DeletionPolicy.KEEP or not subject.decision.included:
            return False, None
        reason = f"a former table of {subject.asset}, which mapping rules named anew"
        if last_body is None:
            return True, None
        if not former.retired:
            seen = await self._live_reads.at([checkpoint])
            return False, self._retire(about, checkpoint, last_body, reason, seen.get(subject.asset))
        if not self._rules.offered:
            return False, None
        item = await self._delete(about, checkpoint, last_body, f"{reason}; retired since {former.since}")
        return item is not None and item.action is Action.FORGET, item

    def _fail(self, subject: Subject, error: Exception) -> None:
        """Note that the removal of one asset's table could not be planned.

        Raises:
            TargetError: the target as a whole is out, so that the others would fail alike.
            ConfigurationError: AWS cannot be used as it is configured.
        """
        self._draft.fail(subject.asset, of_one(error, str(subject.asset)))

    async def _last_written(
        self, checkpoint: Checkpoint, bodies: Mapping[Digest, bytes]
    ) -> tuple[Checkpoint, bytes | None]:
        """What was written last; where the state has lost it, what the table proves of it, None where none is there."""
        if checkpoint.body in bodies:
            return checkpoint, bodies[checkpoint.body]
        live = await self._target.read(checkpoint.container, checkpoint.name)
        if live is None:
            return checkpoint, None
        known, body = known_by_target(self._design, checkpoint, live)
        self._bodies.append(body)
        return replace(known, version=None), body  # so that it is read again before it is deleted

    def _as_written(self, last_body: bytes, live: LiveObject | None) -> bytes:
        """What was written last, with what writes that failed since have left there."""
        if live is None:
            return last_body
        written = self._design.as_written(last_body, live.body)
        if written is not last_body:
            self._bodies.append(written)
        return written

    def _retire(
        self, subject: Subject, checkpoint: Checkpoint, last_body: bytes, reason: str, live: LiveObject | None
    ) -> ChangeSetItem:
        policies = self._settings.drift
        marked = retire(subject, checkpoint, last_body, live, at=self._at, reason=reason, policies=policies)
        self._bodies += marked.bodies
        self._draft.left += [marked.finding] if marked.finding is not None else []
        self._draft.overwritten += [marked.overwritten] if marked.overwritten is not None else []
        return marked.item

    def _take_back(
        self, subject: Subject, checkpoint: Checkpoint, last_body: bytes, reason: str, live: LiveObject | None
    ) -> ChangeSetItem:
        """Take back what is ours from a table of others, where it is still that which we bound."""
        marker = self._settings.installation_marker
        why = None if live is None else self._design.not_bindable_because(live, subject.asset, marker, last_body)
        if why is not None:
            return forget_item(subject, f"{reason}; the table {checkpoint.container}.{checkpoint.name} {why}")
        taken = take_back(subject, checkpoint, last_body, live, reason=reason, policies=self._settings.drift)
        self._bodies += taken.bodies
        return taken.item

    def _foreign(
        self, subject: Subject, checkpoint: Checkpoint, last_body: bytes, live: LiveObject | None
    ) -> str | None:
        """Why a table that is to be marked is not ours any more; None where it is, or where nobody has looked."""
        if live is None:
            return None
        marker = self._settings.installation_marker
        foreign = self._design.foreign_because(live, subject.asset, marker, last_body)
        foreign = foreign or self._design.made_anew_because(live, last_body, checkpoint.version)
        return (
            f"the {self._design.object_word} {checkpoint.container}.{checkpoint.name} {foreign}; it stays as it is"
            if foreign is not None
            else None
        )

    async def _delete(
        self, subject: Subject, checkpoint: Checkpoint, last_body: bytes, reason: str, live: LiveObject | None = None
    ) -> ChangeSetItem | None:
        """The delete of a retired table, or what becomes of it instead; None where it is left and a finding says so."""
        if live is None and checkpoint.version is None:
            live = await self._target.read(checkpoint.container, checkpoint.name)
        last_body = self._as_written(last_body, live)
        if live is None:  # as it was left, or gone already
            return replace(delete_item(subject, last_body, reason), blocked_by=self._rules.blocked_by(touched=False))
        table, word = f"{checkpoint.container}.{checkpoint.name}", self._design.object_word
        foreign = self._design.foreign_because(live, subject.asset, self._settings.installation_marker, last_body)
        if foreign is not None:
            return forget_item(subject, f"the retired {word} {table} {foreign}; it is left as it is")
        # Without members that AWS fills with empty values.
        changes = tuple(each for each in self._design.changes(last_body, live.body) if each.before or each.after)
        if changes and not self._rules.reviewed:
            self._draft.left.append(_left(subject.asset, f"{word} {table}", [change.path for change in changes]))
            return None
        self._bodies.append(live.body)
        seen = replace(subject, checkpoint=replace(checkpoint, version=live.version))
        if changes:
            reason = f"{reason}; somebody else has changed {len(changes)} of its fields since"
        item = delete_item(seen, live.body, reason)
        return replace(item, changes=changes, blocked_by=self._rules.blocked_by(touched=bool(changes)))

    async def _keep_bodies(self, not_ours: Sequence[Address] = ()) -> None:
        """Write down what the items refer to, and that former tables belong to others by now."""
        bodies, self._bodies = self._bodies, []
        known_again, self._known_again = self._known_again, []

        async def keep(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)
            await tx.former_tables.put_many(known_again)
            await tx.former_tables.remove_many(self._target.key, not_ours)

        if bodies or not_ours:
            await self._store.write(keep)


def _left(asset: AssetId, table: str, fields: Sequence[str]) -> Problem:
    message = f"somebody else has changed {first_of(fields, _NAMED_FIELDS)} of the retired {table}"
    remedy = "Look at it in a preview; if it may go, apply that change set with deletes allowed."
    return Problem.of(asset, DRIFT, f"{message}; it is not deleted", remedy)
