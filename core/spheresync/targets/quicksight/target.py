"""QuickSight as a target: data sets and topics of one account and Region, and nothing that others made.

An update replaces a data set whole, so each begins with a look at what stands there, and gives back what others made.
Nothing has versions, and no call takes a condition: the moment between a look and a write stays open.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.errors import ConfigurationError, NoObjectError, TargetError, TargetFault
from spheresync.model import (
    Action,
    DesiredObject,
    JsonValue,
    LiveObject,
    PhysicalName,
    Problem,
    TargetKey,
    first_of,
)
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.protocol import ContainerOutcome, Inventory, LiveContainer, Operation, Outcome, Usage
from spheresync.targets.quicksight.answers import Described, content_of
from spheresync.targets.quicksight.content import OWNER_TAG, SOURCE_TAG, TOPIC_TAG, Content
from spheresync.targets.quicksight.design import QUICK_SIGHT_DESIGN
from spheresync.targets.quicksight.permissions import Shared, entries
from spheresync.targets.quicksight.probes import PROBES
from spheresync.targets.quicksight.requests import data_set_request
from spheresync.targets.quicksight.service import ABSENT, EXISTS, QUICK_SIGHT_SERVICE, QuickSightService
from spheresync.targets.quicksight.shared import SharedObjects, tag_list
from spheresync.targets.quicksight.steps import Step, steps_between

_ATTEMPTS = 3
_UNVERSIONED = "-"
"""In the place of a version: data sets have none, so a write always reads what is there."""
_NAMED = 8
_LOOK = "Make a new preview to see the data set as it is now."
_NOT_OURS = "Delete that data set in QuickSight if nobody needs it; the next sync looks again."


class QuickSightTarget:
    """Data sets and topics of one account and Region.

    Args:
        door: the way to AWS.
        owner: the marker of this installation.
        drift: what to do about other people's edits.
        account: whose QuickSight it is.
        key: under which the state keeps what it holds.
    """

    def __init__(self, door: AwsDoor, *, owner: str, drift: DriftPolicies, account: str, key: TargetKey) -> None:
        self._door = door
        self._owner = owner
        self._drift = drift
        self._key = key
        self._service = QuickSightService(door, account)
        self._shared = SharedObjects(self._service, owner)
        self._refused: dict[str, TargetError] = {}  # data sources that could not be had
        self._found_again = False  # something of ours was there already that nobody knew of

    @property
    def key(self) -> TargetKey:
        return self._key

    @property
    def catalog(self) -> str | None:
        return self._door.own_catalog.seen

    def expect(self, catalog: str | None) -> None:
        """The target whose tables are shown has seen to that it is the one before."""

    async def find_catalog(self) -> str | None:
        return self.catalog

    @property
    def usage(self) -> Usage:
        return self._door.usage

    async def inventory(
        self, containers: frozenset[PhysicalName] | None, *, and_ours: bool = False, apart: bool = False
    ) -> Inventory:
        """Nothing: each data set is read by its id, which follows from its asset."""
        return Inventory({}, ())

    async def pages(self, container: PhysicalName) -> AsyncIterator[tuple[LiveObject, ...]]:
        """Nothing, as of `inventory`."""
        nothing: tuple[tuple[LiveObject, ...], ...] = ()
        for page in nothing:
            yield page

    async def container(self, name: PhysicalName) -> LiveContainer | None:
        return LiveContainer(name, ours=True, owner=self._owner)

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        """Have a data source or a folder."""
        await self._service.open()
        try:
            outcome = await self._shared.ensure(desired)
        except TargetError as error:
            self._refused[desired.container] = error
            raise
        self._refused.pop(desired.container, None)
        self._found_again = self._found_again or not outcome.created
        return outcome

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        return await self._look(container, name, subject=f"{container}.{name}")

    async def perform(self, operation: Operation) -> Outcome:
        """Bring a data set, and its topic, to what they should be.

        Raises:
            NoObjectError: there is no such data set, and it was said that there must be.
            TargetError: CONFLICT (not ours), MOVED (changed by somebody else since the plan), INVALID, or what the
                service answered.
        """
        await self._service.open()
        if operation.action is Action.DELETE:
            return await self._delete(operation)
        self._require_source(operation)
        if operation.action is Action.CREATE:
            return await self._create(operation)
        live = operation.seen or await self._look(operation.container, operation.name, subject=operation.subject)
        return await self._settle(operation, live)

    def _require_source(self, operation: Operation) -> None:
        content = Content.read(_desired(operation).body)
        refused = self._refused.get(content.source)
        if refused is not None:
            text = f"{operation.subject}: {refused.message}"
            raise TargetError(refused.fault, text, remedy=refused.remedy, request_id=refused.request_id)

    async def _create(self, operation: Operation) -> Outcome:
        """CreateDataSet; one that is there already is taken up where it is ours.

        Where data source or folder were found that the state knew nothing of, so may be the data set: it is looked for.
        """
        in_doubt = False
        if operation.recovering or self._found_again:
            live = await self._look(operation.container, operation.name, subject=operation.subject)
            if live is not None:
                return await self._settle(operation, live)
        if operation.must_exist:
            raise NoObjectError(operation.subject)
        doubt: AwsError | None = None
        for attempt in range(_ATTEMPTS):
            if doubt is not None:
                await self._door.pause(attempt)
            try:
                return await self._make(operation)
            except AwsError as error:
                if error.code != EXISTS and not error.needs_look:
                    raise
                doubt, in_doubt = error, in_doubt or error.uncertain
            live = await self._look(operation.container, operation.name, subject=operation.subject)
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
        reply = await self._service.call("CreateDataSet", params, subject=operation.subject, write=True)
        made = replace(content, topic=None, foreign={k: v for k, v in content.foreign.items() if k != "InFolders"})
        await self._send(operation, steps_between(made, content, operation, self._service.arn))
        return Outcome(_UNVERSIONED, content.body, request_id=reply.request_id)

    async def _settle(self, operation: Operation, live: LiveObject | None, *, in_doubt: bool = False) -> Outcome:
        """Bring what was just read to what is wanted; tried again, as an answer may get lost.

        `in_doubt`: a write of this operation was sent, and its answer lost.
        """
        before = operation.last_written if operation.recovering else None
        doubt: AwsError | None = None
        for attempt in range(1 + _ATTEMPTS):
            if doubt is not None:
                await self._door.pause(attempt)
                live = await self._look(operation.container, operation.name, subject=operation.subject)
            if live is None:
                return await self._gone(operation)
            self._require_ours(operation, live)
            body, kept = self._wanted(operation, live, again=doubt is not None or in_doubt)
            there, wanted = Content.read(live.body), Content.read(body)
            steps = steps_between(there, wanted, operation, self._service.arn)
            made = operation.action is Action.CREATE and (in_doubt or operation.recovering)
            held = before if before is not None else None if made else live.body
            if not steps:
                already = doubt is None and not in_doubt
                return Outcome(_UNVERSIONED, body, held, already=already, kept=kept)
            before = held
            try:
                request_id = await self._send(operation, steps)
            except AwsError as error:
                if not error.needs_look:
                    raise
                doubt = error
                continue
            return Outcome(_UNVERSIONED, body, held, request_id=request_id, kept=kept)
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
        moved = tuple(
            change.path
            for change in merged.ours_moved
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
            again = replace(operation, action=Action.CREATE, last_written=None, recovering=False)
            return replace(await self._create(again), did=Action.CREATE)
        text = f"{operation.subject}: somebody else has deleted the data set."
        raise TargetError(TargetFault.MOVED, text, remedy=_LOOK)

    async def _delete(self, operation: Operation) -> Outcome:
        """Delete the topic and the data set, right after a look that finds them ours and as they were last seen."""
        in_doubt = False
        doubt: AwsError | None = None
        for attempt in range(_ATTEMPTS):
            if doubt is not None:
                await self._door.pause(attempt)
            live = await self._look(operation.container, operation.name, subject=operation.subject)
            if live is None:
                held = operation.last_written if in_doubt or operation.recovering else None
                return Outcome(None, b"", before=held, already=not in_doubt)
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
                if step.is_tagging:
                    reply = await self._service.tagging(step.operation, step.params, subject=operation.subject)
                else:
                    reply = await self._service.call(step.operation, step.params, subject=operation.subject, write=True)
            except AwsError as error:
                if error.code == EXISTS and step.operation == "CreateTopic":
                    await self._take_up_topic(operation, step.instead)
                    continue
                if error.code not in step.done_by:
                    raise
            else:
                request_id = reply.request_id
        return request_id

    async def _take_up_topic(self, operation: Operation, update: Mapping[str, JsonValue]) -> None:
        """Change a topic that is there though its data set did not say so: one that we began to make.

        Raises:
            TargetError: CONFLICT, it is somebody else's.
        """
        tags = await self._service.tags(self._service.arn("topic", operation.name), subject=operation.subject)
        if tags.get(OWNER_TAG) != self._owner:
            text = f"{operation.subject}: topic {operation.name} exists and was not made by this installation."
            raise TargetError(TargetFault.CONFLICT, text, remedy="Delete that topic in QuickSight; then run again.")
        await self._service.call("UpdateTopic", update, subject=operation.subject, write=True)

    def _require_ours(self, operation: Operation, live: LiveObject) -> None:
        why = QUICK_SIGHT_DESIGN.foreign_because(live, operation.asset, self._owner, operation.last_written)
        if why is not None:
            text = f"{operation.subject}: the data set of that id {why}; it stays as it is."
            raise TargetError(TargetFault.CONFLICT, text, remedy=_NOT_OURS)

    def _require_untouched(self, operation: Operation, live: LiveObject) -> None:
        last = operation.last_written
        if last is None:
            return
        moved = [change.path for change in QUICK_SIGHT_DESIGN.changes(last, live.body)]
        if moved:
            raise _moved(operation, moved)

    async def _look(self, container: PhysicalName, name: PhysicalName, *, subject: str) -> LiveObject | None:
        """A data set with its topic; None where there is no such data set."""
        await self._service.open()
        service = self._service
        described = await service.found("DescribeDataSet", {"DataSetId": name}, subject=subject)
        if described is None:
            return None
        data_set: Mapping[str, Any] = described["DataSet"]
        arn = service.arn("dataset", name)
        try:
            tags = await service.tags(arn, subject=subject)
            answers = Described(
                data_set,
                await service.grants(Shared.DATA_SET, name, subject=subject),
                tags,
                await service.folders(arn, subject=subject),
            )
        except AwsError as error:
            if error.code == ABSENT:  # it went while it was read
                return None
            raise
        if TOPIC_TAG in tags:
            topic = await service.found("DescribeTopic", {"TopicId": name}, subject=subject)
            if topic is not None:
                grants = await service.grants(Shared.TOPIC, name, subject=subject)
                answers = replace(answers, topic=topic, topic_grants=grants)
        content = content_of(answers, folder=container, own_arns=service.own_arns)
        return LiveObject(
            container,
            name,
            _UNVERSIONED,
            content.body,
            owner=tags.get(OWNER_TAG),
            source=tags.get(SOURCE_TAG),
            digest=QUICK_SIGHT_DESIGN.fingerprint(content.body),
            intact=True,
            changed_at=data_set.get("LastUpdatedTime"),
        )

    async def check(self) -> tuple[Problem, ...]:
        """Ask for each permission with a request that changes nothing: about what does not exist."""
        try:
            await self._service.open()
        except ConfigurationError as error:
            return (Problem.of_target(self._key, "configuration", error.message, "Correct the AWS configuration."),)
        found = [await self._permission(api, params(self._service)) for api, params in PROBES.items()]
        return tuple(problem for problem in found if problem is not None)

    async def concerned(self, changes: Sequence[Any]) -> tuple[Problem, ...]:
        return ()

    async def endangered(self, there: object) -> tuple[Problem, ...]:
        return ()

    async def _permission(self, api: str, params: Mapping[str, JsonValue]) -> Problem | None:
        subject = f"permission for quicksight:{api}"
        try:
            await self._door.call(QUICK_SIGHT_SERVICE, api, params, subject=subject)
        except AwsError as error:
            if error.recovery in {Recovery.ABSENT, Recovery.INVALID, Recovery.CONTENDED}:
                return None
            grant = f"Grant quicksight:{api} in IAM; quicksight.account_id has to be the account of these credentials."
            remedy = grant if error.recovery is Recovery.DENIED else error.remedy
            return Problem.of_target(self._key, error.fault, error.message, remedy)
        except ConfigurationError as error:
            return Problem.of_target(self._key, "configuration", error.message, "Correct the AWS configuration.")
        except TargetError as error:
            return Problem.of_target(self._key, error.fault, error.message, error.remedy)
        return None


def _desired(operation: Operation) -> DesiredObject:
    assert operation.desired is not None
    return operation.desired


def _moved(operation: Operation, paths: Sequence[str]) -> TargetError:
    text = f"{operation.subject}: somebody else has changed {first_of(list(paths), _NAMED)} since; nothing was written."
    return TargetError(TargetFault.MOVED, text, remedy=_LOOK)
