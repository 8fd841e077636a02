"""What surrounds each call of a tool: how many a caller may make, how long a reading one may take, the audit log."""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import anyio
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult

from spheresync.errors import SpheresyncError
from spheresync.model import CallOutcome, ChangeSetId, Digest, RunId, ToolCall, digest_json
from spheresync_server.json_texts import Json
from spheresync_server.server_context import ServerContext

log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")
_Id = TypeVar("_Id", ChangeSetId, RunId)

_MINUTE = 60.0
LONGEST_READ = 60.0
"""Seconds that a tool may take which only reads our own store."""
_LONGEST_REASON = 300
"""Characters that the log keeps of why a call was refused: sentences of ours, no text of the caller's."""
_MOST_CALLERS = 1_000
_AN_ID = re.compile(r"(?:run|cs)_[0-9a-f]{12}")


class RefusedCallError(ToolError):
    """Raised where the caller may not do what was asked, in words for the model; the audit log notes such calls."""


class MalformedCallError(ToolError):
    """Raised where the arguments are none that the tool takes, so that nothing was asked of it; no log notes that."""


class CallWindows:
    """Counts the calls of each caller in the last minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: dict[tuple[str, str, str], deque[float]] = {}

    def seconds_to_wait(self, caller: tuple[str, str], kind: str, limit: int) -> float:
        """Count one call of a caller (kind and id), or say how long it has to wait; then it is not counted."""
        now = self._clock()
        calls = self._calls.setdefault((*caller, kind), deque())
        while calls and calls[0] <= now - _MINUTE:
            calls.popleft()
        if len(calls) >= limit:
            return calls[0] + _MINUTE - now
        calls.append(now)
        if len(self._calls) > _MOST_CALLERS:
            self._forget_idle(now)
        return 0.0

    def _forget_idle(self, now: float) -> None:
        self._calls = {key: calls for key, calls in self._calls.items() if calls and calls[-1] > now - _MINUTE}


class ToolCalls:
    """Lets calls through within the caller's limits, ends readings that take too long, and enters calls for audit."""

    def __init__(self, server_context: ServerContext) -> None:
        self._server_context = server_context
        self._windows = CallWindows()

    async def answer(
        self,
        name: str,
        arguments: dict[str, Json],
        work: Callable[[], Awaitable[_Answer]],
        *,
        changes: bool,
        seconds: float | None,
    ) -> _Answer:
        """Do the work of one call.

        Args:
            name: the tool.
            arguments: as they were given; their digest is kept, and the run or change set that they name.
            work: answers the call.
            changes: it may change something, here or elsewhere, or the caller may not make it.
            seconds: how long it may take, None for as long as it needs.

        Raises:
            ToolError: there were too many calls, it took too long, or what `work` raises.
        """
        self._admit(name, changes)
        began = time.perf_counter()
        outcome: CallOutcome | None = CallOutcome.FAILED
        answer: _Answer | None = None
        reason: str | None = None
        try:
            answer = await _in_time(name, work, seconds)
            outcome = CallOutcome.DONE
            return answer
        except MalformedCallError:
            outcome = None
            raise
        except RefusedCallError as error:
            outcome, reason = CallOutcome.REFUSED, str(error)[:_LONGEST_REASON]
            raise
        except anyio.get_cancelled_exc_class():
            outcome = CallOutcome.CANCEL
            raise
        finally:
            if isinstance(answer, InputRequiredResult):  # the person is asked first
                outcome = None
            if outcome is not None and (changes or outcome is CallOutcome.REFUSED):
                milliseconds = round((time.perf_counter() - began) * 1000)
                about = _run_in(answer) or _named(arguments, "run_id", RunId)
                call = ToolCall(name, _digest(arguments), outcome, milliseconds, about, reason=reason)
                call = replace(call, change_set=_named(arguments, "change_set_id", ChangeSetId))
                with anyio.CancelScope(shield=True):
                    await self._record(call)

    def _admit(self, name: str, changes: bool) -> None:
        service = self._server_context.startup.opened
        if service is None:
            return
        limits, principal = service.settings.limits, self._server_context.principal
        for kind, limit in (
            ("calls", limits.tool_calls_per_minute),
            ("calls that change something", limits.changing_calls_per_minute if changes else None),
        ):
            if limit is None:
                continue
            wait = self._windows.seconds_to_wait((principal.kind, principal.id), kind, limit)
            if wait:
                raise ToolError(
                    f"{name}: not done. One caller may make {limit} {kind} in a minute; the next is possible in "
                    f"{max(1, round(wait))} s. To follow a run, give wait_seconds once instead of asking again."
                )

    async def _record(self, call: ToolCall) -> None:
        """Enter a call; its answer does not depend on that."""
        try:
            await self._server_context.startup.wait()
            await self._server_context.service.tool_calls.record(call, self._server_context.principal)
        except SpheresyncError as error:
            log.error("the call of %s could not be entered in the audit log: %s", call.tool, error)


async def _in_time(name: str, work: Callable[[], Awaitable[_Answer]], seconds: float | None) -> _Answer:
    with anyio.move_on_after(seconds):
        return await work()
    raise ToolError(
        f"{name} has no answer after {seconds:.0f} s, so it was ended; nothing was changed. Ask for less (a space, a "
        "smaller limit), or try again later; get_sync_status says whether something is wrong."
    )


def _digest(arguments: dict[str, Json]) -> Digest:
    try:
        return digest_json(arguments)
    except ValueError:  # a number or character that JSON cannot spell
        return digest_json(repr(arguments))


def _named(arguments: Mapping[str, Json], name: str, kind: Callable[[str], _Id]) -> _Id | None:
    """The id that an argument gives, if it is one: whatever else stands there may be anything."""
    given = arguments.get(name)
    return kind(given) if isinstance(given, str) and _AN_ID.fullmatch(given) else None


def _run_in(answer: object) -> RunId | None:
    """The run that an answer is about."""
    structured = answer.structured_content if isinstance(answer, CallToolResult) else None
    run_id = structured.get("run_id") if isinstance(structured, dict) else None
    return RunId(run_id) if isinstance(run_id, str) else None
