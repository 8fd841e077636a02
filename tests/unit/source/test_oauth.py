"""Signing in: one fetch however many ask, both manners of sending the secret, and the secret nowhere else."""

from __future__ import annotations

import base64
import json
import traceback

import anyio
import httpx2
import pytest

from spheresync.errors import ConfigurationError, SourceError, SourceFault
from spheresync.source.transport.http import JSON, Login, TenantHttp
from spheresync.source.transport.request_budget import UnlimitedBudget
from tests.unit.source.double import BASE, SECRET, TOKEN_URL, Hands, Reply, Tenant, as_json, connect, page

pytestmark = pytest.mark.anyio

GOOD = as_json({})


def denial(code: object = "invalid_client", status: int = 401) -> Reply:
    body = {"error": code, "error_description": f"Bad credentials {SECRET}"}
    return Reply(status, json.dumps(body).encode(), {"content-type": "application/json"})


def only_in_body(request: httpx2.Request) -> Reply | None:
    return None if "authorization" not in request.headers else denial()


def test_a_token_url_that_cannot_be_derived_must_be_given() -> None:
    with pytest.raises(ConfigurationError, match=r"datasphere\.token_url"):
        TenantHttp("http://127.0.0.1:1", Login("id", SECRET), budget=UnlimitedBudget())


def test_a_token_url_in_plain_http_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"datasphere\.token_url"):
        TenantHttp(BASE, Login("id", SECRET, "http://token.example/t"), budget=UnlimitedBudget())


async def test_the_request_is_the_one_that_sap_sends(tenant: Tenant, hands: Hands) -> None:
    tenant.on("/a", GOOD)
    async with connect(tenant, hands, token_url=f"{TOKEN_URL}?grant_type=x#y") as http:
        await http.get("/a", accept=JSON)
    asked = tenant.requests[0]
    assert str(asked.url) == TOKEN_URL
    assert asked.headers["x-sap-sac-custom-auth"] == "true"
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode().endswith(f"!b2:{SECRET}")
    assert tenant.bodies[0] == b"grant_type=client_credentials&response_type=token"


async def test_the_body_is_tried_after_basic_and_remembered(tenant: Tenant, hands: Hands) -> None:
    tenant.on("/a", GOOD)
    tenant.on_token = only_in_body
    async with connect(tenant, hands) as http:
        await http.get("/a", accept=JSON)
        assert http.usage.token_requests == 2
        hands.now += 7200
        await http.get("/a", accept=JSON)
        assert http.usage.token_requests == 3
    assert tenant.bodies[1].endswith(f"client_id=sb-client%21b1%7Cclient%21b2&client_secret={SECRET}".encode())


async def test_a_hundred_cold_calls_fetch_one_token(tenant: Tenant, hands: Hands) -> None:
    tenant.fallback = lambda request: GOOD
    async with connect(tenant, hands) as http, anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(lambda n: http.get(f"/{n}", accept=JSON), number)
    assert tenant.tokens == 1


async def test_a_hundred_401s_after_a_revocation_fetch_one_token(tenant: Tenant, hands: Hands) -> None:
    tenant.fallback = lambda request: GOOD
    async with connect(tenant, hands) as http:
        await http.get("/first", accept=JSON)
        tenant.revoked.add("token-1")
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(lambda n: http.get(f"/{n}", accept=JSON), number)
    assert tenant.tokens == 2


async def test_a_second_401_is_final(tenant: Tenant, hands: Hands) -> None:
    tenant.on("/a", Reply(401))
    async with connect(tenant, hands) as http:
        with pytest.raises(SourceError) as caught:
            await http.get("/a", accept=JSON)
    assert caught.value.fault is SourceFault.UNAUTHORIZED
    assert len(tenant.asked("/a")) == 2
    assert tenant.tokens == 2
    assert hands.slept == []


@pytest.mark.parametrize(
    ("expires_in", "age", "fetched"),
    [
        (3600, 3589.0, 1),
        (3600, 3591.0, 2),
        ("43199", 43000.0, 1),
        (4, 1.5, 1),
        (4, 2.5, 2),
        (0, 0.5, 1),
        (-5, 1.5, 2),
        (None, 1.5, 2),
        ("soon", 0.5, 1),
        (1e300, 86_399.0, 1),
        (1e300, 86_401.0, 2),
    ],
)
async def test_the_lifetime_is_honoured(
    tenant: Tenant, hands: Hands, expires_in: object, age: float, fetched: int
) -> None:
    tenant.on("/a", GOOD)
    answers: list[int] = []

    def answer(request: httpx2.Request) -> Reply:
        answers.append(1)
        return as_json({"access_token": "t", "expires_in": expires_in})

    tenant.on_token = answer
    async with connect(tenant, hands) as http:
        await http.get("/a", accept=JSON)
        hands.now += age
        await http.get("/a", accept=JSON)
    assert len(answers) == fetched


@pytest.mark.parametrize(
    ("reply", "fault", "says"),
    [
        (denial(), SourceFault.UNAUTHORIZED, "invalid_client"),
        (denial("invalid_grant", 400), SourceFault.UNAUTHORIZED, "invalid_grant"),
        (denial(SECRET), SourceFault.UNAUTHORIZED, "(401)"),
        (denial({"a": 1}, 403), SourceFault.UNAUTHORIZED, "(403)"),
        (denial("x" * 500), SourceFault.UNAUTHORIZED, "(401)"),
        (Reply(404), SourceFault.UNAUTHORIZED, "token_url"),
        (page(), SourceFault.HTML_INSTEAD, "web page"),
        (Reply(302, b"", {"location": "/login"}), SourceFault.HTML_INSTEAD, "redirected"),
        (as_json({"token": "x"}), SourceFault.WRONG_SHAPE, "access_token"),
        (as_json({"access_token": "a\r\nb"}), SourceFault.WRONG_SHAPE, "access_token"),
        (as_json([]), SourceFault.WRONG_SHAPE, "access_token"),
        (Reply(500), SourceFault.SERVER_ERROR, "500"),
        (httpx2.ConnectError("x"), SourceFault.UNREACHABLE, "no answer"),
    ],
)
async def test_what_the_token_server_can_answer(
    tenant: Tenant, hands: Hands, reply: Reply | Exception, fault: SourceFault, says: str
) -> None:
    tenant.on_token = lambda request: reply
    async with connect(tenant, hands) as http:
        with pytest.raises(SourceError) as caught:
            await http.get("/a", accept=JSON)
        shown = (
            repr(http.auth) + str(caught.value) + repr(caught.value) + "".join(traceback.format_exception(caught.value))
        )
    assert caught.value.fault is fault
    assert says in str(caught.value)
    assert SECRET not in shown
    assert base64.b64encode(SECRET.encode()).decode()[:10] not in shown
    assert SECRET not in repr(Login("id", SECRET))


async def test_trouble_of_the_token_server_is_waited_out(tenant: Tenant, hands: Hands) -> None:
    tenant.on("/a", GOOD)
    script = [Reply(503), Reply(429, b"", {"retry-after": "9"}), httpx2.ReadTimeout("x")]
    tenant.on_token = lambda request: script.pop(0) if script else None
    async with connect(tenant, hands) as http:
        await http.get("/a", accept=JSON)
        assert http.usage.token_requests == 4
    assert 9.0 in hands.slept


@pytest.mark.parametrize("reply", [denial(), Reply(500)])
async def test_all_who_wait_for_a_failing_fetch_share_its_outcome(tenant: Tenant, hands: Hands, reply: Reply) -> None:
    tenant.on_token = lambda request: reply
    outcomes: list[SourceFault] = []

    async with connect(tenant, hands) as http:

        async def ask(number: int) -> None:
            try:
                await http.get(f"/{number}", accept=JSON)
            except SourceError as error:
                outcomes.append(error.fault)

        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(ask, number)
        assert http.usage.token_requests <= 5
    assert len(outcomes) == 100


async def test_a_no_is_asked_again_later(tenant: Tenant, hands: Hands) -> None:
    tenant.on("/a", GOOD)
    tenant.on_token = lambda request: denial()
    async with connect(tenant, hands) as http:
        for _ in range(3):
            with pytest.raises(SourceError, match="invalid_client"):
                await http.get("/a", accept=JSON)
        assert http.usage.token_requests == 2
        tenant.on_token = None
        hands.now += 31
        await http.get("/a", accept=JSON)
