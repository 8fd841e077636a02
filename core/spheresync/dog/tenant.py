"""The embedded tenant of the dog environment: an ASGI app over content that lasts in the state folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeAlias

import anyio

from spheresync.dog.edits import Edit
from spheresync.dog.exchange import Request, Response
from spheresync.dog.faults import Faults
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.objects import Landscape
from spheresync.dog.routes import TOKEN_PATH
from spheresync.dog.sign_in import SignIn
from spheresync.dog.site import DEFAULT_PAGE_SIZE, TenantSite
from spheresync.dog.store import StoredContent, TenantContent
from spheresync.dog.traffic import Traffic

DOG_BASE_URL = "http://127.0.0.1:1"
"""Where the embedded tenant is said to live: on loopback, at a port that nothing listens on."""
DOG_TOKEN_URL = DOG_BASE_URL + TOKEN_PATH

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class DogTenant:
    """A Datasphere tenant in this process; give it to an HTTP client's ASGI transport.

    Several processes may have one over the same state folder: they see each other's edits. `faults` and `traffic`
    are this process's own.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        *,
        content: TenantContent | None = None,
        sign_in: SignIn | None = None,
        page_size: int = DEFAULT_PAGE_SIZE,
    ) -> None:
        if content is None:
            if state_dir is None:
                raise TypeError("a tenant needs a state folder or content")
            content = StoredContent(state_dir, seed=retailer_landscape)
        self._site = TenantSite(content, sign_in=sign_in, page_size=page_size)

    @property
    def sign_in(self) -> SignIn:
        """The technical user that the tenant knows."""
        return self._site.sign_in

    @property
    def faults(self) -> Faults:
        return self._site.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._site.faults = faults

    @property
    def traffic(self) -> Traffic:
        """What this process asked the tenant."""
        return self._site.traffic

    @property
    def landscape(self) -> Landscape:
        """The present content (StateError where the stored one cannot be read)."""
        return self._site.content.landscape()

    def edit(self, *edits: Edit) -> Landscape:
        """Change the content, every edit or none; see `spheresync.dog.edits`.

        Raises:
            UsageError: an edit names what is not there.
            StateError: the content cannot be written.
        """
        return self._site.content.edit(*edits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI HTTP request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"the embedded tenant serves HTTP, not {scope['type']}")
        request = _request(scope, await _body(receive))
        self._site.traffic.began()
        try:
            if self.faults.latency_ms:
                await anyio.sleep(self.faults.latency_ms / 1000)
            await _send(self._site.respond(request), send)
        finally:
            self._site.traffic.ended()


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _request(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    raw_path = scope.get("raw_path") or scope["path"].encode("utf-8")
    host = headers.get("host", "127.0.0.1")
    return Request(
        method=scope["method"],
        path=raw_path.decode("latin-1").partition("?")[0],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=body,
        origin=f"{scope.get('scheme', 'http')}://{host}",
    )


async def _send(response: Response, send: Send) -> None:
    headers = [
        (b"content-type", response.content_type.encode("latin-1")),
        (b"content-length", str(len(response.body)).encode()),
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers),
    ]
    body = response.body[: len(response.body) // 2] if response.cut else response.body
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
