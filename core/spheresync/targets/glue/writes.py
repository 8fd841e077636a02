"""Write one table to Glue: read it first, and read it again after a stale VersionId or a lost answer.

An UpdateTable replaces a table whole, and a table that somebody dropped and made anew may stand at the very version
that ours had: so what is there is read first, and the VersionId of just that goes with the write. A new table needs no
read: CreateTable refuses a name that is taken.

Nothing here is sent blindly twice. CreateTable and UpdateTable have no client token (reference: aws-catalogs.md 1.1),
so after a lost answer, an AlreadyExists or a stale VersionId the table is read, and what is found decides: our own
finished write is recognised by the fingerprint of our fields, foreign fields are merged in, and a field of ours that
somebody else has moved refuses the item.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.errors import NoObjectError, TargetError, TargetFault
from spheresync.model import Action, DesiredObject, JsonValue, LiveObject, first_of
from spheresync.targets.aws.door import AwsDoor, LastLook
from spheresync.targets.aws.errors import ALREADY_EXISTS, MOVED_MEANWHILE, NOT_FOUND, AwsError
from spheresync.targets.design_values import Merged
from spheresync.targets.glue.bound_table import is_iceberg, takes_back
from spheresync.targets.glue.design import GLUE_DESIGN
from spheresync.targets.glue.last_written import last_written
from spheresync.targets.glue.merge import differences, is_text, merge, policy_of
from spheresync.targets.glue.reads import GLUE_SERVICE, GlueReader, table_input
from spheresync.targets.glue.table_input import fingerprint_of
from spheresync.targets.protocol import Operation, Outcome

ATTEMPTS = 3
#: AWS numbers a new table's versions from "0" (reference: aws-catalogs.md 1.2); it does not say so in the answer.
FIRST_VERSION = "0"
MADE_ANEW = (
    "Give the asset another name by a mapping rule (`table:`), or move that table out of the way; to have it managed "
    "again as it carries our marker, run `spheresync sync --full`."
)
NOT_BINDABLE = "Bind the asset to another table by a mapping rule (`bind:`), or take that rule away."
_LOOK = "Make a new preview to see the table as it is now."
FRESH = 1.0
"""Seconds for which a table counts as just read, where nothing in the write itself tells it from another."""


class ChangedSinceReadError(Exception):
    """A table is no longer what was read a moment ago, so the write that goes by it was not sent."""


@dataclass(frozen=True, slots=True)
class WriteAttempt:
    """What became of an attempt to send: the outcome, or the error that only a look at the table can settle."""

    outcome: Outcome | None
    doubt: AwsError | None


class GlueWriter:
    """Creates, updates and deletes tables that carry `owner`, and no others."""

    def __init__(self, door: AwsDoor, reader: GlueReader, owner: str, drift: DriftPolicies) -> None:
        self._door = door
        self._reader = reader
        self._owner = owner
        self._drift = drift

    async def create(self, operation: Operation) -> Outcome:
        """CreateTable; a table that is there already is adopted when it is ours, else it is a conflict."""
        desired = desired_of(operation)
        in_doubt = False
        if operation.recovering:
            live = await self.look(operation)
            if live is not None:
                return await self._settle(operation, live, in_doubt=False)
        if operation.must_exist:
            raise NoObjectError(operation.subject)
        error: AwsError | None = None
        for attempt in range(ATTEMPTS):
            if error is not None:
                await self._door.pause(attempt)
            sent = await self.send(operation, "CreateTable", desired.body, FIRST_VERSION)
            if sent.outcome is not None:
                return sent.outcome
            error = sent.doubt
            in_doubt = in_doubt or (error is not None and error.uncertain)
            live = await self.look(operation)
            if live is not None:
                outcome = await self._settle(operation, live, in_doubt=in_doubt)
                # Somebody else had made it: what it held then is what this write can be undone to.
                return outcome if in_doubt else replace(outcome, before=outcome.before or live.body)
        assert error is not None
        raise error

    async def update(self, operation: Operation) -> Outcome:
        """UpdateTable over exactly what was just read, where that is ours; else as `_settle`."""
        live = operation.seen if operation.seen is not None else await self.look(operation)
        return await self._settle(operation, live, in_doubt=False)

    async def delete(self, operation: Operation) -> Outcome:
        """DeleteTable, right after a look that finds the table ours and as it was last written.

        The API takes no condition, so the moment between look and delete stays open; it is as short as one call.
        """
        in_doubt = False
        error: TargetError | None = None
        for attempt in range(ATTEMPTS):
            if error is not None:
                await self._door.pause(attempt)
            live = await self.look(operation)
            if live is None:
                # Gone by our own request, or before it: only the first leaves something to bring back.
                held = operation.last_written if in_doubt or operation.recovering else None
                return Outcome(None, b"", before=held, already=not in_doubt)
            self._require_made_by_us(operation, live)
            self._require_ours(operation, live)
            self._require_untouched(operation, live)
            params = {"DatabaseName": operation.container, "Name": operation.name}
            try:
                reply = await self._door.call(
                    GLUE_SERVICE,
                    "DeleteTable",
                    params,
                    subject=operation.subject,
                    write=True,
                    last_look=self._last_look(operation, live),
                )
            except ChangedSinceReadError:
                error = _kept_changing(operation)
            except AwsError as failed:
                if not failed.needs_look and failed.code != NOT_FOUND:
                    raise
                error = failed
                in_doubt = in_doubt or failed.uncertain
            else:
                return Outcome(None, b"", before=live.body, request_id=reply.request_id)
        assert error is not None
        raise error

    async def _settle(self, operation: Operation, live: LiveObject | None, *, in_doubt: bool) -> Outcome:
        """Bring a table that was just read to what is desired; tried again, as others may write meanwhile.

        `in_doubt`: a write of this operation was sent, and its answer lost.
        """
        desired = desired_of(operation)
        wanted = fingerprint_of(table_input(desired.body))
        before: bytes | None = None  # what a write of ours in doubt was sent over
        doubt: AwsError | None = None
        for attempt in range(1 + ATTEMPTS):
            if live is None:
                return await self._gone(operation)
            self._require_ours(operation, live)
            if not (operation.recovering or in_doubt):
                self._require_same(operation, live)
            last = _last_written(operation, live)
            stands = not in_doubt and GLUE_DESIGN.is_as_written(live, last, operation.expected_version)
            # A text of others that stays beside ours is no part of the fingerprint, and may be what is to go.
            if not stands and fingerprint_of(table_input(live.body)) == wanted:
                held = before or self._held_before(operation, live, in_doubt=in_doubt)
                return Outcome(live.version, live.body, held, already=not in_doubt)
            # Members that AWS fills in are not worth a new before-image, so what was written stands for them.
            there = last if stands else live.body
            merged = self._merge(operation, last, there)
            moved = tuple(c.path for c in merged.ours_moved if operation.strict or not self._may_overwrite(c.path))
            if moved:
                raise moved_error(operation, moved)
            if merged.body == there:
                held = before or self._held_before(operation, live, in_doubt=in_doubt)
                return Outcome(live.version, there, held, already=not in_doubt, kept=merged.kept)
            condition = {} if live.version is None else {"VersionId": live.version}
            sent = await self.send(
                operation, "UpdateTable", merged.body, next_version(live.version), condition, over=live
            )
            if sent.outcome is not None:
                return replace(sent.outcome, before=None if stands else live.body, kept=merged.kept)
            doubt = sent.doubt
            if doubt is not None and doubt.uncertain:
                in_doubt, before = True, live.body
            await self._door.pause(attempt)
            live = await self.look(operation)
        if doubt is not None and doubt.code != MOVED_MEANWHILE:
            raise doubt
        raise _kept_changing(operation)

    def _merge(self, operation: Operation, last: bytes, there: bytes) -> Merged:
        """What should be there, merged into what is; a plan that has read just this has merged it already."""
        desired = desired_of(operation).body
        merged = GLUE_DESIGN.merge(last, there, desired, self._drift)
        planned = is_of_bound_table(operation) and there == operation.last_written and not takes_back(desired)
        return replace(merged, body=desired) if planned else merged

    def _held_before(self, operation: Operation, live: LiveObject, *, in_doubt: bool) -> bytes | None:
        """What a table that is found as desired held before this operation, as far as that can be known."""
        last = operation.last_written
        if not (in_doubt or operation.recovering):
            return live.body  # somebody else brought it there: this operation changed nothing
        if last is None:
            return None
        # What was written last, and what others put beside it: our write has kept that.
        if is_of_bound_table(operation):
            return last
        held = merge(live.body, table_input(live.body), last, self._drift).body
        return held if differences(table_input(last), table_input(held)) else last

    def _may_overwrite(self, path: str) -> bool:
        """Whether the drift policy settles somebody else's edit of a field of ours, so that nothing is refused."""
        # Of a text the merge keeps theirs or writes over it.
        return is_text(path) or policy_of(path, self._drift) is DriftPolicy.OVERWRITE

    async def send(
        self,
        operation: Operation,
        api: str,
        body: bytes,
        version: str | None,
        condition: Mapping[str, str] | None = None,
        *,
        over: LiveObject | None = None,
    ) -> WriteAttempt:
        """Send a write; `over` is the table that it goes by, as it was read.

        Every new table begins at the first version again, so that this version does not identify a table.
        """
        look = None
        if over is not None and over.version in {None, FIRST_VERSION}:
            look = self._last_look(operation, over)
        params: dict[str, JsonValue] = {"DatabaseName": operation.container, "TableInput": table_input(body)}
        if api == "UpdateTable":
            # Writers of Iceberg tables keep no versions in Glue; each is a whole copy of the table (reference: 1.2, 7).
            spared = operation.minor or (is_of_bound_table(operation) and is_iceberg(body))
            params |= {**(condition or {}), "SkipArchive": spared}
        try:
            reply = await self._door.call(
                GLUE_SERVICE, api, params, subject=operation.subject, write=True, last_look=look
            )
        except ChangedSinceReadError:
            return WriteAttempt(None, None)
        except AwsError as error:
            if api == "CreateTable" and error.code == NOT_FOUND:
                raise TargetError(
                    TargetFault.NO_CONTAINER,
                    f"{operation.subject}: database {operation.container} is not there any more.",
                    remedy="The next sync makes it again.",
                    request_id=error.request_id,
                ) from error
            if error.needs_look or error.code == (ALREADY_EXISTS if api == "CreateTable" else NOT_FOUND):
                return WriteAttempt(None, error)
            raise
        return WriteAttempt(Outcome(version, body, request_id=reply.request_id), None)

    def _last_look(self, operation: Operation, live: LiveObject) -> LastLook:
        async def again() -> None:
            now = await self._reader.table(
                operation.container, operation.name, subject=operation.subject, admitted=True
            )
            if now != live:
                raise ChangedSinceReadError

        return LastLook(lambda: time.monotonic() - live.read_at > FRESH, again)

    async def look(self, operation: Operation) -> LiveObject | None:
        return await self._reader.table(operation.container, operation.name, subject=operation.subject)

    async def _gone(self, operation: Operation) -> Outcome:
        """The table to be changed is not there: retired enough, made again, or refused, as the policy says."""
        if operation.action is Action.RETIRE:
            return Outcome(None, b"", already=True)
        if is_of_bound_table(operation):
            message = f"{operation.subject}: its owner has deleted the table."
            raise TargetError(TargetFault.MOVED, message, remedy="The next sync looks for it again.")
        if operation.action is not Action.CREATE and self._drift.missing is DriftPolicy.OVERWRITE:
            if operation.must_exist:
                raise NoObjectError(operation.subject)
            again = replace(operation, action=Action.CREATE, last_written=None, recovering=False)
            return replace(await self.create(again), did=Action.CREATE)
        raise TargetError(TargetFault.MOVED, f"{operation.subject}: somebody else has deleted the table.", remedy=_LOOK)

    def _require_made_by_us(self, operation: Operation, live: LiveObject) -> None:
        """Whatever is planned: a table that others made is never deleted."""
        if live.bound_by is not None or is_of_bound_table(operation):
            message = f"{operation.subject}: others made that table, so it is never deleted."
            raise TargetError(TargetFault.CONFLICT, message, remedy=_LOOK)

    def _require_ours(self, operation: Operation, live: LiveObject) -> None:
        if is_of_bound_table(operation):
            why = GLUE_DESIGN.not_bindable_because(live, operation.asset, self._owner, operation.last_written)
            if why is not None:
                message, remedy = f"{operation.subject}: the table {why}; it stays as it is.", NOT_BINDABLE
                raise TargetError(TargetFault.CONFLICT, message, remedy=remedy)
            return
        foreign = GLUE_DESIGN.foreign_because(live, operation.asset, self._owner, operation.last_written)
        if foreign is not None:
            message = f"{operation.subject}: the table {foreign}; it stays as it is."
            raise TargetError(TargetFault.CONFLICT, message, remedy=GLUE_DESIGN.conflict_remedy)

    def _require_same(self, operation: Operation, live: LiveObject) -> None:
        if operation.last_written is None or operation.expected_version is None or is_of_bound_table(operation):
            return
        anew = GLUE_DESIGN.made_anew_because(live, operation.last_written, operation.expected_version)
        if anew is not None:
            message = f"{operation.subject}: the table {anew}; it stays as it is."
            raise TargetError(TargetFault.CONFLICT, message, remedy=MADE_ANEW)

    def _require_untouched(self, operation: Operation, live: LiveObject) -> None:
        last = operation.last_written
        if last is None:
            return
        moved = tuple(change.path for change in merge(last, table_input(live.body), last, self._drift).ours_moved)
        # A version that was only predicted may be wrong; then the content decides.
        if not moved and live.version != operation.expected_version:
            moved = differences(table_input(last), table_input(live.body))
        if moved:
            raise moved_error(operation, moved)


def is_of_bound_table(operation: Operation) -> bool:
    """Whether others made the table, so that only what is ours of it is written."""
    bodies = (operation.last_written, operation.desired.body if operation.desired is not None else None)
    return any(body is not None and GLUE_DESIGN.is_bound(body) for body in bodies)


def desired_of(operation: Operation) -> DesiredObject:
    if operation.desired is None:
        raise ValueError(f"{operation.action} of {operation.subject} says not what is desired")
    return operation.desired


def _kept_changing(operation: Operation) -> TargetError:
    return TargetError(
        TargetFault.MOVED,
        f"{operation.subject}: somebody else kept changing the table while it was written, {ATTEMPTS} times over.",
        remedy="Run again when the other writer is done.",
    )


def _last_written(operation: Operation, live: LiveObject) -> bytes:
    """What the table held by our hand; where the state knows nothing of it, what the table proves of that itself.

    So an edit that somebody made meanwhile is known as one, and goes by the drift policies.
    """
    if operation.last_written is not None:
        return operation.last_written
    desired = desired_of(operation)
    return desired.body if live.digest == desired.digest else last_written(live.body, live.digest).body


def next_version(version: str | None) -> str | None:
    """Each update adds one, with SkipArchive too (reference: aws-catalogs.md 1.2)."""
    return str(int(version) + 1) if version is not None and version.isdecimal() else None


def moved_error(operation: Operation, paths: tuple[str, ...]) -> TargetError:
    named = first_of(paths, 8)
    return TargetError(
        TargetFault.MOVED,
        f"{operation.subject}: somebody else has changed {named} since this was planned; nothing was written.",
        remedy=_LOOK,
    )
