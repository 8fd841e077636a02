"""What a browser is sent to the sign-in page with, and what it may bring back (RFC 6749 4.1, 7636, 8252). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from spheresync.redaction import for_a_log, quoted

_BYTES = 32
_CODE = re.compile(r"[\x21-\x7e]{1,4096}")
_ERROR = re.compile(r"[a-zA-Z][a-zA-Z0-9_.\-]{0,63}")
_PARAMETERS = ("code", "state", "error", "error_description")
_MOST_PARAMETERS = 32
_SHOWN = 300


@dataclass(frozen=True, slots=True, repr=False)
class AuthorizationRequest:
    """One attempt to sign in. `state` and `verifier` are random and known to this process alone."""

    url: str
    state: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True, slots=True, repr=False)
class ReturnedCode:
    """A code that belongs to this attempt."""

    code: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The sign-in page's own error, which belongs to this attempt.

    `description` is its text: without secrets and addresses of people, on one line, cut.
    """

    error: str
    description: str


@dataclass(frozen=True, slots=True)
class ForeignRequest:
    """A request that does not belong to this attempt, and why."""

    status: int
    why: str


def new_request(
    authorization_url: str,
    client_id: str,
    redirect_uri: str,
    *,
    random: Callable[[int], str] = secrets.token_urlsafe,
) -> AuthorizationRequest:
    """Make a new attempt; the redirect URI is sent to the letter, as servers compare it so."""
    state, verifier = random(_BYTES), random(_BYTES)
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    query = urlencode(parameters, quote_via=quote, safe="")
    return AuthorizationRequest(f"{authorization_url}?{query}", state, verifier, redirect_uri)


def challenge_of(verifier: str) -> str:
    """The challenge of a verifier by S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def read_callback(target: str, request: AuthorizationRequest) -> ReturnedCode | Denied | ForeignRequest:
    """What a browser's request for `target` (path and query) brings."""
    path, _, query = target.partition("?")
    if path != (urlsplit(request.redirect_uri).path or "/"):
        return ForeignRequest(404, "There is nothing at this address.")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except ValueError:
        return ForeignRequest(400, "This answer cannot be read.")
    found = dict(pairs)
    if any(sum(name == each for name, _ in pairs) > 1 for each in _PARAMETERS):
        return ForeignRequest(400, "This answer names something twice.")
    if not hmac.compare_digest(found.get("state", "").encode("utf-8", "replace"), request.state.encode()):
        return ForeignRequest(400, "This answer does not belong to the sign-in that is under way.")
    return _answer(found)


def _answer(found: Mapping[str, str]) -> ReturnedCode | Denied | ForeignRequest:
    if "error" in found:
        named = found["error"] if _ERROR.fullmatch(found["error"]) else "an error that cannot be shown"
        return Denied(named, quoted(for_a_log(found.get("error_description", "")), _SHOWN))
    if not _CODE.fullmatch(found.get("code", "")):
        return ForeignRequest(400, "This answer brings no code.")
    return ReturnedCode(found["code"])
