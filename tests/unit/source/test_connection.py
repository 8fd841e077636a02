"""A lane's own connection: what httpx2's transport does with its pool, and opened anew where it was closed."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
import anyio.abc
import anyio.lowlevel
import httpcore2
import httpx2
import pytest

from spheresync.source.transport import connection
from spheresync.source.transport.connection import OneConnection

pytestmark = pytest.mark.anyio
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"


@dataclass
class Server:
    """Counts connections; answers so many requests on each and then closes it without a word."""

    answers: int
    answer: bytes = ANSWER
    url: httpx2.URL = field(default_factory=lambda: httpx2.URL("http://127.0.0.1/"))
    connections: int = 0
    closed: anyio.Event = field(default_factory=anyio.Event)

    async def serve(self, stream: anyio.abc.SocketStream) -> None:
        self.connections += 1
        async with stream:
            with suppress(anyio.EndOfStream):
                await self._answer(stream)
        self.closed.set()

    async def _answer(self, stream: anyio.abc.SocketStream) -> None:
        for _ in range(self.answers):
            await stream.receive()
            await stream.send(self.answer)


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0, family=socket.AF_INET)
    server.url = httpx2.URL(f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}/")
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, server.serve)
        yield server
        group.cancel_scope.cancel()


async def body(way: OneConnection, url: httpx2.URL) -> bytes:
    response = await way.handle_async_request(httpx2.Request("GET", url))
    try:
        return b"".join([chunk async for chunk in response.stream])
    finally:
        await response.aclose()


async def test_the_same_connection_carries_one_request_after_the_other() -> None:
    async with serving(Server(answers=3)) as server:
        way = OneConnection(server.url, None)
        assert [await body(way, server.url) for _ in range(3)] == [b"good"] * 3
        assert server.connections == 1
        await way.aclose()


async def test_a_connection_that_the_server_closed_without_a_word_is_opened_anew() -> None:
    async with serving(Server(answers=1)) as server:
        way = OneConnection(server.url, None)
        for count in (1, 2, 3):
            server.closed = anyio.Event()
            assert await body(way, server.url) == b"good"
            assert server.connections == count
            silence = way._silence
            with anyio.fail_after(10):
                await server.closed.wait()
                while silence is not None and silence.lasts():  # until the system has heard of it too
                    await anyio.lowlevel.checkpoint()
        await way.aclose()


async def test_a_connection_that_is_doubted_is_opened_anew_once() -> None:
    async with serving(Server(answers=3)) as server:
        way = OneConnection(server.url, None)
        for doubted, connections in ((False, 1), (True, 2), (False, 2)):
            if doubted:
                way.doubt()
            assert await body(way, server.url) == b"good"
            assert server.connections == connections
        await way.aclose()


async def test_a_request_that_was_given_up_leaves_no_half_read_connection_behind() -> None:
    async with serving(Server(answers=2, answer=ANSWER[:-2])) as server:
        way = OneConnection(server.url, None)
        with anyio.move_on_after(0) as given_up:
            await body(way, server.url)
        assert given_up.cancelled_caught
        server.answer = ANSWER
        assert await body(way, server.url) == b"good"
        await way.aclose()


async def test_a_body_that_ends_early_is_told_as_httpx2_tells_it() -> None:
    async with serving(Server(answers=1, answer=ANSWER[:-2])) as server:
        way = OneConnection(server.url, None)
        with pytest.raises(httpx2.RemoteProtocolError):
            await body(way, server.url)
        await way.aclose()


async def test_nobody_there_is_told_as_httpx2_tells_it() -> None:
    async with serving(Server(answers=0)) as server:
        url = server.url
    with pytest.raises(httpx2.ConnectError):
        await body(OneConnection(url, None), url)


def test_every_fault_of_the_transport_is_told_as_what_httpx2_makes_of_it() -> None:
    named = {each for each in vars(httpcore2).values() if isinstance(each, type) and issubclass(each, Exception)}
    of_pools_and_proxies = {httpcore2.ConnectionNotAvailable, httpcore2.PoolTimeout, httpcore2.ProxyError}
    for fault in named - of_pools_and_proxies:
        assert type(connection._told(fault("why"))) is getattr(httpx2, fault.__name__), fault
