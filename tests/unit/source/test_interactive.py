"""The token of a person: shared by all who need one, renewed once, and never lost once it was answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import parse_qs

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import SourceError, SourceFault
from spheresync.source.transport.claims import UNKNOWN, masked, user_of
from spheresync.source.transport.http import JSON, Login, TenantHttp
from spheresync.source.transport.request_budget import UnlimitedBudget
from spheresync.source.transport.signed_in import HeldSignIn, NotSignedIn, SignedIn
from tests.unit.source.double import BASE, SECRET, TOKEN_URL, Hands, Reply, Tenant, as_json, page

pytestmark = pytest.mark.anyio
T = TypeVar("T")
GOOD = as_json({})


@dataclass
class InMemory:
    """A sign-in that is shared by those who have this object."""

    standing: SignedIn | NotSignedIn
    kept: list[SignedIn] = field(default_factory=list)
    lock: anyio.Lock = field(default_factory=anyio.Lock)
    waits: anyio.Event | None = None  # where set, whatever is kept waits for it

    def current(self) -> SignedIn | NotSignedIn:
        return self.standing

    def stamp(self) -> object:
        return id(self.standing)

    async def alone(self, work: Callable[[HeldSignIn], Awaitable[T]]) -> T:
        async with self.lock:
            return await work(Held(self))


@dataclass
class Held:
    shared: InMemory

    @property
    def current(self) -> SignedIn | NotSignedIn:
        return self.shared.standing

    async def keep(self, sign_in: SignedIn) -> None:
        if self.shared.waits is not None:
            await self.shared.waits.wait()
        self.shared.standing = sign_in
        self.shared.kept.append(sign_in)

    async def end(self, why: str) -> None:
        self.shared.standing = NotSignedIn(f"Ended: {why}.")


def signed_in(hands: Hands, *, lasts: float = -1, refresh_token: str | None = "refresh-0") -> SignedIn:
    now = hands.clock().wall().timestamp()
    return SignedIn(
        user="k…@dog.example",
        signed_in_at=now - 9_999,
        access_token="access-0",
        obtained_at=now - 1_000,
        renew_at=now + lasts,
        refresh_token=refresh_token,
        ends_at=None,
    )


def door(tenant: Tenant, hands: Hands, shared: InMemory, *, secret: str = SECRET) -> TenantHttp:
    return TenantHttp(
        BASE,
        Login("sb-person!b1|client!b2", secret, sign_in=shared),
        budget=UnlimitedBudget(),
        clock=hands.clock(),
        transport=tenant,
    )


class TokenServer:
    """Rotates: each refresh token is good once."""

    def __init__(self, tenant: Tenant, **more: object) -> None:
        self.tenant, self.more = tenant, more
        self.number = 0
        tenant.on_token = self.answer
        tenant.fallback = lambda request: GOOD

    def answer(self, request: httpx2.Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(self.tenant.bodies[-1].decode()).items()}
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != f"refresh-{self.number}":
            return Reply(400, b'{"error":"invalid_grant"}', {"content-type": "application/json"})
        self.number += 1
        tokens = {"access_token": f"access-{self.number}", "refresh_token": f"refresh-{self.number}"}
        return as_json({**tokens, "expires_in": 3600, **self.more})


@pytest.fixture
def server(tenant: Tenant) -> TokenServer:
    return TokenServer(tenant)


def bearers(tenant: Tenant) -> list[str]:
    return [r.headers["authorization"] for r in tenant.requests if str(r.url) != TOKEN_URL]


async def test_a_shared_token_that_is_good_is_used_without_asking(
    tenant: Tenant, hands: Hands, server: TokenServer
) -> None:
    async with door(tenant, hands, InMemory(signed_in(hands, lasts=60))) as http:
        await http.get("/a", accept=JSON)
        assert http.usage.token_requests == 0
    assert bearers(tenant) == ["Bearer access-0"]


async def test_doors_that_share_a_sign_in_renew_it_once(tenant: Tenant, hands: Hands, server: TokenServer) -> None:
    shared = InMemory(signed_in(hands))
    async with anyio.create_task_group() as group:
        doors = [door(tenant, hands, shared) for _ in range(5)]
        for http in doors:
            for number in range(20):
                group.start_soon(lambda n, http=http: http.get(f"/{n}", accept=JSON), number)
    assert (server.number, len(shared.kept), set(bearers(tenant))) == (1, 1, {"Bearer access-1"})
    kept = shared.kept[0]
    assert (kept.refresh_token, kept.user) == ("refresh-1", "k…@dog.example")
    assert kept.renew_at - kept.obtained_at == 3590 and "access-1" not in repr(kept)
    request = parse_qs(next(body for body in tenant.bodies if body).decode())
    assert request == {"grant_type": ["refresh_token"], "refresh_token": ["refresh-0"], "response_type": ["token"]}


async def test_a_token_that_the_tenant_refuses_is_renewed_once_by_all(
    tenant: Tenant, hands: Hands, server: TokenServer
) -> None:
    shared = InMemory(signed_in(hands, lasts=600))
    tenant.revoked.add("access-0")
    async with anyio.create_task_group() as group:
        for http in [door(tenant, hands, shared) for _ in range(3)]:
            for number in range(10):
                group.start_soon(lambda n, http=http: http.get(f"/{n}", accept=JSON), number)
    assert server.number == 1


async def test_a_server_that_rotates_nothing_leaves_the_refresh_token(
    tenant: Tenant, hands: Hands, server: TokenServer
) -> None:
    server.more = {"refresh_token": None}
    shared = InMemory(signed_in(hands))
    async with door(tenant, hands, shared) as http:
        await http.get("/a", accept=JSON)
    assert shared.kept[0].refresh_token == "refresh-0"


async def test_what_was_answered_is_kept_although_nobody_waits_for_it_any_more(
    tenant: Tenant, hands: Hands, server: TokenServer
) -> None:
    shared = InMemory(signed_in(hands), waits=anyio.Event())
    async with door(tenant, hands, shared) as http, anyio.create_task_group() as group:
        group.start_soon(lambda: http.get("/a", accept=JSON))
        while not server.number:
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
        assert shared.waits is not None
        shared.waits.set()
    assert [each.refresh_token for each in shared.kept] == ["refresh-1"]


@pytest.mark.parametrize("code", ["invalid_grant", "invalid_token"])
@pytest.mark.parametrize("status", [400, 401])
async def test_a_refresh_token_that_is_refused_ends_the_sign_in_for_all(
    tenant: Tenant, hands: Hands, code: str, status: int
) -> None:
    tenant.on_token = lambda request: Reply(status, json.dumps({"error": code}).encode())
    shared = InMemory(signed_in(hands))
    async with door(tenant, hands, shared) as http:
        for _ in range(3):
            with pytest.raises(SourceError, match="revoked") as caught:
                await http.get("/a", accept=JSON)
            assert caught.value.fault is SourceFault.UNAUTHORIZED and "spheresync login" in caught.value.remedy
        assert http.usage.token_requests == 1  # and nobody asks again for what is known
        TokenServer(tenant)
        shared.standing = replace(signed_in(hands, lasts=60), access_token="anew")
        await http.get("/a", accept=JSON)  # somebody signed in meanwhile
    assert bearers(tenant)[-1] == "Bearer anew"


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(401, b'{"error":"unauthorized"}'), SourceFault.UNAUTHORIZED),
        (Reply(401, b'{"error":"invalid_client"}'), SourceFault.UNAUTHORIZED),
        (page(), SourceFault.HTML_INSTEAD),
        (Reply(503), SourceFault.SERVER_ERROR),
        (Reply(302, b"", {"location": "https://elsewhere.example/"}), SourceFault.HTML_INSTEAD),
        (as_json({"access_token": ""}), SourceFault.WRONG_SHAPE),
        (httpx2.ConnectError("x"), SourceFault.UNREACHABLE),
    ],
)
async def test_no_other_trouble_ends_a_sign_in(
    tenant: Tenant, hands: Hands, reply: Reply | Exception, fault: SourceFault
) -> None:
    tenant.on_token = lambda request: reply
    shared = InMemory(signed_in(hands))
    async with door(tenant, hands, shared) as http:
        with pytest.raises(SourceError) as caught:
            await http.get("/a", accept=JSON)
        assert caught.value.fault is fault and isinstance(shared.standing, SignedIn)
        assert all(str(request.url) == TOKEN_URL for request in tenant.requests)  # and no redirect was followed
        assert "refresh-0" not in str(caught.value)
        TokenServer(tenant)
        await http.get("/a", accept=JSON)


async def test_without_a_refresh_token_it_ends_with_its_token(tenant: Tenant, hands: Hands) -> None:
    shared = InMemory(signed_in(hands, refresh_token=None))
    async with door(tenant, hands, shared) as http:
        with pytest.raises(SourceError, match="none to renew it with"):
            await http.get("/a", accept=JSON)
    assert isinstance(shared.standing, NotSignedIn) and tenant.requests == []


async def test_who_signed_out_is_out_with_the_next_request(tenant: Tenant, hands: Hands, server: TokenServer) -> None:
    shared = InMemory(signed_in(hands, lasts=600))
    async with door(tenant, hands, shared) as http:
        await http.get("/a", accept=JSON)
        shared.standing = NotSignedIn("Nobody is signed in.")
        with pytest.raises(SourceError, match="Nobody is signed in"):
            await http.get("/a", accept=JSON)


@pytest.mark.parametrize("set_back", [3600.0, 86_400.0 * 30])
async def test_a_clock_that_was_set_back_makes_no_token_last_longer(
    tenant: Tenant, hands: Hands, server: TokenServer, set_back: float
) -> None:
    shared = InMemory(signed_in(hands, lasts=60))
    hands.now -= set_back
    async with door(tenant, hands, shared) as http:
        await http.get("/a", accept=JSON)
    assert server.number == 1


async def test_a_code_is_redeemed_with_its_verifier_and_a_public_client_sends_no_secret(
    tenant: Tenant, hands: Hands, server: TokenServer
) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"user_name": "jane.doe@example.com"}).encode()).decode()
    server.more = {"id_token": f"e30.{claims}.x", "refresh_expires_in": 2_592_000}
    shared = InMemory(NotSignedIn("Nobody is signed in."))
    async with door(tenant, hands, shared, secret="") as http:
        assert http.signed_in is not None
        made = await http.signed_in.redeem("the-code", "the-verifier", "http://localhost:8080", Held(shared))
    assert "authorization" not in tenant.requests[0].headers
    assert parse_qs(tenant.bodies[0].decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["the-code"],
        "code_verifier": ["the-verifier"],
        "redirect_uri": ["http://localhost:8080"],
        "client_id": ["sb-person!b1|client!b2"],
        "response_type": ["token"],
    }
    now = hands.clock().wall().timestamp()
    assert (made.user, made.refresh_token, made.ends_at) == ("j…@example.com", "refresh-1", now + 2_592_000)
    assert shared.standing == made


@given(st.text(max_size=60))
def test_of_a_name_little_is_left(name: str) -> None:
    shown = masked(name)
    assert len(shown.partition("@")[0]) <= 2 and shown.isprintable()


@pytest.mark.parametrize(
    ("claims", "user"),
    [
        ({"user_name": "JDOE", "email": "j@x"}, "J…"),
        ({"email": "jane@x.example"}, "j…@x.example"),
        ({"user_name": 5, "sub": "9c1"}, "9…"),
        ({}, UNKNOWN),
        ([], UNKNOWN),
    ],
)
def test_who_it_is_comes_from_the_first_token_that_tells(claims: object, user: str) -> None:
    token = f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.x"
    assert user_of((None, "opaque", "a.b.c", token)) == user
