"""One connection to one origin, for one request at a time.

`httpx2.AsyncHTTPTransport` asks a pool, which looks over its connections before and after each request: a third of what
a request costs where each lane has a connection of its own.
"""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator

import httpcore2
import httpx2

_PORTS = {"http": 80, "https": 443}
_TOLD_AS: tuple[tuple[type[Exception], type[httpx2.TransportError]], ...] = (
    (httpcore2.ConnectTimeout, httpx2.ConnectTimeout),
    (httpcore2.ReadTimeout, httpx2.ReadTimeout),
    (httpcore2.WriteTimeout, httpx2.WriteTimeout),
    (httpcore2.TimeoutException, httpx2.TimeoutException),
    (httpcore2.ConnectError, httpx2.ConnectError),
    (httpcore2.ReadError, httpx2.ReadError),
    (httpcore2.WriteError, httpx2.WriteError),
    (httpcore2.NetworkError, httpx2.NetworkError),
    (httpcore2.RemoteProtocolError, httpx2.RemoteProtocolError),
    (httpcore2.LocalProtocolError, httpx2.LocalProtocolError),
    (httpcore2.ProtocolError, httpx2.ProtocolError),
    (httpcore2.UnsupportedProtocol, httpx2.UnsupportedProtocol),
)
"""What httpx2 makes of the faults of its transport, the special ones first."""
_FAULTS = tuple(fault for fault, _ in _TOLD_AS)


class OneConnection(httpx2.AsyncBaseTransport):
    """A transport that opens its connection when first asked, and anew where it was closed meanwhile.

    Raises:
        httpx2.TransportError: as `httpx2.AsyncHTTPTransport`.
    """

    def __init__(self, url: httpx2.URL, trust: ssl.SSLContext | None) -> None:
        """A connection to the origin of `url`; `trust` is whom to believe there, where it is encrypted."""
        self._origin = httpcore2.Origin(url.raw_scheme, url.raw_host, url.port or _PORTS[url.scheme])
        self._trust = trust
        self._open: httpcore2.AsyncHTTPConnection | None = None
        self._silence: _Silence | None = None
        self._is_doubted = False

    def doubt(self) -> None:
        """Open it anew before it is used again."""
        self._is_doubted = True

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        connection = await self._usable()
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        url = request.url
        asked = httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = await connection.handle_async_request(asked)
        except _FAULTS as fault:
            raise _told(fault) from fault
        if self._silence is None:
            self._silence = _Silence(answer.extensions["network_stream"].get_extra_info("socket"))
        assert isinstance(answer.stream, AsyncIterable)
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    async def aclose(self) -> None:
        connection, self._open = self._open, None
        silence, self._silence = self._silence, None
        if silence is not None:
            silence.close()
        if connection is not None:
            await connection.aclose()

    async def _usable(self) -> httpcore2.AsyncHTTPConnection:
        connection = self._open
        if connection is not None:
            usable = not self._is_doubted and connection.is_idle()
            if usable and self._silence is not None and self._silence.lasts():
                return connection
            await self.aclose()
        self._is_doubted = False
        self._open = httpcore2.AsyncHTTPConnection(self._origin, self._trust)
        return self._open


#: The one of the standard library that needs no file of its own, where the system has it.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


class _Silence:
    """Whether nothing has come on a socket by itself: all that a server sends unasked is that it has closed.

    `has_expired` of the connection asks the same, and the system for the addresses of both sides besides.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._selector = _Selector()
        self._selector.register(connection, selectors.EVENT_READ)

    def lasts(self) -> bool:
        return not self._selector.select(0)

    def close(self) -> None:
        self._selector.close()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except _FAULTS as fault:
            raise _told(fault) from fault

    async def aclose(self) -> None:
        await self._stream.aclose()  # type: ignore[attr-defined]


def _told(fault: Exception) -> httpx2.TransportError:
    return next(told for kind, told in _TOLD_AS if isinstance(fault, kind))(str(fault))
