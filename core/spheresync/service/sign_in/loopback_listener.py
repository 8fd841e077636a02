"""Waits on this machine for the browser that comes back from the sign-in page; nobody else can reach it.

A few requests of HTTP/1.1 are all there is: one line and the `Host` of each are read, and each is answered with a page.
Only the first answer that belongs to the attempt counts; whatever else comes is told so, and waited on.
"""

from __future__ import annotations

import errno
import html
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import anyio
from anyio.abc import Listener, SocketStream

from spheresync.errors import UsageError
from spheresync.isolation import isolated_group
from spheresync.service.sign_in.authorization_request import (
    AuthorizationRequest,
    Denied,
    ForeignRequest,
    ReturnedCode,
    read_callback,
)

_LONGEST_HEAD = 32 * 1024
_HEAD_WITHIN = 10.0
_SENT_WITHIN = 2.0
_AT_ONCE = 32
"""Connections; browsers open some in advance, on which nothing ever comes."""
_HTTP = 80
_NO_SUCH_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict"}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""
_HEADERS = (
    "Content-Type: text/html; charset=utf-8",
    "Cache-Control: no-store",
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: no-referrer",
    "Connection: close",
)
_GONE = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)
"""Whoever asked has left; the next one is answered."""
TITLE = "Spheresync"


class LoopbackListener:
    """Where the browser comes back to, from `serve` on."""

    def __init__(self, request: AuthorizationRequest) -> None:
        self.request = request
        url = urlsplit(request.redirect_uri)
        self._hosts = frozenset({url.netloc.lower(), *([str(url.hostname)] if url.port == _HTTP else [])})
        self._answer: ReturnedCode | Denied | None = None
        self._came = anyio.Event()
        self._outcome: tuple[str, str] | None = None
        self._known = anyio.Event()
        self._sent = anyio.Event()
        self._room = anyio.Semaphore(_AT_ONCE)

    async def answer(self) -> ReturnedCode | Denied:
        """The first answer that belongs to the attempt; its browser waits for `tell`."""
        await self._came.wait()
        assert self._answer is not None, "set before the event is"
        return self._answer

    async def tell(self, title: str, text: str) -> None:
        """Say to the browser that waits how it ended."""
        self._outcome = title, text
        self._known.set()
        with anyio.move_on_after(_SENT_WITHIN, shield=True):
            await self._sent.wait()

    async def serve(self, stream: SocketStream) -> None:
        """Answer one request."""
        async with self._room, stream:
            with suppress(*_GONE):
                head = await _head(stream)
                if head is None:
                    return
                found = self._judge(head)
                if isinstance(found, ForeignRequest):
                    await _send(stream, found.status, f"{TITLE}: not this one", found.why)
                    return
                self._answer = found
                self._came.set()
                await self._known.wait()
                assert self._outcome is not None, "set before the event is"
                try:
                    await _send(stream, 200, *self._outcome)
                finally:
                    self._sent.set()

    def _judge(self, head: bytes) -> ReturnedCode | Denied | ForeignRequest:
        first, *lines = head.decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            return ForeignRequest(400, "This request cannot be read.")
        if parts[0] != "GET":
            return ForeignRequest(405, "Only a browser's GET is answered here.")
        hosts = [line.partition(":")[2].strip().lower() for line in lines if line.lower().startswith("host:")]
        if len(hosts) != 1 or hosts[0] not in self._hosts:  # a page elsewhere that gave this machine a name of its own
            return ForeignRequest(400, "This request is for another host.")
        found = read_callback(parts[1], self.request)
        if not isinstance(found, ForeignRequest) and self._answer is not None:
            return ForeignRequest(409, "This sign-in has had its answer already.")
        return found


@asynccontextmanager
async def listening(request: AuthorizationRequest) -> AsyncIterator[LoopbackListener]:
    """Listen at the redirect URI of an attempt; on both families of addresses where its host is `localhost`.

    Raises:
        UsageError: its port is taken, or may not be used.
    """
    listener = LoopbackListener(request)
    sockets = await _bound(request.redirect_uri)
    try:
        async with isolated_group() as group:
            for each in sockets:
                group.start_soon(each.serve, listener.serve, group)
            yield listener
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            for each in sockets:
                await each.aclose()


def free_port(redirect_uri: str) -> str:
    """The redirect URI with a port that nobody uses now, for servers that take any (RFC 8252, 7.3)."""
    host = str(urlsplit(redirect_uri).hostname)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return with_port(redirect_uri, probe.getsockname()[1])


def with_port(redirect_uri: str, port: int) -> str:
    """The redirect URI with another port."""
    url = urlsplit(redirect_uri)
    host = f"[{url.hostname}]" if ":" in str(url.hostname) else url.hostname
    return url._replace(netloc=f"{host}:{port}").geturl()


async def _bound(redirect_uri: str) -> list[Listener[SocketStream]]:
    url = urlsplit(redirect_uri)
    hosts = ["127.0.0.1", "::1"] if url.hostname == "localhost" else [str(url.hostname)]
    sockets: list[Listener[SocketStream]] = []
    try:
        for host in hosts:
            try:
                made = await anyio.create_tcp_listener(local_host=host, local_port=url.port or 0)
            except OSError as error:
                if sockets and error.errno in _NO_SUCH_ADDRESS:
                    continue  # a machine without IPv6
                raise
            sockets.extend(made.listeners)
    except OSError as error:
        for each in sockets:
            await each.aclose()
        raise UsageError(
            f"{redirect_uri} cannot be listened on: {error.strerror or error}.",
            remedy="End the program that uses this port, or give another port, or set datasphere.redirect_uri; what is "
            "given must be registered as a redirect URI of the OAuth client.",
        ) from error
    return sockets


async def _head(stream: SocketStream) -> bytes | None:
    """The first lines of a request, None where none come."""
    head = b""
    with anyio.move_on_after(_HEAD_WITHIN):
        while b"\r\n\r\n" not in head:
            if len(head) > _LONGEST_HEAD:
                return None
            head += await stream.receive()
        return head.partition(b"\r\n\r\n")[0]
    return None


async def _send(stream: SocketStream, status: int, title: str, text: str) -> None:
    page = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode("utf-8", "replace")
    lines = (f"HTTP/1.1 {status} {_REASONS[status]}", *_HEADERS, f"Content-Length: {len(page)}", "", "")
    await stream.send("\r\n".join(lines).encode("ascii") + page)
    await stream.send_eof()
    with anyio.move_on_after(_SENT_WITHIN), suppress(anyio.EndOfStream):
        while True:  # a connection that is closed with bytes unread may take the page with it
            await stream.receive()
