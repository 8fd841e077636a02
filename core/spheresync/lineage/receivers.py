"""Where OpenLineage events go: to the end of a file, or to an address, one event a request.

A receiver takes a batch of what belongs together, an entry for each asset, and answers for each entry whether it was
taken. An event that comes twice has the same run id.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import anyio.to_thread

from spheresync.config import Settings
from spheresync.errors import SpheresyncError
from spheresync.regular_files import kind_of
from spheresync.source.transport.json_post import JsonPost, PostError
from spheresync.state_folder import is_of_state

_OF_THE_EVENT = frozenset({400, 413, 422})
_IN_A_ROW = 3
"""Refused events after which it is the receiver that is wrong, and not the event."""
_BEGINS = b'{"eventTime":'
"""How a line of ours begins: the members of canonical JSON are in the order of their names."""
_LOCK_TRIES, _LOCK_PAUSE = 100, 0.05
_LONGEST_LINE = 64 * 1024 * 1024

Entry = Sequence[bytes]
"""The events of one asset."""


class UndeliveredError(SpheresyncError):
    """Raised when events were not taken; neither text holds the receiver's address."""


class Receiver(Protocol):
    """Takes events."""

    async def take(self, batch: Sequence[Entry]) -> list[UndeliveredError | None]:
        """Hand events over; answers for each entry why it was not taken, None where it was."""
        ...


def receiver_of(settings: Settings, posting: JsonPost) -> Receiver | None:
    """The receiver that the settings name, None where there is none."""
    told = settings.lineage
    if told.file is not None:
        return EventFile(told.file, settings.state_dir)
    if told.address is not None:
        return EventAddress(told.address, told.token.get_secret_value(), posting)
    return None


class EventAddress:
    """Posts each event by itself, and nothing more once the receiver is known not to take any."""

    def __init__(self, address: str, token: str, posting: JsonPost) -> None:
        self._address = address
        self._token = token
        self._posting = posting

    async def take(self, batch: Sequence[Entry]) -> list[UndeliveredError | None]:
        """As `Receiver.take`."""
        answers: list[UndeliveredError | None] = []
        stopped: UndeliveredError | None = None
        refused = 0
        for entry in batch:
            if stopped is None:
                try:
                    await self._post(entry)
                    answers.append(None)
                    refused = 0
                    continue
                except PostError as error:
                    why = UndeliveredError(error.message, remedy=error.remedy)
                    refused += 1
                    if error.status not in _OF_THE_EVENT or refused >= _IN_A_ROW:
                        stopped = why
                    answers.append(why)
                    continue
            answers.append(stopped)
        return answers

    async def _post(self, entry: Entry) -> None:
        for event in entry:
            await self._posting.send(
                self._address,
                event,
                what="the receiver of lineage",
                remedy="Check lineage.openlineage and lineage.token, and the receiver's own log.",
                token=self._token,
            )


class EventFile:
    """Appends a batch as a whole or not at all, a line for each event; processes wait for each other."""

    def __init__(self, file: Path, state_dir: Path) -> None:
        self._file = file
        self._state_dir = state_dir

    async def take(self, batch: Sequence[Entry]) -> list[UndeliveredError | None]:
        """As `Receiver.take`."""
        lines = b"".join(event + b"\n" for entry in batch for event in entry)
        try:
            if lines:
                await anyio.to_thread.run_sync(self._append, lines)
        except OSError as error:
            why = UndeliveredError(
                f"{self._file} cannot be written: {error.strerror or error}.",
                remedy="Make room, or set lineage.openlineage to a file that this user may write.",
            )
            return [why] * len(batch)
        except UndeliveredError as error:
            return [error] * len(batch)
        return [None] * len(batch)

    def _append(self, lines: bytes) -> None:
        if is_of_state(self._state_dir, self._file):
            raise UndeliveredError(
                f"{self._file} is the state itself.", remedy="Set lineage.openlineage to a file elsewhere."
            )
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(self._file, flags, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0):
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise UndeliveredError(
                    f"{self._file} is no plain file, it is {kind_of(mode)}.",
                    remedy="Set lineage.openlineage to a plain file.",
                )
            _lock(descriptor)
            end = _whole_end(descriptor)
            try:
                os.ftruncate(descriptor, end)
                begun = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
                data = memoryview(b"\n" + lines if begun else lines)
                while data:
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise


def _lock(descriptor: int) -> None:
    """Wait for other processes that append; a lock that somebody keeps is an error like a full disk."""
    for _ in range(_LOCK_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_LOCK_PAUSE)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _whole_end(descriptor: int) -> int:
    """Where the file ends without the line that a process of ours was killed in; another's last line stays."""
    size = os.fstat(descriptor).st_size
    start = max(0, size - _LONGEST_LINE)
    step, tail = 65536, b""
    position = size
    while position > start:
        begin = max(start, position - step)
        tail = os.pread(descriptor, position - begin, begin) + tail
        position = begin
        at = tail.rfind(b"\n")
        if at >= 0 or position == start:
            torn = tail[at + 1 :]
            ours = torn.startswith(_BEGINS) or (torn and _BEGINS.startswith(torn))
            return size - len(torn) if ours else size
    return size
