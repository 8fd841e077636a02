"""Lake Formation as a target: LF-Tags on the tables of Glue and on their columns.

Only tags are written: no grant, no filter, no setting of the data lake. What carries none is no object of ours, and a
table that is not there has none, so everything here goes by the tables that Glue holds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from spheresync.config import DriftPolicies
from spheresync.config.lakeformation import LakeFormation
from spheresync.errors import ConfigurationError, NoObjectError, TargetError, TargetFault
from spheresync.model import (
    Action,
    Address,
    DesiredObject,
    JsonValue,
    LiveObject,
    PhysicalName,
    Problem,
    TargetKey,
    first_of,
)
from spheresync.model.json_document import read_own_json
from spheresync.targets.aws.adding_target import AddingTarget
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import NOT_FOUND, AwsError
from spheresync.targets.known_operation import held_before, knowing
from spheresync.targets.lakeformation.design import LAKE_FORMATION_DESIGN
from spheresync.targets.lakeformation.open_tables import open_to_everybody
from spheresync.targets.lakeformation.reach import TagChange, reach_changes
from spheresync.targets.lakeformation.tag_grants import tag_grants, tags_of_database
from spheresync.targets.lakeformation.tag_keys import LAKE_FORMATION_SERVICE, TagKeys
from spheresync.targets.lakeformation.tags import WHOLE_TABLE, TagRequest, TagSet, requests_between
from spheresync.targets.protocol import (
    BodyChange,
    ContainerOutcome,
    Operation,
    Outcome,
)
from spheresync.targets.target_words import ACCESS_REACH

_ATTEMPTS = 3
_UNVERSIONED = "-"
"""In the place of a version: tags have none, so a write always reads what is there."""
_NAMED = 5
_PROBE = PhysicalName("spheresync_doctor_probe")
_LOOK = "Make a new preview to see the tags as they are now."


class LakeFormationTarget(AddingTarget):
    """LF-Tags of the tables of one account and Region.

    Args:
        door: the way to AWS.
        owner: the marker of this installation.
        drift: what to do about other people's edits.
        section: which tags say what.
        key: under which the state keeps what it holds.
    """

    def __init__(
        self, door: AwsDoor, *, owner: str, drift: DriftPolicies, section: LakeFormation, key: TargetKey
    ) -> None:
        super().__init__(door, owner, key)
        self._drift = drift
        # Under keys of others, what they put where we say nothing is theirs.
        self._keys = frozenset() if section.use_existing_keys else frozenset(section.tags)
        self._tag_keys = TagKeys(door, owner, use_existing=section.use_existing_keys)

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        """Have an LF-Tag with its values."""
        said: Mapping[str, Any] = read_own_json(desired.body)
        return await self._tag_keys.ensure(desired.container, frozenset(said["TagValues"]))

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        return await self._look(container, name, subject=f"{container}.{name}")

    async def perform(self, operation: Operation) -> Outcome:
        """Bring the tags of a table to what they should be; each value is changed in place.

        Raises:
            NoObjectError: there is no such table, and it was said that there must be.
            TargetError: MOVED (changed by somebody else since the plan, or no such table), INVALID, or what the service
                answered.
        """
        assert operation.desired is not None
        before: bytes | None = None
        doubt: AwsError | None = None
        for attempt in range(1 + _ATTEMPTS):
            if doubt is not None:
                await self._door.pause(attempt)
            seen = operation.seen if doubt is None else None
            live = seen or await self._look(operation.container, operation.name, subject=operation.subject)
            if live is None:
                return self._without_table(operation)
            known = knowing(LAKE_FORMATION_DESIGN, operation, live.body)
            before = before or _stood_before(operation, known, live.body)
            operation = known
            body, kept = self._wanted(operation, live)
            requests = self._requests(operation, live, body)
            if not requests:
                return Outcome(_UNVERSIONED, body, before, already=doubt is None, kept=kept)
            try:
                request_id = await self._send(operation, requests)
            except AwsError as error:
                if not error.needs_look:
                    raise
                doubt, operation = error, replace(operation, recovering=True)  # it may have done a part
                continue
            return Outcome(_UNVERSIONED, body, before, request_id=request_id, kept=kept)
        assert doubt is not None
        raise doubt

    def _wanted(self, operation: Operation, live: LiveObject) -> tuple[bytes, tuple[Any, ...]]:
        """The body to bring about, and edits of others that stay in it.

        Raises:
            TargetError: MOVED.
        """
        assert operation.desired is not None
        desired, last = operation.desired.body, operation.last_written
        design = LAKE_FORMATION_DESIGN
        if operation.exact:
            moved = design.edited_since(last or live.body, last or live.body, live.body)
            if moved and not design.holds(live, operation.desired):
                raise _moved(operation, moved)
            return design.restored(desired, last or desired, live.body), ()
        merged = design.merge(last, live.body, desired, self._drift)
        if operation.strict and merged.ours_moved:
            raise _moved(operation, tuple(change.path for change in merged.ours_moved))
        return merged.body, merged.kept

    def _requests(self, operation: Operation, live: LiveObject, body: bytes) -> list[TagRequest]:
        last = TagSet.read(operation.last_written) if operation.last_written is not None else None
        wanted = TagSet.read(body)
        keys = wanted.keys | (last.ours.used_keys if last is not None else frozenset())
        return requests_between(TagSet.read(live.body), wanted, keys)

    def _without_table(self, operation: Operation) -> Outcome:
        """What becomes of an operation whose table is not there: its tags went with it."""
        assert operation.desired is not None
        if operation.action is Action.RETIRE or operation.exact:
            return Outcome(None, b"", already=True)
        if operation.must_exist:
            raise NoObjectError(operation.subject)
        text = f"{operation.subject}: the table is not there, so it cannot be tagged."
        raise TargetError(TargetFault.MOVED, text, remedy="The next sync looks for it again.")

    async def _send(self, operation: Operation, requests: Sequence[TagRequest]) -> str | None:
        """Send all of them, so that one key which is not taken keeps no other one away.

        Raises:
            TargetError: of the first that was not taken.
        """
        request_id, refused = None, None
        usable, refused = await self._usable(operation, requests)
        for request in usable:
            reply = await self._door.call(
                LAKE_FORMATION_SERVICE,
                request.operation,
                {"LFTags": _tags(request), "Resource": _resource(operation.container, operation.name, request)},
                subject=operation.subject,
                write=True,
            )
            request_id = reply.request_id
            if failures := cast("Sequence[Mapping[str, Any]]", reply.body.get("Failures") or ()):
                refused = refused or self._failed(operation, request, failures, request_id)
        if refused is not None:
            raise refused
        return request_id

    async def _usable(
        self, operation: Operation, requests: Sequence[TagRequest]
    ) -> tuple[list[TagRequest], TargetError | None]:
        """The requests without LF-Tags that may not be used or cannot be had, and why not, of the first.

        What a key allows is looked at even where the plan has made it: somebody may have made his own since.
        """
        refused: dict[str, TargetError] = {}
        for key, value in sorted({pair for each in requests if each.add for pair in each.tags.items()}):
            try:
                if key not in refused:
                    await self._tag_keys.require(key, value)
            except TargetError as error:
                if error.systemic:
                    raise
                refused[key] = error
        rest = [
            replace(each, tags={key: value for key, value in each.tags.items() if key not in refused})
            if each.add
            else each
            for each in requests
        ]
        first = next(iter(refused.values()), None)
        if first is not None:
            text = f"{operation.subject}: {first.message}"
            first = TargetError(first.fault, text, remedy=first.remedy, request_id=first.request_id)
        return [each for each in rest if each.tags], first

    def _failed(
        self,
        operation: Operation,
        request: TagRequest,
        failures: Sequence[Mapping[str, Any]],
        request_id: str | None,
    ) -> TargetError:
        """The error of an answer with `Failures`, which comes with HTTP 200."""
        for key in request.tags:
            self._tag_keys.doubt(key)
        told = [_told(failure) for failure in failures]
        gone = any((failure.get("Error") or {}).get("ErrorCode") == NOT_FOUND for failure in failures)
        fault = TargetFault.MOVED if gone else TargetFault.FAILED
        text = f"{operation.subject}: {request.operation} was not taken: {first_of(told, _NAMED, by='; ')}."
        remedy = "The next sync makes the LF-Tag or its value again." if gone else "Run again when it is mended."
        return TargetError(fault, text, remedy=remedy, request_id=request_id)

    async def _look(self, container: PhysicalName, name: PhysicalName, *, subject: str) -> LiveObject | None:
        """The tags that are assigned to a table and its columns themselves; None where there is no such table."""
        params = {"Resource": {"Table": {"DatabaseName": container, "Name": name}}, "ShowAssignedLFTags": True}
        try:
            reply = await self._door.call(LAKE_FORMATION_SERVICE, "GetResourceLFTags", params, subject=subject)
        except AwsError as error:
            if error.code == NOT_FOUND:
                return None
            raise
        tags = _tag_set(reply.body, self._keys)
        return LiveObject(
            container,
            name,
            _UNVERSIONED,
            tags.body,
            owner=self._owner,
            source=None,
            digest=LAKE_FORMATION_DESIGN.fingerprint(tags.body),
            intact=True,
        )

    async def check(self) -> tuple[Problem, ...]:
        """Ask for each permission with a request that changes nothing: about what does not exist."""
        found = [await self._permission(api, params) for api, params in _probes()]
        return tuple(problem for problem in found if problem is not None)

    async def concerned(self, changes: Sequence[BodyChange]) -> tuple[Problem, ...]:
        """Who gains or loses what by changes of tags, from the grants by LF-Tags."""
        try:
            grants = await tag_grants(self._door)
            names = {each.address.container for each in changes} if grants else set()
            above = {name: await tags_of_database(self._door, name) for name in sorted(names)}
        except AwsError as error:
            text = f"who gains or loses what by them could not be found out: {error.message}"
            return (
                Problem.of_target(self._key, ACCESS_REACH, text, "Grant lakeformation:ListPermissions to know it."),
            )
        nothing = TagSet(frozenset())
        told = reach_changes(
            grants,
            [
                TagChange(
                    each.address,
                    nothing if each.before is None else TagSet.read(each.before),
                    TagSet.read(each.after),
                    above[each.address.container],
                )
                for each in changes
                if grants
            ],
        )
        found = [Problem.of_target(self._key, ACCESS_REACH, sentence, "") for sentence in told]
        if not found:
            why = "no grant by LF-Tags reaches more or less" if grants else "nobody has a grant by LF-Tags"
            found = [
                Problem.of_target(self._key, ACCESS_REACH, f"{why}, so by these changes nobody sees more or less", "")
            ]
        return tuple(found)

    async def endangered(self, there: Collection[Address]) -> tuple[Problem, ...]:
        return await open_to_everybody(self._door, self._key, there)

    async def _permission(self, api: str, params: Mapping[str, JsonValue]) -> Problem | None:
        try:
            await self._door.call(LAKE_FORMATION_SERVICE, api, params, subject=f"permission for lakeformation:{api}")
        except AwsError as error:
            if error.code in {NOT_FOUND, "InvalidInputException"}:
                return None
            grant = f"Grant lakeformation:{api} in IAM, and make this user an LF-Tag creator in Lake Formation."
            remedy = grant if error.recovery is Recovery.DENIED else error.remedy
            return self._problem_of(error, remedy)
        except (TargetError, ConfigurationError) as error:
            return self._problem_of(error)
        return None


def _probes() -> tuple[tuple[str, Mapping[str, JsonValue]], ...]:
    table: JsonValue = {"Table": {"DatabaseName": _PROBE, "Name": _PROBE}}
    tags: JsonValue = [{"TagKey": _PROBE, "TagValues": ["probe"]}]
    return (
        ("GetLFTag", {"TagKey": _PROBE}),
        ("UpdateLFTag", {"TagKey": _PROBE, "TagValuesToAdd": ["probe"]}),
        ("GetResourceLFTags", {"Resource": table, "ShowAssignedLFTags": True}),
        ("AddLFTagsToResource", {"Resource": table, "LFTags": tags}),
        ("RemoveLFTagsFromResource", {"Resource": table, "LFTags": tags}),
    )


def _tags(request: TagRequest) -> list[JsonValue]:
    return [{"TagKey": key, "TagValues": [value]} for key, value in sorted(request.tags.items())]


def _resource(container: PhysicalName, name: PhysicalName, request: TagRequest) -> dict[str, JsonValue]:
    table: dict[str, JsonValue] = {"DatabaseName": container, "Name": name}
    if not request.columns:
        return {"Table": table}
    return {"TableWithColumns": {**table, "ColumnNames": [*request.columns]}}


def _tag_set(answer: Mapping[str, Any], keys: frozenset[str]) -> TagSet:
    table = _values(answer.get("LFTagsOnTable") or ())
    columns = {str(each["Name"]): _values(each.get("LFTags") or ()) for each in answer.get("LFTagsOnColumns") or ()}
    return TagSet(keys, table, {name: said for name, said in columns.items() if said and name != WHOLE_TABLE})


def _values(pairs: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    return {str(pair["TagKey"]): str(pair["TagValues"][0]) for pair in pairs if pair.get("TagValues")}


def _told(failure: Mapping[str, Any]) -> str:
    tag, error = failure.get("LFTag") or {}, failure.get("Error") or {}
    values = ", ".join(map(str, tag.get("TagValues") or ()))
    return f"{tag.get('TagKey')}={values}: {error.get('ErrorMessage') or error.get('ErrorCode') or 'no reason given'}"


def _moved(operation: Operation, paths: Sequence[str]) -> TargetError:
    text = f"{operation.subject}: somebody else has changed {first_of(list(paths), _NAMED)} since."
    return TargetError(TargetFault.MOVED, text, remedy=_LOOK)


def _stood_before(operation: Operation, known: Operation, live_body: bytes) -> bytes:
    """What the undo of an operation brings back, also under keys that the settings have no more."""
    stood = held_before(LAKE_FORMATION_DESIGN, operation, live_body)
    return stood if known.last_written is None else LAKE_FORMATION_DESIGN.as_seen(known.last_written, stood)
