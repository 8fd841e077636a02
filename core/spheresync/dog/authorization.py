"""The sign-in page and the refresh tokens of a simulated tenant (RFC 6749, 7636, 8252; datasphere-api.md 1.1 to 1.3).

Nobody has to type a password: whoever asks is the one person that the tenant knows. Codes and refresh tokens are good
once, and one that comes a second time ends the sign-in that it belongs to, as servers that rotate them do.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from spheresync.config.tenant import is_loopback
from spheresync.dog.exchange import HTML_TYPE, Request, Response, oauth_error

_CODE_SECONDS = 60
PERSON = "keeper@dog.example"


@dataclass(frozen=True, slots=True)
class PersonsClient:
    """A client for interactive usage; one without a secret is public."""

    client_id: str
    client_secret: str


PERSONS_CLIENT = PersonsClient("sb-dog-person!b1|client!b1", "dog-person-secret")
PUBLIC_CLIENT = PersonsClient("sb-dog-public!b1|client!b1", "")
_CLIENTS = {each.client_id: each for each in (PERSONS_CLIENT, PUBLIC_CLIENT)}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a code was given out for."""

    client_id: str
    redirect_uri: str
    challenge: str
    until: float


@dataclass
class _Family:
    """The refresh tokens of one sign-in: the one that is good, and all that were."""

    client_id: str
    good: str = ""
    used: set[str] = field(default_factory=set)
    ended: bool = False


class PersonsGrants:
    """Gives out codes, and tokens for them, and tokens for those."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}
        self._families: list[_Family] = []

    def authorize(self, request: Request, *, denied: bool) -> Response:
        """Answer a browser at the sign-in page: back to where it came from, or a page where that is not trusted."""
        asked = dict(parse_qsl(request.query, keep_blank_values=True))
        redirect_uri, client = asked.get("redirect_uri", ""), _CLIENTS.get(asked.get("client_id", ""))
        if request.method != "GET" or client is None or not _is_registered(redirect_uri):
            return _page(400, "Invalid client or redirect URI")
        state = {"state": asked["state"]} if "state" in asked else {}
        if denied:
            answer = {"error": "access_denied", "error_description": "The person said no.\nTo <b>everything</b>."}
        elif asked.get("response_type") != "code":
            answer = {"error": "unsupported_response_type"}
        elif asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            answer = {"error": "invalid_request", "error_description": "PKCE with S256 is required"}
        else:
            answer = {"code": secrets.token_urlsafe(24)}
            until = time.time() + _CODE_SECONDS
            self._asked[answer["code"]] = _Asked(client.client_id, redirect_uri, asked["code_challenge"], until)
        return Response(302, HTML_TYPE, b"", (("Location", f"{redirect_uri}?{urlencode({**answer, **state})}"),))

    def grant(self, form: Mapping[str, str], given: tuple[str, str], *, revoked: bool, rotates: bool) -> Response | str:
        """Answer a token request of a person's client: an error, or the refresh token that goes with new tokens."""
        client = _CLIENTS.get(given[0])
        if client is None or client.client_secret != given[1]:
            return oauth_error(401, "unauthorized", "Bad credentials")
        if form.get("grant_type") == "authorization_code":
            return self._redeemed(form, client)
        return oauth_error(400, "invalid_grant", "Revoked") if revoked else self._renewed(form, client, rotates=rotates)

    def _redeemed(self, form: Mapping[str, str], client: PersonsClient) -> Response | str:
        asked = self._asked.pop(form.get("code", ""), None)
        fits = (
            asked is not None
            and asked.client_id == client.client_id
            and asked.redirect_uri == form.get("redirect_uri")
            and asked.challenge == challenge_of(form.get("code_verifier", ""))
            and asked.until > time.time()
        )
        if not fits:
            return oauth_error(400, "invalid_grant", "Invalid authorization code")
        family = _Family(client.client_id, good=secrets.token_urlsafe(24))
        self._families.append(family)
        return family.good

    def _renewed(self, form: Mapping[str, str], client: PersonsClient, *, rotates: bool) -> Response | str:
        token = form.get("refresh_token", "")
        known = [each for each in self._families if token == each.good or token in each.used]
        family = next((each for each in known if each.client_id == client.client_id), None)
        if family is None or family.ended or token != family.good:
            if family is not None:
                family.ended = True
            return oauth_error(400, "invalid_grant", "Invalid refresh token")
        if not rotates:
            return ""
        family.used.add(token)
        family.good = secrets.token_urlsafe(24)
        return family.good


def challenge_of(verifier: str) -> str:
    """The challenge of a verifier by S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def id_token() -> str:
    """Who signed in, as a token that nobody signed."""
    claims = {"user_name": PERSON, "email": PERSON, "origin": "dog"}
    parts = ({"alg": "none"}, claims)
    return ".".join(
        [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts] + ["x"]
    )


def _is_registered(redirect_uri: str) -> bool:
    """Any port of this machine, as RFC 8252 (7.3) has it."""
    url = urlsplit(redirect_uri)
    return url.scheme == "http" and url.hostname is not None and is_loopback(url.hostname) and not url.query


def _page(status: int, text: str) -> Response:
    return Response(status, HTML_TYPE, f"<!DOCTYPE html><html><body>{text}</body></html>".encode())
