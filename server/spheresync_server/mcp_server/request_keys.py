"""The key of what MCP clients carry from one request to the next; every server on a state has the same one.

So a question that one server asked may be answered at another one, or after a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

from spheresync.errors import StateError
from spheresync_server.server_context import ServiceStartup

log = logging.getLogger(__name__)


class RequestKeys:
    """Reads the key when it is first needed, since that is after the state was opened."""

    def __init__(self, startup: ServiceStartup) -> None:
        self._startup = startup
        self._key: bytes | None = None

    @property
    def usable(self) -> bool:
        """Whether the state is open, so that the key can be read."""
        return self._startup.opened is not None

    def derived(self, purpose: str) -> bytes:
        """A key of its own for one purpose.

        Where the key file cannot be used, one of this process: what it gave out ends with it.
        """
        if self._key is None:
            self._key = self._read()
        return hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()

    def _read(self) -> bytes:
        from spheresync.state.key_file import REQUEST_STATE_KEY, KeyFile  # loaded with the service

        file = KeyFile(
            self._startup.service.settings.state_dir / REQUEST_STATE_KEY,
            place="Let the user who runs this program write in the state folder.",
            renewed="the next question to a person",
        )
        try:
            return file.read_or_make()
        except StateError as error:
            log.warning("questions to persons are bound to this process: %s", error)
            return os.urandom(32)


class SharedRequestState:
    """Seals request state with the shared key, as the SDK's own codec does."""

    def __init__(self, keys: RequestKeys) -> None:
        self._keys = keys
        self._codec: AESGCMRequestStateCodec | None = None

    def seal(self, payload: bytes) -> str:
        return self._opened().seal(payload)

    def unseal(self, token: str) -> bytes:
        """The payload.

        Raises:
            InvalidRequestState: the token was not made by a server on this state.
        """
        if self._keys.usable:
            return self._opened().unseal(token)
        raise InvalidRequestState("the state is not open yet")

    def _opened(self) -> AESGCMRequestStateCodec:
        if self._codec is None:
            self._codec = AESGCMRequestStateCodec([self._keys.derived("request state")])
        return self._codec
