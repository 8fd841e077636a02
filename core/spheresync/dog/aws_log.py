"""The embedded AWS's memory: an append-only log of successful writes in the state folder, shared by processes.

Each line is one JSON object. The first tells the log's generation: a compaction puts a shorter log of a new
generation in its place, and whoever read the old one starts again. A line without an end belongs to a process that
died while it wrote; nobody was told of that call, so it is cut off.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from spheresync.dog.lock_file import for_its_owner, locked_file
from spheresync.errors import StateError
from spheresync.model import JsonValue
from spheresync.model.json_document import read_own_json

AWS_LOG_FILE = "dog-aws.jsonl"
_LOCK_FILE = "dog-aws.lock"
_FORMAT = 1

Entry: TypeAlias = "dict[str, JsonValue]"


class CallLog:
    """Reads and appends under `locked()` only. One instance belongs to one reader, which replays what it returns."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / AWS_LOG_FILE
        self._lock_path = state_dir / _LOCK_FILE
        self._generation: str | None = None
        self._offset = 0
        self._base = 0

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other process, and every other instance, away from the log."""
        return locked_file(self._lock_path, self._unusable)

    def catch_up(self) -> tuple[bool, list[Entry]]:
        """Entries since the last call, and whether they are the whole log of a new generation.

        Raises:
            StateError: the log is damaged, of a newer program, or cannot be read.
        """
        try:
            with self._path.open("rb+") as file:
                header = file.readline()
                if not header:
                    return self._begin()
                generation = self._read_header(header)
                fresh = generation != self._generation
                start = len(header) if fresh else self._offset
                file.seek(start)
                whole, end, torn = file.read().rpartition(b"\n")
                if torn:
                    file.truncate(start + len(whole) + len(end))
        except FileNotFoundError:
            return self._begin()
        except OSError as error:
            raise self._unusable(error) from error
        entries = [self._parsed(line) for line in whole.split(b"\n") if line]
        self._generation, self._offset = generation, start + len(whole) + len(end)
        return fresh, entries

    def append(self, entry: Entry) -> None:
        """Add one entry after the last that `catch_up` gave.

        Raises:
            StateError: it could not be written; the log is as it was.
        """
        line = _line(entry)
        try:
            with self._path.open("rb+") as file:
                file.seek(self._offset)
                try:
                    file.write(line)
                    file.flush()
                except OSError:
                    file.truncate(self._offset)
                    raise
        except OSError as error:
            self.forget()
            raise self._unusable(error) from error
        self._offset += len(line)

    def forget(self) -> None:
        """Have the next `catch_up` give the whole log."""
        self._generation = None

    @property
    def size(self) -> int:
        """Bytes of the log as last read or written."""
        return self._offset

    @property
    def base(self) -> int:
        """Bytes of the log when it was last replaced."""
        return self._base

    def replace(self, entries: Iterable[Entry]) -> None:
        """Put `entries`, which say the same, in the place of the whole log.

        Raises:
            StateError: it could not be written; the log is as it was.
        """
        generation = secrets.token_hex(8)
        lines = [_line(entry) for entry in entries]
        base = sum(map(len, lines))
        new = self._path.with_suffix(".new")
        try:
            with open(new, "wb", opener=for_its_owner) as file:
                file.write(_line({"format": _FORMAT, "generation": generation, "base": base}))
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            new.replace(self._path)
        except OSError as error:
            raise self._unusable(error) from error
        self._generation, self._offset, self._base = generation, size, base

    def _begin(self) -> tuple[bool, list[Entry]]:
        self.replace(())
        return True, []

    def _read_header(self, line: bytes) -> str:
        header = self._parsed(line)
        generation, base = header.get("generation"), header.get("base")
        if header.get("format") != _FORMAT or not isinstance(generation, str) or not isinstance(base, int):
            raise StateError(
                f"{self._path} was written by another version of the program.",
                remedy="Use that version, or delete the file to start with an empty embedded AWS.",
            )
        self._base = base
        return generation

    def _parsed(self, line: bytes) -> Entry:
        try:
            entry = read_own_json(line)
        except ValueError as error:
            raise self._unusable(error) from error
        if not isinstance(entry, dict):
            raise self._unusable(ValueError("a line is no JSON object"))
        return entry

    def _unusable(self, error: Exception) -> StateError:
        return StateError(
            f"The embedded AWS's log {self._path} cannot be used: {error}.",
            remedy="Make the folder writable, or delete the file to start with an empty embedded AWS.",
        )


def _line(entry: Entry) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
