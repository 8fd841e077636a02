"""Where the content of the dog environment's tenant is kept: a file of the state folder.

The file is replaced atomically under a lock, so that several processes may edit it, and read again by whoever sees
that another process has replaced it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from spheresync.dog.edits import Edit
from spheresync.dog.lock_file import locked_file
from spheresync.dog.objects import Landscape, landscape_from_json, landscape_to_json
from spheresync.errors import StateError, UsageError
from spheresync.model.json_document import read_own_json
from spheresync.regular_files import FileStamp, open_regular, stamp_at, stamp_of

TENANT_FILE = "dog-tenant.json"
_LOCK_FILE = "dog-tenant.lock"
_FORMAT = 1


class TenantContent(Protocol):
    """What a tenant serves. `landscape` gives the same object for as long as nothing was edited."""

    def landscape(self) -> Landscape: ...

    def edit(self, *edits: Edit) -> Landscape: ...


class StoredContent:
    """Content in `dog-tenant.json` of a state folder, seeded at first use. Safe from many threads and processes."""

    def __init__(self, state_dir: Path, *, seed: Callable[[], Landscape]) -> None:
        self._path = state_dir / TENANT_FILE
        self._lock_path = state_dir / _LOCK_FILE
        self._seed = seed
        self._mutex = threading.RLock()
        self._seen: FileStamp | None = None
        self._landscape = Landscape()

    def landscape(self) -> Landscape:
        """The present content.

        Raises:
            StateError: the file is damaged or of a newer program, or the folder cannot be written.
        """
        with self._mutex:
            stamp = stamp_at(self._path)
            if stamp is None:
                with self._locked():
                    if stamp_at(self._path) is None:
                        self._write(self._seed())
                    return self._read()
            return self._landscape if stamp == self._seen else self._read()

    def edit(self, *edits: Edit) -> Landscape:
        """Apply every edit or none, on top of what any process wrote before.

        Raises:
            UsageError: an edit names what is not there.
            StateError: the file is damaged or cannot be written.
        """
        with self._mutex, self._locked():
            if stamp_at(self._path) is None:
                self._write(self._seed())
            self._write(applied(self._read(), edits))
            return self._read()

    def _locked(self) -> AbstractContextManager[None]:
        return locked_file(self._lock_path, lambda error: _unusable(self._path, error))

    def _read(self) -> Landscape:
        try:
            with open_regular(self._path) as file:
                found = stamp_of(os.fstat(file.fileno()))
                document = read_own_json(file.read())
            if document["format"] != _FORMAT:
                raise StateError(
                    f"{self._path} was written by another version of the program.",
                    remedy="Use that version, or delete it.",
                )
            self._landscape = landscape_from_json(document["landscape"])
        except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
            raise _unusable(self._path, error) from error
        self._seen = found
        return self._landscape

    def _write(self, landscape: Landscape) -> None:
        document = {"format": _FORMAT, "landscape": landscape_to_json(landscape)}
        body = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
        try:
            # Under one name, as the lock is held: what a process that was killed left behind is written over.
            new = self._path.with_name(f"{TENANT_FILE}.new")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise _unusable(self._path, error) from error


def applied(landscape: Landscape, edits: tuple[Edit, ...]) -> Landscape:
    for edit in edits:
        landscape = edit(landscape)
    return landscape


def _unusable(path: Path, error: Exception) -> StateError:
    return StateError(
        f"The embedded tenant's content in {path} cannot be used: {error}.",
        remedy="Make the folder writable, or delete the file to start again from the built-in landscape.",
    )
