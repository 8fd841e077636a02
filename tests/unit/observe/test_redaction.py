"""No text of ours repeats a secret, whichever door it came in by and however it was spelled."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import httpx2
import pytest
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    SSLError,
)
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import (
    ConfigurationError,
    RefusedError,
    SourceError,
    SourceFault,
    SpheresyncError,
    StateError,
    TargetError,
    TargetFault,
    UsageError,
)
from spheresync.redaction import conceal, conceal_for_now, for_an_error, quoted
from spheresync.source.transport.origin import Origin
from spheresync.source.transport.response_faults import judge, require_type
from spheresync.source.transport.retry_policy import Clock
from spheresync.source.transport.wire import Answer, Transient
from spheresync.targets.aws.errors import translate

CANARY = "cAn4ry/of+the=tenant&'quoted\"\\"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a path": lambda text: quote(text, safe=""),
    "in a path with slashes": quote,
    "in a path, lower case": lambda text: quote(text, safe="").lower(),
    "in a form": quote_plus,
    "quoted twice": lambda text: quote(quote(text, safe=""), safe=""),
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "in a page": html.escape,
    "as Python shows it": lambda text: repr(text)[1:-1],
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 of URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "in base64 of lines": lambda text: base64.encodebytes(text.encode() * 4).decode(),
    "in base64 of a longer text": lambda text: base64.b64encode(f"user:{text}\n".encode()).decode(),
    "in hexadecimal": lambda text: text.encode().hex(),
    "in hexadecimal with colons": lambda text: text.encode().hex(":").upper(),
    "in numbered entities": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "in hexadecimal entities": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "in escapes of JSON": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "in escapes of Python": lambda text: "".join(f"\\x{ord(each):02x}" for each in text),
    "in JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "in a page in a page": lambda text: html.escape(html.escape(text)),
}

ONE_BY_ONE: tuple[Callable[[str], str], ...] = (
    str,
    lambda each: "".join(f"%{byte:02X}" for byte in each.encode()),
    lambda each: "".join(f"%25{byte:02x}" for byte in each.encode()),
    lambda each: f"&#{ord(each)};",
    lambda each: f"&amp;#x{ord(each):x};",
    lambda each: json.dumps(f"\u00e4{each}").removeprefix('"\\u00e4').removesuffix('"'),
    lambda each: f"\\u{ord(each):04x}",
)

ABOUT = {"subject": "S/A", "region": "eu-central-1", "sign_in": "Sign in again."}


@pytest.fixture(autouse=True)
def known() -> None:
    conceal([CANARY])


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(
        status, httpx2.Headers({k.replace("_", "-"): v for k, v in headers.items()}), body, "https://t/api", 0.0
    )


def raised(call: Callable[[], object]) -> str:
    try:
        call()
    except Transient as signal:
        return str(signal.error)
    except SpheresyncError as error:
        return f"{error} {error.message} {error.remedy} {error.args} {getattr(error, 'request_id', '')}"
    raise AssertionError("nothing was raised")


def _client_error(**error: str) -> str:
    response = {"Error": error, "ResponseMetadata": {"RequestId": error.get("Message", ""), "HTTPStatusCode": 400}}
    failed = translate(ClientError(response, "CreateTable"), api="glue:CreateTable", **ABOUT)  # type: ignore[arg-type]
    return f"{failed} {failed.code} {failed.request_id}"


ORIGIN = Origin.parse("https://tenant.example", setting="x")
#: Every door through which a text of somebody else's gets into an error of ours.
DOORS: dict[str, Callable[[str], str]] = {
    "any error": lambda text: raised(lambda: _throw(StateError(text, remedy=text))),
    "a refusal": lambda text: raised(lambda: _throw(RefusedError(text))),
    "a usage error": lambda text: raised(lambda: _throw(UsageError(text))),
    "a configuration error": lambda text: raised(lambda: _throw(ConfigurationError((text,)))),
    "a source error": lambda text: raised(lambda: _throw(SourceError(SourceFault.BAD_REQUEST, text, remedy=text))),
    "a target error": lambda text: raised(lambda: _throw(TargetError(TargetFault.FAILED, text, request_id=text))),
    "a redirect": lambda text: raised(lambda: judge(answer(302, location=f"https://idp/x/{text}"), Clock())),
    "an OData error": lambda text: raised(
        lambda: judge(answer(400, json.dumps({"error": {"code": text}}).encode()), Clock())
    ),
    "a content type": lambda text: raised(
        lambda: require_type(answer(200, content_type=text.encode("ascii", "ignore").decode()), "application/xml")
    ),
    "a link elsewhere": lambda text: raised(lambda: ORIGIN.resolve(f"https://other.example/{text}")),
    "a link that is none": lambda text: raised(lambda: ORIGIN.resolve(f"https://[{text}")),
    "AWS, its message": lambda text: _client_error(Code="AccessDeniedException", Message=text),
    "AWS, its code": lambda text: _client_error(Code=text, Message="no"),
    "AWS out of reach": lambda text: str(
        translate(EndpointConnectionError(endpoint_url=f"https://x/{text}"), api="glue:GetTable", **ABOUT)
    ),
    "AWS, certificates": lambda text: str(
        translate(SSLError(endpoint_url="https://x", error=text), api="glue:GetTable", **ABOUT)
    ),
    "AWS, a lost answer": lambda text: str(translate(HTTPClientError(error=text), api="glue:GetTable", **ABOUT)),
    "AWS credentials": lambda text: str(
        translate(CredentialRetrievalError(provider="p", error_msg=text), api="glue:GetTable", **ABOUT)
    ),
    "AWS, a page": lambda text: str(translate(ValueError(text), api="glue:GetTable", **ABOUT)),
}


def _throw(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("door", DOORS)
def test_a_known_secret_comes_through_no_door(door: str, spelling: str) -> None:
    spelled = SPELLINGS[spelling](CANARY)
    assert spelled not in DOORS[door](spelled)
    assert spelled not in DOORS[door](f"you sent {spelled} to us")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("before", range(140, 240, 7))
def test_no_cut_leaves_the_beginning_of_a_secret(door: str, before: int) -> None:
    assert CANARY[:10] not in DOORS[door]("x" * before + CANARY)
    assert CANARY[:10] not in DOORS[door]("x" * (2 * before) + CANARY)


UNKNOWN = {
    "a JWT": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlX29mX2l0",
    "a bearer token": "Bearer 1a2B3c4D5e6F7g8H",
    "basic credentials": "Basic dXNlcjpwYXNzd29yZA==",
    "an access key": "ASIAIOSFODNN7EXAMPLE",
    "a client secret": "client_secret=s3cr3tOfNobody",
    "a password in JSON": '"password": "hunter2hunter2"',
    "a signature": "X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024",
    "a session token": "x-amz-security-token:FwoGZXIvYXdzEXAMPLEtoken0",
    "user info": "https://user:pa55word@host/x",
    "a webhook": "https://hooks.slack.com/services/T0/B0/abcdef0123",
    "a long value of a query": "https://idp/x?state=abcdef0123456789abcdef0123456789abcdef01",
}


@pytest.mark.parametrize("form", UNKNOWN)
@pytest.mark.parametrize("door", ["a source error", "a target error", "AWS, its message"])
def test_what_looks_like_a_credential_comes_through_no_door(door: str, form: str) -> None:
    secret = max(UNKNOWN[form].replace('"', " ").replace("=", " ").replace("@", " ").split(), key=len)
    secret = secret.rpartition("/")[2] or secret if form in {"a webhook"} else secret
    told = DOORS[door](f"refused: {UNKNOWN[form]} was sent")
    assert secret.removeprefix("https://").removeprefix("x-amz-security-token:") not in told
    assert "refused" in told


@pytest.mark.parametrize(
    "text",
    [
        "DEMO/PASSWORD: relational $metadata: the document gives it no columns.",
        "SALES/Credential: glue:CreateTable answered AccessDeniedException: no",
        "DEMO/COOKIE: analytical $metadata: not found",
        "The token server https://t/oauth/token refused the client (401 invalid_client).",
        "datasphere.client_secret: needed",
    ],
)
def test_names_of_assets_are_no_secrets(text: str) -> None:
    assert for_an_error(text) == text


def test_tokens_that_passed_are_forgotten_in_their_turn() -> None:
    tokens = [f"token-number-{number:04}" for number in range(200)]
    for token in tokens:
        conceal_for_now(token)
    assert for_an_error(f"it was {tokens[-1]}") == "it was [removed]"
    assert for_an_error(f"it was {CANARY}") == "it was [removed]"


@given(st.text(min_size=8, max_size=40), st.text(max_size=300), st.integers(1, 50))
def test_what_is_quoted_holds_no_known_secret(secret: str, around: str, longest: int) -> None:
    conceal_for_now(secret)
    assert secret not in for_an_error(around + secret + around) or secret in "[removed]…" + around
    assert len(quoted(around + secret, longest)) <= longest + 1


@given(
    st.lists(st.sampled_from(ONE_BY_ONE), min_size=len(CANARY), max_size=len(CANARY)),
    st.text(alphabet="abc :/", max_size=9),
)
def test_no_mixture_of_escapes_hides_a_secret(spelled: list[Callable[[str], str]], before: str) -> None:
    text = "".join(spell(each) for spell, each in zip(spelled, CANARY, strict=True))
    assert text not in for_an_error(f"{before} {text} after")


@given(st.binary(max_size=80), st.binary(max_size=80), st.integers(min_value=1, max_value=40))
def test_no_base64_and_no_hexadecimal_around_a_secret_hides_it(before: bytes, after: bytes, width: int) -> None:
    whole = before + CANARY.encode() + after
    for letters in (base64.b64encode(whole).decode(), base64.urlsafe_b64encode(whole).decode(), whole.hex()):
        lines = "\n".join(letters[at : at + width] for at in range(0, len(letters), width))
        kept = for_an_error(f"AWS said: {lines} and no more").replace("\n", "")
        assert "[removed]" in kept and letters not in kept


def test_texts_without_secrets_stay_as_they_are() -> None:
    for text in ("100 % of C:\\new &amp; old &#65; %41", "AAAA" * 999, "de ad be ef", "\\" * 5_000, "&amp;" * 999):
        assert for_an_error(text[:3_999]) == text[:3_999]
