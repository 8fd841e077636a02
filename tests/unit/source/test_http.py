"""The door to the tenant: every fault told apart, patience where it helps, none where it does not."""

from __future__ import annotations

import gzip
import socket
import zlib

import anyio
import httpx2
import pytest

from spheresync.errors import ConfigurationError, SourceError, SourceFault
from spheresync.source.transport.http import JSON, XML, Login, Response, TenantHttp
from spheresync.source.transport.request_budget import UnlimitedBudget
from spheresync.source.transport.retry_policy import Deadline
from spheresync.source.transport.transports import Transports
from tests.unit.source.double import BASE, TOKEN_URL, Hands, Reply, Tenant, as_json, connect, page

pytestmark = pytest.mark.anyio

THING = "/api/thing"
GOOD = as_json({"fine": True})


async def fault_of(http: TenantHttp, path: str = THING) -> SourceError:
    async with http:
        with pytest.raises(SourceError) as caught:
            await http.get(path, accept=JSON)
    return caught.value


async def body_of(http: TenantHttp, path: str = THING) -> bytes:
    async with http:
        return (await http.get(path, accept=JSON)).body


async def test_a_good_answer_is_authorised_and_counted(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, GOOD)
    http = connect(tenant, hands)
    assert await body_of(http) == b'{"fine": true}'
    asked = tenant.requests[-1]
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.headers["accept"] == JSON
    assert asked.headers["accept-encoding"] == "gzip, deflate"
    assert (http.usage.requests, http.usage.token_requests, http.usage.retries) == (2, 1, 0)
    assert http.usage.bytes_received > len(b'{"fine": true}')


async def test_a_request_has_all_headers_that_httpx2_gives_one(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, GOOD)
    await body_of(connect(tenant, hands))
    for asked in tenant.requests:  # one with a body, for the token, and one without
        given = httpx2.Request(asked.method, asked.url, content=await asked.aread() or None)
        assert {name: asked.headers.get(name) for name in given.headers} == dict(given.headers)
    assert [asked.method for asked in tenant.requests] == ["POST", "GET"]


@pytest.mark.parametrize(
    ("reply", "fault", "attempts"),
    [
        (Reply(403), SourceFault.FORBIDDEN, 1),
        (Reply(404), SourceFault.NOT_EXPOSED, 1),
        (Reply(404, b"404 Not Found", {"x-cf-routererror": "unknown_route"}), SourceFault.SERVER_ERROR, 5),
        (Reply(404, b"{}", {"retry-after": "1"}), SourceFault.SERVER_ERROR, 5),
        (Reply(400), SourceFault.BAD_REQUEST, 1),
        (Reply(405), SourceFault.BAD_REQUEST, 1),
        (Reply(406), SourceFault.NOT_ACCEPTABLE, 1),
        (Reply(204), SourceFault.WRONG_SHAPE, 1),
        (Reply(500), SourceFault.SERVER_ERROR, 5),
        (Reply(503, b"<html>", {"content-type": "text/html"}), SourceFault.SERVER_ERROR, 5),
        (httpx2.ConnectError("refused"), SourceFault.UNREACHABLE, 5),
        (httpx2.ReadTimeout("slow"), SourceFault.UNREACHABLE, 5),
        (httpx2.RemoteProtocolError("gone"), SourceFault.UNREACHABLE, 5),
        (page(), SourceFault.HTML_INSTEAD, 3),
        (Reply(200, b"\n <!-- x --><HTML>", {"content-type": "application/json"}), SourceFault.HTML_INSTEAD, 3),
        (Reply(200, b'<?xml version="1.0"?>\n<!DOCTYPE html>'), SourceFault.HTML_INSTEAD, 3),
        (Reply(302, b"", {"location": "https://login.example/saml?secret=1"}), SourceFault.HTML_INSTEAD, 3),
        (Reply(200, b"12345", {"content-length": "9"}), SourceFault.TRUNCATED, 5),
        (Reply(200, b"12", breaks=httpx2.RemoteProtocolError("eof")), SourceFault.TRUNCATED, 5),
        (Reply(200, b"12", breaks=httpx2.ReadError("reset")), SourceFault.TRUNCATED, 5),
        (Reply(200, gzip.compress(b"x" * 999)[:-9], {"content-encoding": "gzip"}), SourceFault.TRUNCATED, 5),
        (Reply(200, b"no gzip", {"content-encoding": "gzip"}), SourceFault.TRUNCATED, 5),
        (Reply(200, b"x", {"content-encoding": "br"}), SourceFault.WRONG_SHAPE, 1),
    ],
)
async def test_faults_are_told_apart_and_tried_again_as_fits(
    tenant: Tenant, hands: Hands, reply: Reply | Exception, fault: SourceFault, attempts: int
) -> None:
    tenant.on(THING, reply)
    error = await fault_of(connect(tenant, hands))
    assert error.fault is fault
    assert error.remedy
    assert len(tenant.asked(THING)) == attempts
    assert "secret" not in str(error)


async def test_an_outage_that_passes_is_not_noticed(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, httpx2.ConnectError("x"), Reply(502), page(), Reply(200, b"1", {"content-length": "5"}), GOOD)
    http = connect(tenant, hands)
    assert await body_of(http) == b'{"fine": true}'
    assert hands.slept == [0.5, 1.0, 2.0, 4.0]
    assert http.usage.retries == 4


async def test_an_unknown_user_is_named_at_once(tenant: Tenant, hands: Hands) -> None:
    tenant.on(
        THING,
        page("<html>Please contact your system administrator and ensure you have an active account on this system."),
    )
    error = await fault_of(connect(tenant, hands))
    assert "no active account" in error.message
    assert len(tenant.asked(THING)) == 1


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "7"}, [7.0, 7.0]),
        ({"retry-after": "Sun, 01 Nov 2026 12:00:20 GMT"}, [20.0, 1.0]),  # then that moment is past
        ({"retry-after": "0"}, [0.5, 1.0]),
        ({"retry-after": "-3"}, [0.5, 1.0]),
        ({"retry-after": "100000"}, [120.0, 120.0]),
        ({"retry-after": "soon"}, [0.5, 1.0]),
        ({}, [0.5, 1.0]),
    ],
)
async def test_a_429_is_waited_for_as_asked(
    tenant: Tenant, hands: Hands, headers: dict[str, str], waits: list[float]
) -> None:
    tenant.on(THING, Reply(429, b"", headers), Reply(429, b"", headers), GOOD)
    http = connect(tenant, hands, give_up_after=1e6)
    await body_of(http)
    assert hands.slept == waits
    assert (http.usage.throttled, http.usage.retries) == (2, 2)


async def test_a_429_is_no_failure_until_the_deadline(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, Reply(429, b"", {"retry-after": "5"}))
    error = await fault_of(connect(tenant, hands, give_up_after=1e6, deadline=Deadline(hands.now + 101)))
    assert error.fault is SourceFault.THROTTLED
    assert len(tenant.asked(THING)) == 21


async def test_a_429_without_deadline_ends_too(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, Reply(429, b"", {"retry-after": "100"}))
    error = await fault_of(connect(tenant, hands, give_up_after=1e6))
    assert error.fault is SourceFault.THROTTLED
    assert len(tenant.asked(THING)) == 10


async def test_a_503_says_when_to_come_back(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, Reply(503, b"", {"retry-after": "3"}), GOOD)
    await body_of(connect(tenant, hands))
    assert hands.slept == [3.0]


async def test_a_429_holds_everybody_back(tenant: Tenant, hands: Hands) -> None:
    tenant.on("/a", Reply(429, b"", {"retry-after": "30"}), GOOD)
    tenant.on("/b", GOOD)
    hands.morning = anyio.Event()
    http = connect(tenant, hands)
    async with http, anyio.create_task_group() as group:
        group.start_soon(lambda: http.get("/a", accept=JSON))
        await anyio.wait_all_tasks_blocked()
        group.start_soon(lambda: http.get("/b", accept=JSON))
        await anyio.wait_all_tasks_blocked()
        assert hands.slept == [30.0, 30.0]
        assert tenant.asked("/b") == []
        hands.morning.set()
    assert len(tenant.asked("/b")) == 1


async def test_an_outage_ends_once_however_much_there_is_to_read(tenant: Tenant, hands: Hands) -> None:
    tenant.fallback = lambda request: Reply(503)
    http = connect(tenant, hands, give_up_after=60.0)
    errors = []
    async with http:
        for number in range(2000):
            with pytest.raises(SourceError) as caught:
                await http.get(f"/asset/{number}", accept=XML)
            errors.append(caught.value)
            if http.gave_up:
                break
        asked = len(tenant.requests)
        assert asked < 60
        assert hands.now - 1000.0 < 90
        for number in range(500):
            with pytest.raises(SourceError, match="nothing useful for 60 s"):
                await http.get(f"/asset/{number}", accept=XML)
        assert len(tenant.requests) == asked
        assert errors[-1].fault is SourceFault.SERVER_ERROR
        hands.now += 60  # a later try asks afresh
        tenant.fallback = lambda request: GOOD
        assert (await http.get("/x", accept=JSON)).status == 200
        assert not http.gave_up


async def test_one_bad_asset_among_good_ones_is_no_outage(tenant: Tenant, hands: Hands) -> None:
    tenant.on("/good", GOOD)
    tenant.on("/bad", Reply(500))
    async with connect(tenant, hands, give_up_after=20.0) as http:
        for _ in range(30):
            with pytest.raises(SourceError, match="answered 500"):
                await http.get("/bad", accept=JSON)
            await http.get("/good", accept=JSON)
        assert not http.gave_up


@pytest.mark.parametrize("bad", [Reply(500), Reply(200, b"{")], ids=["500", "cut"])
async def test_a_few_bad_documents_that_are_asked_for_last_are_no_outage(
    tenant: Tenant, hands: Hands, bad: Reply
) -> None:
    def decode(response: Response) -> Response:
        if response.body == b"{":
            raise SourceError(SourceFault.TRUNCATED, "the answer is cut off")
        return response

    tenant.on("/good", GOOD)
    tenant.fallback = lambda request: bad
    async with connect(tenant, hands, give_up_after=5.0) as http:
        await http.get("/good", accept=JSON)
        for name in ("/bad", "/worse"):
            with pytest.raises(SourceError, match=r"answered 500|cut off"):
                await http.read(name, accept=JSON, decode=decode)
        assert not http.gave_up
        for number in range(5):
            with pytest.raises(SourceError):
                await http.read(f"/bad/{number}", accept=JSON, decode=decode)
        assert http.gave_up, "many are one"


async def test_silence_while_nothing_was_asked_does_not_count(tenant: Tenant, hands: Hands) -> None:
    tenant.on("/good", GOOD)
    tenant.on("/shaky", Reply(503), GOOD)
    async with connect(tenant, hands) as http:
        await http.get("/good", accept=JSON)
        hands.now += 3000
        await http.get("/shaky", accept=JSON)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "http://tenant.eu10.hcs.cloud.sap/x",
        "https://tenant.eu10.hcs.cloud.sap:8443/x",
        "https://user@tenant.eu10.hcs.cloud.sap/x",
        "https://tenant.eu10.hcs.cloud.sap.evil.example/x",
        "https://tenant.eu10.hcs.cloud.sap\\@evil.example/x",
    ],
)
async def test_nothing_is_sent_to_a_foreign_origin(tenant: Tenant, hands: Hands, url: str) -> None:
    error = await fault_of(connect(tenant, hands), url)
    assert error.fault in {SourceFault.FOREIGN_ORIGIN, SourceFault.WRONG_SHAPE}
    assert tenant.requests == []


async def test_the_same_origin_spelled_otherwise_is_fine(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, GOOD)
    await body_of(connect(tenant, hands), "HTTPS://TENANT.eu10.hcs.cloud.sap:443/api/thing")


@pytest.mark.parametrize(
    ("base", "accepted"),
    [
        ("http://127.0.0.1:8001", True),
        ("http://localhost:8001", True),
        ("http://[::1]:8001", True),
        ("http://tenant.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("ftp://tenant.example", False),
        ("https://me:pw@tenant.example", False),
        ("tenant.example", False),
    ],
)
def test_plain_http_goes_to_this_machine_only(base: str, accepted: bool) -> None:
    def build() -> TenantHttp:
        return TenantHttp(base, Login("id", "secret", "https://token.example/t"), budget=UnlimitedBudget())

    if accepted:
        build()
    else:
        with pytest.raises(ConfigurationError) as caught:
            build()
        assert "datasphere.base_url" in str(caught.value)
        assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(b"data" * 9), {"content-encoding": "gzip"}),
        (gzip.compress(b"data" * 4) + gzip.compress(b"data" * 5), {"content-encoding": "gzip"}),
        (zlib.compress(b"data" * 9), {"content-encoding": "deflate"}),
        (zlib.compress(b"data" * 9)[2:-4], {"content-encoding": "deflate"}),
        (b"data" * 9, {"content-length": "36"}),
    ],
    # Not by their bytes: gzip writes the time into them, and each process of a parallel run would name them otherwise.
    ids=["gzip", "gzip in two members", "deflate", "deflate without its frame", "plain"],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_bodies_in_any_encoding_and_pieces(
    tenant: Tenant, hands: Hands, body: bytes, headers: dict[str, str], size: int
) -> None:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    tenant.on(THING, Reply(200, pieces, headers))
    assert await body_of(connect(tenant, hands)) == b"data" * 9


async def test_a_bomb_is_stopped_at_the_cap(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, Reply(200, gzip.compress(b"\0" * 50_000_000), {"content-encoding": "gzip"}))
    error = await fault_of(connect(tenant, hands, body_cap=1_000_000))
    assert error.fault is SourceFault.TOO_LARGE
    assert len(tenant.asked(THING)) == 1


async def test_never_more_than_ten_at_once_and_a_permit_for_each_send(tenant: Tenant, hands: Hands) -> None:
    taken: list[float | None] = []

    class Counting:
        async def take(self, deadline: float | None) -> None:
            taken.append(deadline)

    tenant.fallback, tenant.linger = (lambda request: GOOD), 50
    tenant.on("/0", Reply(500), GOOD)
    http = connect(tenant, hands, budget=Counting(), deadline=Deadline(9e9))
    async with http, anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(lambda n: http.get(f"/{n}", accept=JSON), number)
    assert tenant.most_in_flight == 10
    assert len(taken) == len(tenant.requests) == http.usage.requests == 102  # 100, one retry, one token
    assert set(taken) == {9e9}


async def test_no_permit_in_time_is_said(tenant: Tenant, hands: Hands) -> None:
    class Spent:
        async def take(self, deadline: float | None) -> None:
            raise TimeoutError

    error = await fault_of(connect(tenant, hands, budget=Spent()))
    assert error.fault is SourceFault.THROTTLED
    assert tenant.requests == []


async def test_the_asgi_and_mock_transports_of_httpx2_work(hands: Hands) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if str(request.url) == TOKEN_URL:
            return httpx2.Response(200, json={"access_token": "t", "expires_in": 60})
        return httpx2.Response(200, content=gzip.compress(b"{}"), headers={"content-encoding": "gzip"})

    assert await body_of(connect(httpx2.MockTransport(answer), hands)) == b"{}"

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        token = scope["path"].endswith("/oauth/token")
        body = b'{"access_token": "t", "expires_in": "60"}' if token else gzip.compress(b"[]")
        headers = [] if token else [(b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    assert await body_of(connect(httpx2.ASGITransport(app), hands)) == b"[]"


async def test_redirects_and_cookies_of_login_pages_lead_nowhere(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, Reply(302, b"", {"location": f"{BASE}/login", "set-cookie": "JSESSIONID=1; Path=/"}), GOOD)
    await body_of(connect(tenant, hands))
    assert tenant.asked("/login") == []
    assert "cookie" not in tenant.requests[-1].headers


async def test_cancelling_ends_at_once_and_leaves_the_door_usable(tenant: Tenant, hands: Hands) -> None:
    tenant.on(THING, GOOD)
    async with connect(tenant, hands) as http:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await http.get(THING, accept=JSON)
        assert (await http.get(THING, accept=JSON)).status == 200


async def test_over_a_real_socket_a_cut_body_is_noticed_and_asked_for_again(hands: Hands) -> None:
    token = b'{"access_token": "t", "expires_in": 60}'
    answers = [
        (len(token), token),
        (99, b"cut"),
        (0, None),
        (4, b"good"),
    ]
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0, family=socket.AF_INET)
    port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            length, body = answers.pop(0)
            if body is not None:
                head = f"HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                await stream.send(head.encode() + body)

    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)
        base = f"http://127.0.0.1:{port}"
        login = Login("id", "secret", f"{base}/oauth/token")
        async with TenantHttp(base, login, budget=UnlimitedBudget(), clock=hands.clock()) as http:
            assert (await http.get(THING, accept=JSON)).body == b"good"
            assert http.usage.retries == 2
        group.cancel_scope.cancel()
    await listener.aclose()


async def test_what_is_sent_again_goes_out_on_a_new_connection(
    tenant: Tenant, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What broke one connection may have broken all that were kept open: it would be tried on one after the other."""
    asked: list[bool] = []
    towards = Transports.towards

    def note(self: Transports, url: httpx2.URL, *, lane: int, anew: bool = False) -> httpx2.AsyncBaseTransport:
        asked.append(anew)
        return towards(self, url, lane=lane, anew=anew)

    monkeypatch.setattr(Transports, "towards", note)
    tenant.on(THING, Reply(503, b""), Reply(503, b""), GOOD)
    async with connect(tenant, hands) as http:
        assert (await http.get(THING, accept=JSON)).status == 200
        assert (await http.get(THING, accept=JSON)).status == 200
    assert asked == [False, False, True, True, False], "a token, three attempts, and another request"


@pytest.mark.parametrize("served", ["text/plain", "application/xml", "application/octet-stream"])
async def test_what_does_not_claim_to_be_json_is_not_read_as_json(tenant: Tenant, hands: Hands, served: str) -> None:
    tenant.on(THING, Reply(200, b'{"value": []}', {"content-type": served}))
    error = await fault_of(connect(tenant, hands))
    assert error.fault is SourceFault.WRONG_SHAPE
    assert served in error.message


@pytest.mark.parametrize("served", ["application/json;odata.metadata=minimal", "application/vnd.sap+json", ""])
async def test_json_in_any_spelling_is_read(tenant: Tenant, hands: Hands, served: str) -> None:
    tenant.on(THING, Reply(200, b'{"value": []}', {"content-type": served} if served else {}))
    assert await body_of(connect(tenant, hands)) == b'{"value": []}'
