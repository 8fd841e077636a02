"""The simulated tenant's sign-in page and refresh tokens, strict as servers are that verify PKCE and rotate."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from spheresync.dog.authorization import PERSONS_CLIENT, PUBLIC_CLIENT, challenge_of
from spheresync.dog.exchange import Request, Response
from spheresync.dog.faults import Faults
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.site import TenantSite
from tests.simulators.memory_content import MemoryContent

VERIFIER = "v" * 43
ASKED = {
    "response_type": "code",
    "client_id": PUBLIC_CLIENT.client_id,
    "redirect_uri": "http://localhost:8080",
    "state": "a state",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}


@pytest.fixture
def site() -> TenantSite:
    return TenantSite(MemoryContent(retailer_landscape()))


def authorize(site: TenantSite, **changed: str) -> Response:
    return site.respond(Request("GET", "/oauth/authorize", urlencode({**ASKED, **changed})))


def led(response: Response) -> dict[str, str]:
    where = urlsplit(dict(response.headers)["Location"])
    return {name: values[0] for name, values in parse_qs(where.query).items()}


def ask(site: TenantSite, **form: str) -> tuple[int, Any]:
    body = urlencode({"client_id": PUBLIC_CLIENT.client_id, **form}).encode()
    response = site.respond(Request("POST", "/oauth/token", body=body))
    return response.status, json.loads(response.body)


def redeem(site: TenantSite, **changed: str) -> tuple[int, Any]:
    form = {"code": led(authorize(site))["code"], "redirect_uri": ASKED["redirect_uri"], "code_verifier": VERIFIER}
    return ask(site, **{"grant_type": "authorization_code", **form, **changed})


def renew(site: TenantSite, token: str) -> tuple[int, Any]:
    return ask(site, grant_type="refresh_token", refresh_token=token)


def test_a_code_leads_to_tokens_that_open_the_tenant(site: TenantSite) -> None:
    page = authorize(site)
    assert page.status == 302 and led(page)["state"] == "a state"
    status, tokens = redeem(site)
    assert status == 200 and tokens["refresh_token"] and tokens["id_token"].count(".") == 2
    catalog = "/api/v1/datasphere/consumption/catalog/spaces"
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    assert site.respond(Request("GET", catalog, headers=headers)).status == 200


@pytest.mark.parametrize(
    "changed",
    [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}, {"redirect_uri": "http://a.example:1"}],
)
def test_nobody_is_sent_to_where_it_is_not_trusted(site: TenantSite, changed: dict[str, str]) -> None:
    page = authorize(site, **changed)
    assert page.status == 400 and "Location" not in dict(page.headers)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
    ],
)
def test_what_else_is_wrong_comes_back_as_an_error(site: TenantSite, changed: dict[str, str], error: str) -> None:
    assert led(authorize(site, **changed))["error"] == error
    site.faults = Faults(sign_in_denied=True)
    assert led(authorize(site))["error"] == "access_denied"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "w" * 43},
        {"redirect_uri": "http://localhost:8081"},
        {"code": "guessed"},
        {"client_id": PERSONS_CLIENT.client_id, "client_secret": PERSONS_CLIENT.client_secret},
    ],
)
def test_a_code_is_worth_nothing_to_others(site: TenantSite, changed: dict[str, str]) -> None:
    assert redeem(site, **changed) == (
        400,
        {"error": "invalid_grant", "error_description": "Invalid authorization code"},
    )


def test_a_code_and_a_refresh_token_are_good_once_and_the_second_use_ends_the_sign_in(site: TenantSite) -> None:
    code = led(authorize(site))["code"]
    assert redeem(site, code=code)[0] == 200 and redeem(site, code=code)[0] == 400
    first = redeem(site)[1]["refresh_token"]
    second = renew(site, first)[1]["refresh_token"]
    assert renew(site, first)[0] == 400  # somebody else had it
    assert renew(site, second)[0] == 400


def test_clients_have_their_own_grants(site: TenantSite) -> None:
    technical = {"client_id": site.sign_in.client_id, "client_secret": site.sign_in.client_secret}
    assert ask(site, grant_type="client_credentials", **technical)[0] == 200
    assert ask(site, grant_type="client_credentials")[0] == 401
    assert redeem(site, **technical)[0] == 401
    site.faults = Faults(keeps_refresh_tokens=True)
    token = redeem(site)[1]["refresh_token"]
    assert all("refresh_token" not in renew(site, token)[1] for _ in range(2))
    site.faults = Faults(revoked_sign_ins=True)
    assert renew(site, token)[0] == 400
