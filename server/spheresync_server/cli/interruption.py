"""Run the asynchronous part of a command so that a signal ends it in order: state closed, no traceback."""

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
from spheresync_server.cli.signals import ENDING_SIGNALS, installed_handler
from spheresync_server.failure import INTERRUPTED, FailureNote

_Result = TypeVar("_Result")

GRACE = 8.0
"""Seconds in which an orderly end may close what is open; supervisors kill after ten. A request under way is waited for
as long, since its answer says what was done. After that the process ends as if it had been killed: what was sent is in
the journal, and the next process looks before it sends again."""
_EXIT_WITHIN = 1.0
"""Seconds for which threads that nothing waits for may delay the end of the process."""
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
    work: Callable[[], Awaitable[_Result]], on_overdue: Callable[[InterruptedBySignalError], int]
) -> _Result:
    """Run `work` to its end.

    Args:
        work: what to do.
        on_overdue: called when closing after a signal takes longer than the grace; reports it and returns the exit
            code with which the process then ends at once.

    Raises:
        InterruptedBySignalError: SIGINT or SIGTERM came first; `work` was cancelled and has closed what it held.
    """
    outcome: list[_Result] = []
    received: list[int] = []
    overdue: list[threading.Timer] = []
    handler = installed_handler()

    async def watch(scope: anyio.CancelScope, *, task_status: TaskStatus[None]) -> None:
        try:
            with anyio.open_signal_receiver(*ENDING_SIGNALS) as signals:
                task_status.started()
                async for number in signals:
                    received.append(number)
                    late = InterruptedBySignalError(number)
                    if handler is not None:
                        overdue.append(_exit_after(GRACE, partial(on_overdue, late)))
                    break
        finally:
            # The receiver put Python's own handlers back. A second signal need not wait for a slow end.
            if handler is not None:
                (handler.with_text(_AT_ONCE) if received else handler).install()
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


def exit_soon(code: int) -> None:
    """Everything is done and written: a thread that nothing waits for must not delay the end of the process."""
    _exit_after(_EXIT_WITHIN, lambda: code)


@contextmanager
def exit_unless_closed(code: int) -> Iterator[None]:
    """A block that closes what is open; if that takes longer than the grace, the process ends with the code."""
    timer = _exit_after(GRACE, lambda: code)
    try:
        yield
    finally:
        timer.cancel()


def _exit_after(seconds: float, report: Callable[[], int]) -> threading.Timer:
    timer = threading.Timer(seconds, lambda: exit_now(report()))
    timer.daemon = True
    timer.start()
    return timer


def write_failure(note: FailureNote, *, json: bool) -> None:
    """Write what went wrong, as a document on stdout or a line on stderr."""
    if json:
        documents.write(note.to_json())
    else:
        sys.stderr.write(f"spheresync: {note.text}\n")


def report_interruption(*, json: bool) -> Callable[[InterruptedBySignalError], int]:
    """A function that writes what was interrupted and returns its exit code."""

    def report(interruption: InterruptedBySignalError) -> int:
        write_failure(interruption.note, json=json)
        return interruption.exit_code

    return report


def exit_now(code: int) -> NoReturn:
    """End the process although a thread still waits for standard input, which nothing can wake."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
