"""Answer only requests that name this machine by a loopback name; anything else may be DNS rebinding.

The SDK's own check knows three spellings, in lower case and with a port; a client may use any address of 127.0.0.0/8,
write names in upper case, and leaves port 80 out (RFC 9110, 4.2.3 and 7.2).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^:\[\]@/\s]+))(?::[0-9]{0,5})?")


def is_loopback_name(name: str) -> bool:
    """Whether a host, without port and brackets, is this machine and cannot be another."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_loopback_host(host_header: str) -> bool:
    """Whether a Host header, with or without port, names this machine by a loopback name."""
    match = _HOST.fullmatch(host_header.strip().lower())
    return match is not None and is_loopback_name(match["six"] or match["name"])


def is_loopback_origin(origin: str) -> bool:
    """Whether a page that asks was itself served by this machine."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and is_loopback_host(parts.netloc)


class LoopbackOnly:
    """Refuses, before anything else looks at it, what does not come from this machine in its own name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if not hosts or not all(map(is_loopback_host, hosts)):
            refusal = PlainTextResponse("This server answers to loopback names only: 127.0.0.1, localhost, [::1].", 421)
            await refusal(scope, receive, send)
        elif not all(map(is_loopback_origin, headers.getlist("origin"))):
            refusal = PlainTextResponse("Pages of other sites may not ask this server.", 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)
