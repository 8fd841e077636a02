"""Run a command's asynchronous part so that a signal ends it in good order: state closed, no traceback."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NoReturn, TypeVar

import anyio
from anyio.abc import TaskStatus

from spheresync.isolation import isolated_group
from spheresync_server.cli.output import documents
from spheresync_server.cli.signals import ENDING, armed
from spheresync_server.failure import INTERRUPTED, FailureNote

_Result = TypeVar("_Result")

GRACE = 8.0
"""Seconds in which an orderly end may close what is open; supervisors kill after ten. A request under way is waited for
as long, since its answer says what was done. After that the process ends as if it had been killed: what was sent is in
the journal, and the next process looks before it sends again."""
_LAST = 1.0
"""Seconds that threads which nothing waits for may hold up the end of the process."""
_AT_ONCE = (
    "Ended by {} at once. A run that had begun is durable: the next process that needs it goes on with it, and "
    "`spheresync runs` shows it."
)


class InterruptedBySignalError(Exception):
    """Raised after a signal ended the work and everything is closed; `runs` are those that wait for a next process."""

    def __init__(self, number: int, *, runs: Sequence[str] = ()) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.runs = tuple(runs)

    @property
    def exit_code(self) -> int:
        """As a shell reports it: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number

    @property
    def note(self) -> FailureNote:
        """What to tell whoever sent the signal."""
        if not self.runs:
            return FailureNote(INTERRUPTED, self.exit_code, f"Ended by {self}.")
        if len(self.runs) == 1:
            run = self.runs[0]
            return FailureNote(
                INTERRUPTED,
                self.exit_code,
                f"Ended by {self}. Run {run} is durable: the next process that needs it goes on with it.",
                f"`spheresync runs {run}` shows it, `spheresync cancel {run}` ends it.",
            )
        return FailureNote(
            INTERRUPTED,
            self.exit_code,
            f"Ended by {self}. Runs {', '.join(self.runs)} are durable: the next process that needs them goes on.",
            "`spheresync runs` shows them, `spheresync cancel RUN_ID` ends one.",
        )


def run_until_signalled(
    work: Callable[[], Awaitable[_Result]], farewell: Callable[[InterruptedBySignalError], int]
) -> _Result:
    """Run `work` to its end.

    Args:
        work: what to do.
        farewell: told of a signal when closing takes longer than the grace; says what is to be said, and answers the
            exit code with which the process then ends at once.

    Raises:
        InterruptedBySignalError: SIGINT or SIGTERM came first; `work` was cancelled and has closed what it held.
    """
    outcome: list[_Result] = []
    received: list[int] = []
    overdue: list[threading.Timer] = []
    leaving = armed()

    async def watch(scope: anyio.CancelScope, *, task_status: TaskStatus[None]) -> None:
        try:
            with anyio.open_signal_receiver(*ENDING) as signals:
                task_status.started()
                async for number in signals:
                    received.append(number)
                    late = InterruptedBySignalError(number)
                    if leaving is not None:
                        overdue.append(_leave_after(GRACE, partial(farewell, late)))
                    break
        finally:
            # The receiver put Python's own handlers back. A second signal need not wait for a slow end.
            if leaving is not None:
                (leaving.saying(_AT_ONCE) if received else leaving).arm()
        scope.cancel()

    async def guarded() -> None:
        async with isolated_group() as group:
            await group.start(watch, group.cancel_scope)
            outcome.append(await work())
            group.cancel_scope.cancel()

    try:
        anyio.run(guarded)
    finally:
        for timer in overdue:
            timer.cancel()
    if not outcome:
        raise InterruptedBySignalError(received[0])
    return outcome[0]


def leave_soon(code: int) -> None:
    """What was to be done and said is; a thread that nothing waits for must not hold up the end of the process."""
    _leave_after(_LAST, lambda: code)


@contextmanager
def closing_within_grace(code: int) -> Iterator[None]:
    """A block that closes what is open; the process ends with the code where it takes longer than the grace."""
    timer = _leave_after(GRACE, lambda: code)
    try:
        yield
    finally:
        timer.cancel()


def _leave_after(seconds: float, last_words: Callable[[], int]) -> threading.Timer:
    timer = threading.Timer(seconds, lambda: leave_now(last_words()))
    timer.daemon = True
    timer.start()
    return timer


def say(note: FailureNote, *, json: bool) -> None:
    """Tell what went wrong, as a document on stdout or as a line."""
    if json:
        documents.write(note.to_json())
    else:
        sys.stderr.write(f"spheresync: {note.text}\n")


def telling(*, json: bool) -> Callable[[InterruptedBySignalError], int]:
    """The usual farewell: say what was interrupted, and answer its exit code."""

    def farewell(interruption: InterruptedBySignalError) -> int:
        say(interruption.note, json=json)
        return interruption.exit_code

    return farewell


def leave_now(code: int) -> NoReturn:
    """End the process although a thread still waits for standard input, which nothing can wake."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
