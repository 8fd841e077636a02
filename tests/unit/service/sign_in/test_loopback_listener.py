"""The way back from the sign-in page: on this machine only, for one answer, and a page for whatever comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import SocketStream

from spheresync.errors import UsageError
from spheresync.service.sign_in.authorization_request import AuthorizationRequest, Denied, ReturnedCode, new_request
from spheresync.service.sign_in.loopback_listener import LoopbackListener, free_port, listening, with_port

pytestmark = pytest.mark.anyio
HUNG = 60  # seconds until a connection that is never answered fails its test
PAGE = "https://idp.example/oauth/authorize"


@pytest.fixture
def request_() -> AuthorizationRequest:
    return new_request(PAGE, "client", free_port("http://localhost:8080"))


def port_of(request: AuthorizationRequest) -> int:
    return int(request.redirect_uri.rpartition(":")[2])


@asynccontextmanager
async def connection(request: AuthorizationRequest, host: str = "127.0.0.1") -> AsyncIterator[SocketStream]:
    with anyio.fail_after(HUNG):
        async with await anyio.connect_tcp(host, port_of(request)) as stream:
            yield stream


async def received(stream: SocketStream) -> tuple[int, str]:
    text = b""
    while True:
        try:
            text += await stream.receive()
        except anyio.EndOfStream:
            head, _, page = text.decode().partition("\r\n\r\n")
            return int(head.split(" ")[1]), head + page


async def asked(
    request: AuthorizationRequest,
    target: str,
    *,
    method: str = "GET",
    host: str | None = None,
    address: str = "127.0.0.1",
) -> tuple[int, str]:
    async with connection(request, address) as stream:
        named = f"localhost:{port_of(request)}" if host is None else host
        await stream.send(f"{method} {target} HTTP/1.1\r\nHost: {named}\r\nAccept: */*\r\n\r\n".encode())
        return await received(stream)


async def tell_when_it_came(listener: LoopbackListener, found: list[ReturnedCode | Denied]) -> None:
    found.append(await listener.answer())
    await listener.tell("Done <1>", "All & well.")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_the_browser_is_answered_once_it_is_known_how_it_ended(
    request_: AuthorizationRequest, address: str
) -> None:
    found: list[ReturnedCode | Denied] = []
    async with listening(request_) as listener, anyio.create_task_group() as group:
        group.start_soon(tell_when_it_came, listener, found)
        status, text = await asked(request_, f"/?code=abc&state={request_.state}", address=address)
    assert (status, found) == (200, [ReturnedCode("abc")])
    assert "Done &lt;1&gt;" in text and "All &amp; well." in text
    assert "no-store" in text and "default-src 'none'" in text and "no-referrer" in text
    assert "abc" not in text and request_.state not in text


async def test_a_second_answer_is_none(request_: AuthorizationRequest) -> None:
    async with listening(request_) as listener, connection(request_) as first:
        await first.send(
            f"GET /?code=one&state={request_.state} HTTP/1.1\r\nHost: localhost:{port_of(request_)}\r\n\r\n".encode()
        )
        assert await listener.answer() == ReturnedCode("one")
        status, text = await asked(request_, f"/?code=two&state={request_.state}")
        assert status == 409 and "already" in text
        assert await listener.answer() == ReturnedCode("one")
        async with anyio.create_task_group() as group:
            group.start_soon(listener.tell, "Done", "Well.")
            assert (await received(first))[0] == 200


async def test_what_does_not_belong_to_the_attempt_is_told_so_and_ends_nothing(request_: AuthorizationRequest) -> None:
    right = f"/?code=abc&state={request_.state}"
    found: list[ReturnedCode | Denied] = []
    async with listening(request_) as listener:
        assert (await asked(request_, "/?code=abc&state=wrong"))[0] == 400
        assert (await asked(request_, "/favicon.ico"))[0] == 404
        assert (await asked(request_, right, method="POST"))[0] == 405
        assert (await asked(request_, right, host="evil.example"))[0] == 400
        assert (await asked(request_, right, host=""))[0] == 400
        async with connection(request_) as odd:
            await odd.send(b"hello\r\n\r\n")
            assert (await received(odd))[0] == 400
        async with anyio.create_task_group() as group:
            group.start_soon(tell_when_it_came, listener, found)
            assert (await asked(request_, right))[0] == 200
    assert found == [ReturnedCode("abc")]


async def test_connections_on_which_nothing_comes_keep_nobody(request_: AuthorizationRequest) -> None:
    found: list[ReturnedCode | Denied] = []
    async with listening(request_) as listener, connection(request_), connection(request_) as half:
        await half.send(b"GET / HT")
        async with anyio.create_task_group() as group:
            group.start_soon(tell_when_it_came, listener, found)
            assert (await asked(request_, f"/?error=access_denied&state={request_.state}"))[0] == 200
    assert found == [Denied("access_denied", "")]


async def test_a_port_that_is_taken_is_an_error_with_a_way_out(request_: AuthorizationRequest) -> None:
    async with listening(request_):
        with pytest.raises(UsageError, match="cannot be listened on") as caught:
            async with listening(request_):
                pytest.fail("two listen at one port")
    assert "another port" in caught.value.remedy and "redirect_uri" in caught.value.remedy
    async with listening(request_):
        pass  # free again at once


@pytest.mark.parametrize(
    ("given", "meant"),
    [("http://localhost:8080", "http://localhost:7"), ("http://[::1]:80/a", "http://[::1]:7/a")],
)
async def test_another_port_leaves_the_rest_as_it_is(given: str, meant: str) -> None:
    assert with_port(given, 7) == meant
