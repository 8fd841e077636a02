"""A tenant that answers from a script, and a clock that no test has to wait for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
import anyio.lowlevel
import httpx2

from spheresync.source.transport.http import Login, TenantHttp
from spheresync.source.transport.request_budget import UnlimitedBudget
from spheresync.source.transport.retry_policy import Clock, Deadline

BASE = "https://tenant.eu10.hcs.cloud.sap"
TOKEN_URL = "https://tenant.authentication.eu10.hana.ondemand.com/oauth/token"
SECRET = "s3cret-of-the-client"
CURRENT = "/api/v1/datasphere/consumption/catalog"
LEGACY = "/api/v1/dwc/catalog"


class Chunks(httpx2.AsyncByteStream):
    """A body in pieces, which may break off with an error."""

    def __init__(self, pieces: Sequence[bytes], error: Exception | None = None) -> None:
        self._pieces = pieces
        self._error = error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._error is not None:
            raise self._error


@dataclass
class Reply:
    """One answer of the script."""

    status: int = 200
    body: bytes | list[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    breaks: Exception | None = None

    def response(self) -> httpx2.Response:
        pieces = self.body if isinstance(self.body, list) else [self.body]
        return httpx2.Response(self.status, headers=self.headers, stream=Chunks(pieces, self.breaks))


def as_json(document: object, **more: object) -> Reply:
    return Reply(200, json.dumps(document).encode(), {"content-type": "application/json"}, **more)


def rows(*found: object, **controls: object) -> Reply:
    return as_json({"value": list(found), **controls})


def page(text: str = "<!DOCTYPE html><html><body>Sign in</body></html>", status: int = 200) -> Reply:
    return Reply(status, text.encode(), {"content-type": "text/html; charset=utf-8"})


Answering = Callable[[httpx2.Request], "Reply | Exception | None"]


class Tenant(httpx2.AsyncBaseTransport):
    """Answers per URL: from its queue while that has replies, then its last one for ever; else 404."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.bodies: list[bytes] = []
        self.tokens = 0
        self.revoked: set[str] = set()
        self.linger = 3
        self.in_flight = self.most_in_flight = 0
        self.on_token: Answering | None = None
        self._queues: dict[str, list[Reply | Exception]] = {}
        self.fallback: Answering = lambda request: Reply(404, b"{}", {"content-type": "application/json"})

    def on(self, url: str, *replies: Reply | Exception) -> None:
        self._queues[url if url.startswith("http") else BASE + url] = list(replies)

    def asked(self, part: str = "") -> list[str]:
        """URLs asked of the API, in order, that hold `part`."""
        return [str(r.url) for r in self.requests if str(r.url) != TOKEN_URL and part in str(r.url)]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.bodies.append(await request.aread())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            for _ in range(self.linger):
                await anyio.lowlevel.checkpoint()
            found = self._answer(request)
        finally:
            self.in_flight -= 1
        if isinstance(found, Exception):
            raise found
        return found.response()

    def _answer(self, request: httpx2.Request) -> Reply | Exception:
        url = str(request.url)
        if url == TOKEN_URL:
            scripted = self.on_token(request) if self.on_token else None
            if scripted is not None:
                return scripted
            self.tokens += 1
            return as_json({"access_token": f"token-{self.tokens}", "expires_in": 3600})
        if request.headers["authorization"].removeprefix("Bearer ") in self.revoked:
            return Reply(401, b'{"error":"unauthorized"}', {"content-type": "application/json"})
        queue = self._queues.get(url)
        if queue is None:
            return self.fallback(request) or Reply(404)
        return queue.pop(0) if len(queue) > 1 else queue[0]


class Hands:
    """A clock's hands: sleeping moves them, and is written down."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.morning: anyio.Event | None = None  # where set, sleepers wait for it

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        wakes = self.now + seconds
        if self.morning is not None:
            await self.morning.wait()
        self.now = max(self.now, wakes)
        await anyio.lowlevel.checkpoint()

    def clock(self, jitter: float = 1.0) -> Clock:
        start = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
        return Clock(
            monotonic=lambda: self.now,
            sleep=self.sleep,
            wall=lambda: start + timedelta(seconds=self.now - 1000.0),
            random=lambda: jitter,
        )


def connect(
    tenant: httpx2.AsyncBaseTransport, hands: Hands, *, token_url: str | None = None, **settings: object
) -> TenantHttp:
    """A door to the scripted tenant."""
    settings.setdefault("budget", UnlimitedBudget())
    settings.setdefault("deadline", Deadline())
    return TenantHttp(
        BASE, Login("sb-client!b1|client!b2", SECRET, token_url), clock=hands.clock(), transport=tenant, **settings
    )
