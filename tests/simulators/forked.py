"""Processes of tests that begin in milliseconds: forks of one process that has loaded the program already.

Loading the program costs a processor more than most commands do, and the suite runs some hundreds of them. A fork is
a process like any other (it can be stopped, killed, waited for), and it is held to loopback as the suite itself is.
How the program begins, from the interpreter on, is what `tests/unit/server` and the dog's tests try. How it ends is
the interpreter's own doing here too where a test asks for that: it waits for threads, flushes its streams, and an exit
code may come of it.
"""

from __future__ import annotations

import ctypes
import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from tests.simulators.loopback import loopback_only

ACCOUNT = "TESTS_ACCOUNT"
"""Variable with the number of the account that a fork takes itself to run under; by default that of the suite."""
_LEFT_LOOPBACK = 97
_PAUSE = 0.01  # seconds; less than a write takes where a test slows Glue down
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.simulators.preloaded"])


@dataclass(frozen=True, slots=True)
class Program:
    """What a fork becomes."""

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    redirected: Mapping[int, str | None]
    finalized: bool


def fork(
    module: str,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    redirected: Mapping[int, str | None] | None = None,
    finalized: bool = False,
) -> Forked:
    """Run the `main` of a module in a new process, as `python -m` does; its three streams are pipes.

    `redirected`: streams that go to a file, or nowhere at all (None), as a shell's `2>file` and `2>&-` have it.
    `finalized`: it ends as an interpreter does, and not at once.
    """
    program = Program(module, [*arguments], dict(environment), folder, redirected or {}, finalized)
    theirs_in, ours_in = _FORKING.Pipe(duplex=False)
    ours_out, theirs_out = _FORKING.Pipe(duplex=False)
    ours_err, theirs_err = _FORKING.Pipe(duplex=False)
    with theirs_in, theirs_out, theirs_err:
        process = _FORKING.Process(
            target=_become,
            args=(program, (theirs_in, theirs_out, theirs_err)),
            daemon=True,
        )
        process.start()
    with ours_in, ours_out, ours_err:
        return Forked(process, ours_in, ours_out, ours_err)


class Forked:
    """What `subprocess.Popen` is to a program that was started: the part of it that tests use."""

    def __init__(self, process: ForkServerProcess, into: Connection, out: Connection, err: Connection) -> None:
        self._process = process
        self.stdin = os.fdopen(os.dup(into.fileno()), "w", encoding="utf-8")  # `close` closes them
        self.stdout = os.fdopen(os.dup(out.fileno()), encoding="utf-8")
        self.stderr = os.fdopen(os.dup(err.fileno()), encoding="utf-8")

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, or the number of the signal that ended it, negative; raises as `Popen.wait` does."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        return code

    def is_at(self, reached: Callable[[], bool], what: str, seconds: float = 60) -> bool:
        """Wait until it has come so far, as `reached` sees from outside; False where it ended before.

        Whoever asks without a pause takes the processor from what is waited for.
        """
        deadline = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < deadline, f"{what} did not come about within {seconds:g} s"
            self._process.join(_PAUSE)
            if self._process.exitcode is not None:
                return reached()  # whoever asks may have been kept from the processor since
        return True

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Close its input, read all it says and wait for its end; raises as `Popen.communicate` does."""
        self.stdin.close()
        until = None if timeout is None else time.monotonic() + timeout
        said = ["", ""]

        def read(number: int) -> None:
            with (self.stdout, self.stderr)[number] as stream:
                said[number] = stream.read()

        readers = [threading.Thread(target=read, args=(number,), daemon=True) for number in range(2)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(None if until is None else max(0, until - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        self.wait(None if until is None else max(0.1, until - time.monotonic()))
        return said[0], said[1]

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # the fork server has reaped it, and has not said so yet
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Close our ends of its streams."""
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stdin.close()
        self.wait()
        self.close()


def _become(program: Program, streams: tuple[Connection, Connection, Connection]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    for number, file in program.redirected.items():
        os.close(number)
        if file is not None:
            os.open(file, os.O_RDWR)  # takes the number that is free by now
    _open_streams()
    os.environ.clear()
    os.environ.update(program.environment)
    os.chdir(program.folder)
    sys.argv = [program.module, *program.arguments]
    if account := program.environment.get(ACCOUNT):  # only root could change it in earnest
        os.getuid = lambda: int(account)
    with loopback_only(_leave):
        if program.finalized:
            _run_to_the_end_of_the_interpreter(program.module)
        importlib.import_module(program.module).main()


def _open_streams() -> None:
    """As an interpreter does: what is closed is None; the streams are the process's own, to its end."""
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False) if _is_open(0) else None  # type: ignore[assignment]
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False) if _is_open(1) else None  # type: ignore[assignment]
    sys.stderr = (  # type: ignore[assignment]
        os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)
        if _is_open(2)
        else None
    )
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _run_to_the_end_of_the_interpreter(module: str) -> NoReturn:
    try:
        importlib.import_module(module).main()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    ctypes.pythonapi.Py_Exit(code)
    raise AssertionError("an interpreter that has ended goes on")


def _leave(why: str) -> NoReturn:
    os.write(2, f"{why}\n".encode())
    os._exit(_LEFT_LOOPBACK)
