"""Writing a table back exactly as it was: the undo of a write.

Nothing is merged, because the body is the whole table as it stood before. So it is written over exactly what the plan
has read, or not at all: whatever others have changed since, foreign fields included, refuses the item.
"""

from __future__ import annotations

from spheresync.errors import NoObjectError, TargetError, TargetFault
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.glue.design import GLUE_DESIGN
from spheresync.targets.glue.merge import differences
from spheresync.targets.glue.reads import table_input
from spheresync.targets.glue.writes import (
    ATTEMPTS,
    FIRST_VERSION,
    GlueWriter,
    desired_of,
    is_of_bound_table,
    moved_error,
    next_version,
)
from spheresync.targets.protocol import Operation, Outcome

_AGAIN = "Revert the run again to see what stands there now."


class GlueRestorer:
    """Creates and updates tables with bodies that they held before."""

    def __init__(self, door: AwsDoor, writer: GlueWriter) -> None:
        self._door = door
        self._writer = writer

    async def create(self, operation: Operation) -> Outcome:
        """CreateTable; a table that is there already must be exactly the one to be made.

        Raises:
            TargetError: CONFLICT where another table has taken the place, or what the service answered.
        """
        desired = desired_of(operation)
        if operation.recovering and await self._stands(operation):
            return Outcome(FIRST_VERSION, desired.body, already=True)
        if operation.must_exist:
            raise NoObjectError(operation.subject)
        error: AwsError | None = None
        for attempt in range(ATTEMPTS):
            if error is not None:
                await self._door.pause(attempt)
            sent = await self._writer.send(operation, "CreateTable", desired.body, FIRST_VERSION)
            if sent.outcome is not None:
                return sent.outcome
            error = sent.doubt
            if await self._stands(operation):
                return Outcome(FIRST_VERSION, desired.body)
        assert error is not None
        raise error

    async def update(self, operation: Operation) -> Outcome:
        """One UpdateTable, right after a look that finds the table as the plan read it.

        Raises:
            TargetError: MOVED where somebody else has changed or deleted it since, or what the service answered.
        """
        desired, last, seen = desired_of(operation), operation.last_written, operation.seen
        in_doubt = operation.recovering
        for attempt in range(ATTEMPTS):
            live = seen if seen is not None else await self._writer.look(operation)
            seen = None
            if live is None:
                message = f"{operation.subject}: somebody else has deleted the table since."
                raise TargetError(TargetFault.MOVED, message, remedy=_AGAIN)
            if not _differ(desired.body, live.body):
                held = last if in_doubt else desired.body
                return Outcome(live.version, desired.body, held, already=operation.recovering or not in_doubt)
            if last is None:
                raise moved_error(operation, ("the table",))
            # Of a table of others only what is ours is restored, so what they did meanwhile stays.
            bound = is_of_bound_table(operation)
            moved = GLUE_DESIGN.edited_since(desired.body, last, live.body) if bound else _differ(last, live.body)
            if moved:
                raise moved_error(operation, moved)
            body = GLUE_DESIGN.restored(desired.body, last, live.body) if bound else desired.body
            version = live.version
            condition = {} if version is None else {"VersionId": version}
            sent = await self._writer.send(operation, "UpdateTable", body, next_version(version), condition, over=live)
            if sent.outcome is not None:
                return sent.outcome
            in_doubt = in_doubt or (sent.doubt is not None and sent.doubt.uncertain)
            await self._door.pause(attempt)
        raise TargetError(
            TargetFault.MOVED,
            f"{operation.subject}: somebody else kept changing the table while it was restored, {ATTEMPTS} times over.",
            remedy=_AGAIN,
        )

    async def _stands(self, operation: Operation) -> bool:
        """Whether the table to be made is there by now."""
        live = await self._writer.look(operation)
        if live is None:
            return False
        if _differ(desired_of(operation).body, live.body):
            message = f"{operation.subject}: another table of that name was made since; it stays as it is."
            raise TargetError(
                TargetFault.CONFLICT, message, remedy="Move that table out of the way, then revert again."
            )
        return True


def _differ(body: bytes, live: bytes) -> tuple[str, ...]:
    return differences(table_input(body), table_input(live))
