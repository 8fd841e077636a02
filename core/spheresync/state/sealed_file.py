"""A small document that is kept encrypted in the state folder, with a key that lies elsewhere.

The key keeps what is in the file from whoever gets hold of the folder: its copies, its backups, a disk that was given
away. It keeps nothing from whoever may read the account's other files, the key among them.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path
from typing import Any

from spheresync.errors import StateError
from spheresync.model.json_document import read_own_json
from spheresync.regular_files import FileStamp, open_regular, stamp_at
from spheresync.state.atomic_file import open_atomic_file
from spheresync.state.key_file import KeyFile

SIGN_IN_FILE = "sign-in.json"
_KEY_BYTES, _NONCE_BYTES = 32, 12  # AES-256-GCM
_LARGEST = 1024 * 1024
_FORMAT = 1
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SealedFile:
    """One document. `purpose` is sealed with it, so that no other file of the same key can take its place."""

    def __init__(self, path: Path, key_file: Path, *, purpose: str) -> None:
        self._path = path
        self._key_file = KeyFile(
            key_file,
            place="Name a file that this user may write with datasphere.sign_in_key.",
            renewed="the next sign-in",
        )
        self._purpose = f"spheresync {purpose} {_FORMAT}".encode()

    def stamp(self) -> FileStamp | None:
        """What is another value once the file was written anew; None where there is none that can be looked at."""
        try:
            return stamp_at(self._path)
        except OSError:
            return None

    def read(self) -> dict[str, Any] | None:
        """The document, None where there is none.

        Raises:
            StateError: it cannot be read: the key is gone, open to others or another one, or the file is damaged.
        """
        try:
            with open_regular(self._path) as file:
                outer = file.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"{self._path} cannot be read: {error.strerror or error}.") from error
        key = self._key_file.read()
        if key is None:
            raise StateError(f"The key of {self._path}, {self._key_file.path}, is not there.")
        try:
            return self._opened(outer, key)
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise StateError(f"{self._path} is damaged, or was not sealed with {self._key_file.path}.") from error

    def write(self, document: dict[str, Any]) -> None:
        """Put a document in the place of the present one, 0600, whole or not at all; a key is made where there is none.

        Raises:
            StateError: key or file cannot be written, or the key is open to others.
        """
        sealed = self._sealed(document, self._key_file.read_or_make())
        try:
            with open_atomic_file(self._path) as draft:
                draft.path.write_bytes(sealed)
                draft.seal()
                draft.take_place(replace=True)
        except OSError as error:
            raise StateError(
                f"{self._path} cannot be written: {error.strerror or error}.",
                remedy="Let the user who runs this program write there, on a disk with space.",
            ) from error

    def _opened(self, outer: bytes, key: bytes) -> dict[str, Any]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        found = read_own_json(outer)
        if found["format"] != _FORMAT:
            raise ValueError("another format")
        nonce, sealed = base64.b64decode(found["nonce"]), base64.b64decode(found["sealed"])
        try:
            document = read_own_json(AESGCM(key).decrypt(nonce, sealed, self._purpose))
        except InvalidTag as error:
            raise ValueError("another key, or damaged") from error
        if not isinstance(document, dict):
            raise TypeError("no document")
        return document

    def _sealed(self, document: dict[str, Any], key: bytes) -> bytes:
        import json

        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, json.dumps(document).encode(), self._purpose)
        outer = {
            "format": _FORMAT,
            "nonce": base64.b64encode(nonce).decode("ascii"),
            "sealed": base64.b64encode(sealed).decode("ascii"),
        }
        return json.dumps(outer).encode()
