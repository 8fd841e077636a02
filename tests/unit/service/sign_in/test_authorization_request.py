"""What a browser is sent out with, and which of the things that come back are its answer."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.service.sign_in.authorization_request import (
    AuthorizationRequest,
    Denied,
    ForeignRequest,
    ReturnedCode,
    challenge_of,
    new_request,
    read_callback,
)

PAGE = "https://acme.authentication.eu10.hana.ondemand.com/oauth/authorize"
REQUEST = new_request(PAGE, "sb-client!b1|client!b2", "http://localhost:8080")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def callback(request: AuthorizationRequest = REQUEST, **parameters: str) -> str:
    return f"/?{urlencode({'state': request.state, **parameters})}"


def test_the_challenge_is_that_of_rfc_7636() -> None:
    """Appendix B."""
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@given(TEXTS, st.sampled_from(["http://localhost:8080", "http://127.0.0.1:1/a/b", "http://[::1]:9/"]))
def test_every_client_and_redirect_uri_arrives_to_the_letter(client_id: str, redirect_uri: str) -> None:
    request = new_request(PAGE, client_id, redirect_uri)
    url = urlsplit(request.url)
    assert url._replace(query="").geturl() == PAGE and "+" not in url.query
    assert parse_qs(url.query, keep_blank_values=True) == {
        "response_type": ["code"],
        "client_id": [client_id],
        "redirect_uri": [redirect_uri],
        "state": [request.state],
        "code_challenge": [challenge_of(request.verifier)],
        "code_challenge_method": ["S256"],
    }
    assert request.verifier not in request.url
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", request.verifier) and len(request.state) >= 43


def test_no_attempt_is_like_another_and_none_shows_its_secrets() -> None:
    other = new_request(PAGE, "sb-client!b1|client!b2", "http://localhost:8080")
    assert {REQUEST.state, REQUEST.verifier}.isdisjoint({other.state, other.verifier})
    assert REQUEST.verifier not in repr(REQUEST) and REQUEST.state not in repr(REQUEST)
    assert "the-code" not in repr(ReturnedCode("the-code"))


def test_a_code_of_this_attempt_is_taken() -> None:
    assert read_callback(callback(code="abc"), REQUEST) == ReturnedCode("abc")
    assert read_callback(callback(code="abc", iss="https://x", session_state=""), REQUEST) == ReturnedCode("abc")


@given(TEXTS.filter(lambda text: text != REQUEST.state), TEXTS, st.booleans())
def test_nothing_with_another_state_is_an_answer(state: str, code: str, says_error: bool) -> None:
    parameters = {"state": state, "error" if says_error else "code": code}
    assert isinstance(read_callback(callback(**parameters), REQUEST), ForeignRequest)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/favicon.ico", 404),
        ("/callback?state=STATE&code=a", 404),
        ("//?state=STATE&code=a", 404),
        ("/", 400),
        ("/?code=a", 400),
        ("/?state=STATE", 400),
        ("/?state=STATE&code=", 400),
        ("/?state=STATE&code=a%0Ab", 400),
        ("/?state=STATE&code=" + "a" * 5_000, 400),
        ("/?state=STATE&code=a&code=b", 400),
        ("/?state=x&state=STATE&code=a", 400),
        ("/?state=STATE&code=%ff%fe", 400),
        ("/?state=STATE&code=a" + "&a=1" * 100, 400),
    ],
)
def test_what_is_no_answer(target: str, status: int) -> None:
    found = read_callback(target.replace("STATE", REQUEST.state), REQUEST)
    assert isinstance(found, ForeignRequest) and found.status == status


def test_the_path_is_the_registered_one_exactly() -> None:
    request = replace(REQUEST, redirect_uri="http://127.0.0.1:9/sign/in")
    query = f"?state={REQUEST.state}&code=a"
    assert read_callback(f"/sign/in{query}", request) == ReturnedCode("a")
    assert all(
        isinstance(read_callback(f"{path}{query}", request), ForeignRequest) for path in ("/", "/sign/in/", "/SIGN/in")
    )


def test_an_error_of_the_page_is_told_cleaned() -> None:
    denied = read_callback(
        callback(error="access_denied", error_description="No, jane@example.com.\r\n\tclient_secret=abc123 " * 99),
        REQUEST,
    )
    assert isinstance(denied, Denied) and denied.error == "access_denied"
    assert (
        "abc123" not in denied.description
        and "jane" not in denied.description
        and "\n" not in denied.description
        and len(denied.description) <= 301
    )
    odd = read_callback(callback(error="<script>"), REQUEST)
    assert isinstance(odd, Denied) and "script" not in odd.error
