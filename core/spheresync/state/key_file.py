"""A secret key of 32 bytes in a file of its own, which is made when it is first needed."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from spheresync.errors import StateError
from spheresync.regular_files import open_regular
from spheresync.state.atomic_file import open_atomic_file

REQUEST_STATE_KEY = "mcp.key"
"""In the state folder: seals what MCP clients carry from one request to the next, for every server on that state."""
_KEY_BYTES = 32
_LARGEST = 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file, in base64, 0600. `place`: what to do where it cannot be made; `renewed`: what makes a new one."""

    path: Path
    place: str
    renewed: str

    def read(self) -> bytes | None:
        """The key, None where there is none yet.

        Raises:
            StateError: the file cannot be read, is open to others or holds no key.
        """
        try:
            with open_regular(self.path) as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"The key {self.path} cannot be read: {error.strerror or error}.") from error
        if mode & _OTHERS:
            raise StateError(
                f"The key {self.path} may be used by other accounts.",
                remedy=f"Take that away (`chmod 600 {self.path}`).",
            )
        try:
            key = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
        except binascii.Error:
            key = b""
        if len(key) != _KEY_BYTES:
            raise StateError(
                f"{self.path} holds no key of 32 bytes in base64.",
                remedy=f"Put the key back, or move the file away: a new one is made by {self.renewed}.",
            )
        return key

    def read_or_make(self) -> bytes:
        """The key; where there is none, a new one, which every process finds from then on.

        Raises:
            StateError: it cannot be read or written.
        """
        return self.read() or self._make()

    def _make(self) -> bytes:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open_atomic_file(self.path) as draft:
                draft.path.write_bytes(base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)) + b"\n")
                draft.seal()
                draft.take_place(replace=False)
        except (FileExistsError, BlockingIOError):
            pass  # another process makes it now
        except OSError as error:
            raise StateError(
                f"The key {self.path} cannot be made: {error.strerror or error}.", remedy=self.place
            ) from error
        key = self.read()
        if key is None:
            raise StateError(f"Another process makes the key {self.path} just now.", remedy="Try again.")
        return key
