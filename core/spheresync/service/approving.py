"""A person's word for a saved change set, and for the promotion that it was made with."""

from __future__ import annotations

from pathlib import Path

from spheresync.answers import ApprovalAnswer, PromotionAnswer
from spheresync.config import Settings
from spheresync.errors import PermissionRefusedError, RefusedError
from spheresync.model import ChangeSetId, JsonValue, Principal, isoformat
from spheresync.planning.decisions.approvals import approved_by_another, valid_approval
from spheresync.planning.lost_bodies import require_whole_bodies
from spheresync.planning.promotion import make_promotion
from spheresync.runtime.scope import Scope
from spheresync.service.authority import Permission, authorize
from spheresync.service.promotion_files import write_promotion
from spheresync.service.reading import Reading
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.change_set_digest import FORMAT, require_as_saved
from spheresync.state.port import Tx
from spheresync.state.records import Approval, ApprovedPromotion, AuditEvent, ChangeSetRecord

_OWN = "Who made a change set is no second person: its deletes wait until somebody else has approved it."
_PART = "This change set is about a part of the catalog, and the promotion counts for all of it."


class Approving(Reading):
    """Approvals, besides the questions that only the state answers."""

    async def approve(self, change_set_id: str, principal: Principal, *, limit: int = 20) -> ApprovalAnswer:
        """Note that a person approves a change set as it is. The same person again changes nothing.

        A promotion that it was made with counts in this installation from then on.

        The last approval is the one that counts, but for that of whoever made the change set, which does not take the
        place of somebody else's.

        Raises:
            UsageError: there is no such change set.
            RefusedError: it expired, was applied, is not what was saved, or mapping, scope or program moved since.
        """
        authorize(principal, Permission.ADMINISTER)
        if principal.kind != "user":
            raise PermissionRefusedError(
                "only a person approves.", remedy="Ask somebody to approve it at the command line."
            )
        self._context.require_good_settings()
        now = isoformat(self._context.clock())
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        await self._require_approvable(record, now=now)
        stands = valid_approval(record)
        if stands is None or principal.id not in {stands.by, record.actor}:
            await self._note(record, Approval(principal.id, now, record.digest))
        return await self._approval(record.id, limit=limit)

    async def promote(
        self, change_set_id: str, file: Path, principal: Principal, *, replace: bool = False
    ) -> PromotionAnswer:
        """Write scope and rules of a change set to a file for the next environment, with what became of its assets.

        Raises:
            UsageError: there is no such change set, or the file is there already or cannot be written.
            RefusedError: it is an undo, or the settings in force are no longer those that it was made with.
        """
        authorize(principal, Permission.OPERATE)
        context = self._context
        context.require_good_settings()
        settings, at = context.settings, isoformat(context.clock())
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        if record.undo_of is not None:
            raise RefusedError(
                f"change set {record.id} undoes {record.undo_of}: no rules made it, so it has none to promote.",
                remedy="Name a change set that preview made.",
            )
        _require_made_so(record, settings)
        promotion = await make_promotion(self._store, settings, context.mapping, record, principal, at=at)
        return await write_promotion(context, promotion, file, principal, replace=replace)

    async def _require_approvable(self, record: ChangeSetRecord, *, now: str) -> None:
        if record.run_id is not None:
            raise RefusedError(
                f"change set {record.id} was applied already, by run {record.run_id}.", remedy="Make a new preview."
            )
        require_current(record, self._context.settings, now=now)
        items = await self._store.change_sets.all_items(record.id)
        require_as_saved(record, items)
        await require_whole_bodies(self._store, record, items)

    async def _note(self, record: ChangeSetRecord, approval: Approval) -> None:
        detail: dict[str, JsonValue] = {"change_set": record.id, "digest": record.digest, "made_by": record.actor}
        if record.promotion is not None:
            detail["promotion"] = record.promotion
        event = AuditEvent(approval.by, "approve", None, None, None, "done", detail)

        async def note(tx: Tx) -> bool:
            if not await tx.change_sets.approve(record.id, approval):
                return False
            if record.promotion is not None:
                await tx.promotions.approve(ApprovedPromotion(record.promotion, approval.by, approval.at, record.id))
            await tx.audit.append_many([event])
            return True

        if not await self._store.write(note):
            raise RefusedError(f"change set {record.id} was applied just now.", remedy="Make a new preview.")

    async def _approval(self, change_set_id: ChangeSetId, *, limit: int) -> ApprovalAnswer:
        record = await self._store.change_sets.get(change_set_id)
        answer = await self.get_change_set(change_set_id, detail="concise", limit=limit)
        assert record.approval is not None
        own = self._context.settings.approvals.of_deletes and not approved_by_another(record)
        scope = Scope.from_json(decode_cell(record.request))
        part = record.promotion is not None and not (scope.everything and scope.every_target)
        return ApprovalAnswer(
            **answer.model_dump(),
            approved_at=record.approval.at,
            promotion=record.promotion,
            note=" ".join([*([_OWN] if own else []), *([_PART] if part else [])]),
        )


def require_current(record: ChangeSetRecord, settings: Settings, *, now: str) -> None:
    """Let a saved change set pass that may be applied as far as time, program and rules go.

    Raises:
        RefusedError: it expired, or mapping, scope or program moved since.
    """
    if record.format != FORMAT:
        raise RefusedError(f"change set {record.id} was made by another version.", remedy="Make a new preview.")
    if record.expires_at < now:
        raise RefusedError(f"change set {record.id} expired at {record.expires_at}.", remedy="Make a new preview.")
    if record.undo_of is None:
        _require_made_so(record, settings)
    in_force = None if settings.promoted is None else settings.promoted.digest
    if record.promotion not in {None, in_force}:
        raise RefusedError(
            f"the promotion that change set {record.id} was made with is no longer in force.",
            remedy="Make a new preview.",
        )


def _require_made_so(record: ChangeSetRecord, settings: Settings) -> None:
    if (record.mapping_digest, record.scope_digest) != (settings.mapping_digest, settings.scope_digest):
        raise RefusedError(
            f"mapping or scope changed since change set {record.id} was made.", remedy="Make a new preview."
        )
