"""Answer over HTTP, under its own id, what the SDK's transports would drop or answer without one."""

from __future__ import annotations

from mcp.types import JSONRPCError
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spheresync_server.unreadable_messages import LARGEST, id_in_use, id_of_request, refusals, too_large

_SESSION = b"mcp-session-id"


class MessageValidation:
    """Looks at each posted message before the protocol does; of a larger one it reads no more than the limit."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path
        self._under_way: set[tuple[bytes, str]] = set()  # sessions with the ids of their requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        taken = await _read(receive)
        if taken[-1]["type"] != "http.request":  # it broke off
            await self._app(scope, _again(taken, receive), send)
            return
        body = b"".join(each.get("body", b"") for each in taken)
        if len(body) > LARGEST:
            await _response([too_large(body)], 413)(scope, receive, send)
        elif refused := refusals(body):
            await _response(refused, 400)(scope, receive, send)
        else:
            await self._pass_on(scope, _again(taken, receive), send, body)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, body: bytes) -> None:
        """Pass a request on, unless another one of its session is under way under its id.

        The SDK keeps answers by the text of the id, so that one of the two would never get its own.
        """
        session, asked = dict(scope["headers"]).get(_SESSION), id_of_request(body)
        if session is None or asked is None:
            await self._app(scope, receive, send)
            return
        key = (session, str(asked))
        if key in self._under_way:
            await _response([id_in_use(asked)], 400)(scope, receive, send)
            return
        self._under_way.add(key)
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way.discard(key)


async def _read(receive: Receive) -> list[Message]:
    """What is received of a body: all of it, or until it broke off or is larger than any message may be."""
    taken: list[Message] = []
    size = 0
    while size <= LARGEST:
        message = await receive()
        taken.append(message)
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    return taken


def _again(taken: list[Message], receive: Receive) -> Receive:
    """Receive what was taken, then whatever comes."""
    left = iter(taken)

    async def again() -> Message:
        message = next(left, None)
        return await receive() if message is None else message

    return again


def _response(refused: list[JSONRPCError], status: int) -> JSONResponse:
    bodies = [error.model_dump(mode="json", by_alias=True, exclude_unset=True) for error in refused]
    return JSONResponse(bodies[0] if len(bodies) == 1 else bodies, status)
