"""Run a command's asynchronous part so that a signal ends it in good order: state closed, no traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import anyio
from anyio.abc import TaskStatus

from spheresync_server.failure import INTERRUPTED, FailureNote

_Result = TypeVar("_Result")


class InterruptedBySignalError(Exception):
    """Raised after a signal ended the work and everything is closed; `run_id` is the run it was following."""

    def __init__(self, number: int, *, run_id: str | None = None) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.run_id = run_id

    @property
    def exit_code(self) -> int:
        """As a shell reports it: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number

    @property
    def note(self) -> FailureNote:
        """What to tell whoever sent the signal."""
        if self.run_id is None:
            return FailureNote(INTERRUPTED, self.exit_code, f"Ended by {self}.")
        return FailureNote(
            INTERRUPTED,
            self.exit_code,
            f"Ended by {self}. Run {self.run_id} is durable: the next process that needs it goes on with it.",
            f"`spheresync runs {self.run_id}` shows it, `spheresync cancel {self.run_id}` ends it.",
        )


def run_until_signalled(work: Callable[[], Awaitable[_Result]]) -> _Result:
    """Run `work` to its end.

    Raises:
        InterruptedBySignalError: SIGINT or SIGTERM came first; `work` was cancelled and has closed what it held.
    """
    outcome: list[_Result] = []
    received: list[int] = []

    async def watch(scope: anyio.CancelScope, *, task_status: TaskStatus[None]) -> None:
        # A second signal finds the ordinary handlers again, so that nobody has to wait for a slow end.
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async for number in signals:
                received.append(number)
                break
        scope.cancel()

    async def guarded() -> None:
        async with anyio.create_task_group() as group:
            await group.start(watch, group.cancel_scope)
            outcome.append(await work())
            group.cancel_scope.cancel()

    anyio.run(guarded)
    if not outcome:
        raise InterruptedBySignalError(received[0])
    return outcome[0]


def leave_now(code: int) -> NoReturn:
    """End the process although a thread still waits for standard input, which nothing can wake."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
