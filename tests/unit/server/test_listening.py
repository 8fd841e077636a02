"""The address that a server over HTTP listens at."""

from __future__ import annotations

import asyncio
import socket

import pytest

from spheresync_server.http.serving import bind

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_answer_of_two_packets_does_not_wait_for_the_client_to_acknowledge_the_first(host: str) -> None:
    sent_at_once: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = writer.get_extra_info("socket")
        sent_at_once.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with bind(host, 0) as listening:
        async with await asyncio.start_server(accepted, sock=listening):
            _, writer = await asyncio.open_connection(host, listening.getsockname()[1])
            assert await sent_at_once
            writer.close()
