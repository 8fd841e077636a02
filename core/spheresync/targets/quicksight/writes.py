"""Bring data sets and their topics to what they should be: each write begins with a look, and is tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.errors import NoObjectError, TargetError, TargetFault
from spheresync.model import Action, DesiredObject, JsonValue, LiveObject, first_of
from spheresync.targets.aws.door import Reply
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.known_operation import held_before, knowing
from spheresync.targets.protocol import Operation, Outcome
from spheresync.targets.quicksight.answers import PREPARED_ANEW
from spheresync.targets.quicksight.content import OWNER_TAG, Content
from spheresync.targets.quicksight.design import NOT_OURS, QUICK_SIGHT_DESIGN
from spheresync.targets.quicksight.merge import broken_by, columns_gone
from spheresync.targets.quicksight.permissions import Shared, entries
from spheresync.targets.quicksight.reads import UNVERSIONED, DataSetReader
from spheresync.targets.quicksight.requests import data_set_request
from spheresync.targets.quicksight.service import ABSENT, EXISTS, QuickSightService
from spheresync.targets.quicksight.shared import tag_list
from spheresync.targets.quicksight.steps import Step, steps_between

_ATTEMPTS = 3
_NAMED = 8
_LOOK = "Make a new preview to see the data set as it is now."
_NEEDS_WHAT_IS_SHARED = frozenset({"CreateDataSet", "UpdateDataSet", "CreateFolderMembership", "CreateTopic"})
_MADE_AGAIN = "Somebody has deleted what it needs: the next sync makes it again."
_READS_GONE = "Change or delete that in QuickSight, as only its owner knows what it should be; the next sync goes on."
_PREPARED_ANEW = (
    "Move it back in QuickSight, or delete it there, and the next sync makes it again; or keep it, and let no rule "
    "make the asset queryable (queryable: false)."
)
_TOPIC_NOT_OURS = (
    f"Tag it {OWNER_TAG} with the name of this installation if it is ours; or leave the kind of the asset out of "
    "quicksight.topics. Whose topic it is may also delete it, and the next sync makes ours."
)
_OF_A_TABLE = frozenset({"CreateDataSet", "UpdateDataSet"})
_NOT_TAKEN = (
    "Where Athena cannot query that table yet (it holds metadata only, or is empty), fill it or let no rule make it "
    "queryable (queryable: false); else correct what QuickSight names, in Datasphere or in the data set."
)


class DataSetWriter:
    """Writes data sets of one account and Region, and nothing that others made.

    Args:
        service: of that account.
        reader: looks at what stands there.
        owner: the marker of this installation.
        drift: what to do about other people's edits.
    """

    def __init__(self, service: QuickSightService, reader: DataSetReader, owner: str, drift: DriftPolicies) -> None:
        self._service = service
        self._reader = reader
        self._owner = owner
        self._drift = drift
        self.refused: dict[str, TargetError] = {}  # data sources that could not be had
        self.found_again = False  # something of ours was there already that nobody knew of

    async def perform(self, operation: Operation) -> Outcome:
        """Bring a data set, and its topic, to what they should be.

        Raises:
            NoObjectError: there is no such data set, and it was said that there must be.
            TargetError: CONFLICT (not ours), MOVED (changed by somebody else since the plan), INVALID, or what the
                service answered.
        """
        if operation.action is Action.DELETE:
            return await self._delete(operation)
        self._require_source(operation)
        if operation.action is Action.CREATE:
            return await self._create(operation)
        live = operation.seen or await self._look(operation)
        return await self._settle(operation, live)

    def _require_source(self, operation: Operation) -> None:
        content = Content.read(_desired(operation).body)
        refused = self.refused.get(content.source)
        if refused is not None:
            text = f"{operation.subject}: {refused.message}"
            raise TargetError(refused.fault, text, remedy=refused.remedy, request_id=refused.request_id)

    async def _create(self, operation: Operation) -> Outcome:
        """CreateDataSet; one that is there already is taken up where it is ours.

        Where data source or folder were found that the state knew nothing of, so may be the data set: it is looked for.
        """
        in_doubt = False
        if Content.read(_desired(operation).body).topic is not None:
            await self._require_topic_ours(operation)  # before there is a data set that it keeps from being known
        if operation.recovering or self.found_again:
            live = await self._look(operation)
            if live is not None:
                return await self._settle(operation, live)
        if operation.must_exist:
            raise NoObjectError(operation.subject)
        doubt: AwsError | None = None
        for attempt in range(_ATTEMPTS):
            if doubt is not None:
                await self._service.door.pause(attempt)
            try:
                return await self._make(operation)
            except AwsError as error:
                if error.code != EXISTS and not error.needs_look:
                    raise
                doubt, in_doubt = error, in_doubt or error.uncertain
            live = await self._look(operation)
            if live is not None:
                return await self._settle(operation, live, in_doubt=in_doubt)
        assert doubt is not None
        raise doubt

    async def _make(self, operation: Operation) -> Outcome:
        """Make a data set, then what goes with it."""
        content = Content.read(_desired(operation).body)
        params: dict[str, JsonValue] = {
            "DataSetId": operation.name,
            **data_set_request(content, self._service.arn),
            "Tags": tag_list(content.tags),
            **({"Permissions": entries(Shared.DATA_SET, content.grants)} if content.grants else {}),
            **({"FolderArns": [self._service.arn("folder", content.folder)]} if content.folder else {}),
        }
        reply = await self._call(operation, Step("CreateDataSet", params))
        made = replace(content, topic=None, foreign={k: v for k, v in content.foreign.items() if k != "InFolders"})
        await self._send(operation, steps_between(made, content, operation, self._service.arn))
        return Outcome(UNVERSIONED, content.body, request_id=reply.request_id)

    async def _settle(self, operation: Operation, live: LiveObject | None, *, in_doubt: bool = False) -> Outcome:
        """Bring what was just read to what is wanted; tried again, as an answer may get lost.

        `in_doubt`: a write of this operation was sent, and its answer lost.
        """
        before: bytes | None = None
        doubt: AwsError | None = None
        tags_only = False
        for attempt in range(1 + _ATTEMPTS):
            if doubt is not None:
                await self._service.door.pause(attempt)
                live = await self._look(operation)
            if live is None:
                return await self._gone(operation)
            made = operation.action is Action.CREATE and (in_doubt or operation.recovering)
            if before is None and not made:
                before = held_before(QUICK_SIGHT_DESIGN, operation, live.body)
            operation = knowing(QUICK_SIGHT_DESIGN, operation, live.body)
            self._require_ours(operation, live)
            body, kept = self._wanted(operation, live, again=doubt is not None or in_doubt)
            there, wanted = Content.read(live.body), Content.read(body)
            if operation.action is Action.RETIRE and there.topic is None:
                wanted = replace(wanted, topic=None)  # none of ours is there to be marked
                body = wanted.body
            if operation.action is Action.RETIRE and (tags_only or _is_prepared_anew(there)):
                wanted = replace(there, tags=wanted.tags)  # its tags say it
                body = wanted.body
            else:
                _require_whole(operation, there, wanted)
            steps = steps_between(there, wanted, operation, self._service.arn)
            found = operation.action is Action.CREATE and not made  # a lost state knew nothing of it
            if not steps:
                already = doubt is None and not in_doubt
                took = Action.ADOPT if already else Action.UPDATE
                return Outcome(UNVERSIONED, body, before, already=already, kept=kept, did=took if found else None)
            try:
                request_id = await self._send(operation, steps)
            except TargetError as error:
                if operation.action is Action.RETIRE and error.fault is TargetFault.INVALID and not tags_only:
                    tags_only = True  # its table, or a column of that, is gone: QuickSight takes no update of it
                    continue
                if not isinstance(error, AwsError) or not error.needs_look:
                    raise
                doubt = error
                continue
            did = Action.UPDATE if found else None
            return Outcome(UNVERSIONED, body, before, request_id=request_id, kept=kept, did=did)
        assert doubt is not None
        raise doubt

    def _wanted(self, operation: Operation, live: LiveObject, *, again: bool) -> tuple[bytes, tuple[Any, ...]]:
        """The body to bring about, and edits of others that stay in it; `again`: we may have written part of it.

        Raises:
            TargetError: MOVED.
        """
        desired, last = _desired(operation), operation.last_written
        design = QUICK_SIGHT_DESIGN
        doubtful = again or operation.recovering
        if operation.exact and last is not None:
            moved = design.edited_since(last, last, live.body)
            if moved and not doubtful and not design.holds(live, desired):
                raise _moved(operation, moved)
            return design.restored(desired.body, last, live.body), ()
        merged = design.merge(last, live.body, desired.body, self._drift)
        # What stands there as it should be already, as after a write that ended half-way, is in nobody's way.
        open_ = {change.path for change in design.own_changes(live.body, desired.body)}
        moved = tuple(
            change.path
            for change in merged.ours_moved
            if change.path in open_
            if operation.strict
            or not (design.is_text(change.path) or design.policy_of(change.path, self._drift) is DriftPolicy.OVERWRITE)
        )
        if moved and not doubtful:
            raise _moved(operation, moved)
        return merged.body, merged.kept

    async def _gone(self, operation: Operation) -> Outcome:
        """The data set to be changed is not there: retired enough, made again, or refused, as the policy says."""
        if operation.action is Action.RETIRE:
            return Outcome(None, b"", already=True)
        if (
            operation.action is not Action.CREATE
            and not operation.exact
            and self._drift.missing is DriftPolicy.OVERWRITE
        ):
            if operation.must_exist:
                raise NoObjectError(operation.subject)
            desired = replace(_desired(operation), body=Content.read(_desired(operation).body).ours.body)
            again = replace(operation, action=Action.CREATE, desired=desired, last_written=None, recovering=False)
            return replace(await self._create(again), did=Action.CREATE)
        text = f"{operation.subject}: somebody else has deleted the data set."
        raise TargetError(TargetFault.MOVED, text, remedy=_LOOK)

    async def _delete(self, operation: Operation) -> Outcome:
        """Delete the topic and the data set, right after a look that finds them ours and as they were last seen."""
        in_doubt = False
        doubt: AwsError | None = None
        for attempt in range(_ATTEMPTS):
            if doubt is not None:
                await self._service.door.pause(attempt)
            live = await self._look(operation)
            if live is None:
                held = operation.last_written if in_doubt or operation.recovering else None
                return Outcome(None, b"", before=held, already=not in_doubt)
            operation = knowing(QUICK_SIGHT_DESIGN, operation, live.body)
            self._require_ours(operation, live)
            if not (in_doubt or operation.recovering):
                self._require_untouched(operation, live)
            try:
                request_id = await self._drop(operation, Content.read(live.body))
            except AwsError as error:
                if not error.needs_look and error.code != ABSENT:
                    raise
                doubt, in_doubt = error, True
                continue
            return Outcome(None, b"", before=live.body, request_id=request_id)
        assert doubt is not None
        raise doubt

    async def _drop(self, operation: Operation, there: Content) -> str | None:
        if there.topic is not None:
            try:
                await self._service.call(
                    "DeleteTopic", {"TopicId": operation.name}, subject=operation.subject, write=True
                )
            except AwsError as error:
                if error.code != ABSENT:
                    raise
        params: dict[str, JsonValue] = {"DataSetId": operation.name}
        reply = await self._service.call("DeleteDataSet", params, subject=operation.subject, write=True)
        return reply.request_id

    async def _send(self, operation: Operation, steps: Sequence[Step]) -> str | None:
        request_id = None
        for step in steps:
            try:
                reply = await self._call(operation, step)
            except AwsError as error:
                if error.code == EXISTS and step.operation == "CreateTopic":
                    await self._take_up_topic(operation, step.instead)
                    continue
                if error.code not in step.done_by:
                    raise
            else:
                request_id = reply.request_id
        return request_id

    async def _call(self, operation: Operation, step: Step) -> Reply:
        """One call.

        Raises:
            TargetError: NO_CONTAINER where what it needs is not there; or what the service answered.
        """
        if step.is_tagging:
            return await self._service.tagging(step.operation, step.params, subject=operation.subject)
        try:
            return await self._service.call(step.operation, step.params, subject=operation.subject, write=True)
        except AwsError as error:
            if error.code == ABSENT and error.code not in step.done_by and step.operation in _NEEDS_WHAT_IS_SHARED:
                raise TargetError(
                    TargetFault.NO_CONTAINER, error.message, remedy=_MADE_AGAIN, request_id=error.request_id
                ) from error
            if error.recovery is Recovery.INVALID and step.operation in _OF_A_TABLE and error.request_id:
                raise TargetError(
                    TargetFault.INVALID, error.message, remedy=_NOT_TAKEN, request_id=error.request_id
                ) from error
            raise

    async def _take_up_topic(self, operation: Operation, update: Mapping[str, JsonValue]) -> None:
        """Change a topic that is there though its data set did not say so: one that we began to make.

        Raises:
            TargetError: CONFLICT, it is somebody else's.
        """
        await self._require_topic_ours(operation)
        await self._service.call("UpdateTopic", update, subject=operation.subject, write=True)

    async def _require_topic_ours(self, operation: Operation) -> None:
        """Let a write pass whose topic is ours, or not there yet.

        Raises:
            TargetError: CONFLICT, it is somebody else's.
        """
        owner = await self._reader.topic_owner(operation.name, subject=operation.subject)
        if owner is not None and owner != self._owner:
            text = (
                f"{operation.subject}: topic {operation.name} exists and was not made by this installation; it stays "
            )
            raise TargetError(TargetFault.CONFLICT, f"{text}as it is.", remedy=_TOPIC_NOT_OURS)

    def _require_ours(self, operation: Operation, live: LiveObject) -> None:
        why = QUICK_SIGHT_DESIGN.foreign_because(live, operation.asset, self._owner, operation.last_written)
        if why is not None:
            text = f"{operation.subject}: the data set of that id {why}; it stays as it is."
            raise TargetError(TargetFault.CONFLICT, text, remedy=NOT_OURS)

    def _require_untouched(self, operation: Operation, live: LiveObject) -> None:
        last = operation.last_written
        if last is None:
            return
        moved = [change.path for change in QUICK_SIGHT_DESIGN.changes(last, live.body)]
        if moved:
            raise _moved(operation, moved)

    async def _look(self, operation: Operation) -> LiveObject | None:
        return await self._reader.look(operation.container, operation.name, subject=operation.subject)


def _desired(operation: Operation) -> DesiredObject:
    assert operation.desired is not None
    return operation.desired


def _is_prepared_anew(there: Content) -> bool:
    return PREPARED_ANEW in cast("Mapping[str, Any]", there.foreign.get("Members", {}))


def _require_whole(operation: Operation, there: Content, wanted: Content) -> None:
    """Let a write pass that takes nothing away from what others made.

    Raises:
        TargetError: INVALID, something of theirs reads a column that is gone, so that QuickSight refuses it; or they
            prepare the data in the way that knows no logical tables, of which an update of ours would leave nothing.
    """
    if _is_prepared_anew(there):
        text = f"{operation.subject}: somebody has moved the data set to the new data preparation; it stays as it is."
        raise TargetError(TargetFault.INVALID, text, remedy=_PREPARED_ANEW)
    broken = broken_by(there, wanted)
    if broken:
        gone = first_of(sorted(columns_gone(there, wanted)), _NAMED)
        theirs = first_of(broken, _NAMED)
        text = f"{operation.subject}: {theirs}, which others made, reads a column that is gone: {gone}."
        raise TargetError(TargetFault.INVALID, text, remedy=_READS_GONE)


def _moved(operation: Operation, paths: Sequence[str]) -> TargetError:
    text = f"{operation.subject}: somebody else has changed {first_of(list(paths), _NAMED)} since; nothing was written."
    return TargetError(TargetFault.MOVED, text, remedy=_LOOK)
