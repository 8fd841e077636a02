"""Answer over HTTP, under its own id, what the SDK's transports would drop or answer without one."""

from __future__ import annotations

from mcp.types import JSONRPCError
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spheresync_server.mcp_server.messages import LARGEST, refusals


class ReadableOnly:
    """Looks at each posted message before the protocol does; one that is too large is left to the SDK's own limit."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        taken, body = await _read(receive)
        refused = refusals(body) if body is not None else []
        if refused:
            await _response(refused)(scope, receive, send)
        else:
            await self._app(scope, _again(taken, receive), send)


async def _read(receive: Receive) -> tuple[list[Message], bytes | None]:
    """What was received so far, and the body that it makes; None where it is too large or broke off."""
    taken: list[Message] = []
    size = 0
    while size <= LARGEST:
        message = await receive()
        taken.append(message)
        if message["type"] != "http.request":
            return taken, None
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            whole = b"".join(each.get("body", b"") for each in taken)
            return taken, whole if size <= LARGEST else None
    return taken, None


def _again(taken: list[Message], receive: Receive) -> Receive:
    """Receive what was taken, then whatever comes."""
    left = iter(taken)

    async def again() -> Message:
        message = next(left, None)
        return await receive() if message is None else message

    return again


def _response(refused: list[JSONRPCError]) -> JSONResponse:
    bodies = [error.model_dump(mode="json", by_alias=True, exclude_unset=True) for error in refused]
    return JSONResponse(bodies[0] if len(bodies) == 1 else bodies, 400)
