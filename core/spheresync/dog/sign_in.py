"""The token endpoint of a simulated tenant, and the check of its tokens (datasphere-api.md 1.3, 1.4).

A token holds when it was issued under which number, and until when it is good: any process that serves the same
tenant takes it. It protects nothing; it only behaves like the real one.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from spheresync.dog.authorization import PersonsGrants, id_token
from spheresync.dog.exchange import Request, Response, oauth_error
from spheresync.dog.faults import Faults

_PREFIX = "dog"


@dataclass(frozen=True, slots=True)
class SignIn:
    """The one technical user of a simulated tenant, beside its one person.

    `token_seconds` is the lifetime of tokens.
    """

    client_id: str = "sb-dog!b1|client!b1"
    client_secret: str = "dog-secret"  # noqa: S105  # the simulator's own, worth nothing
    token_seconds: int = 3600

    def grant(self, request: Request, *, faults: Faults, persons: PersonsGrants) -> Response:
        """Answer a token request; the token is issued under the number from which on tokens are good."""
        if request.method != "POST":
            return oauth_error(405, "method_not_allowed", f"Request method '{request.method}' not supported")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        given, grant = _given(request.headers, form), form.get("grant_type")
        if grant in {"authorization_code", "refresh_token"}:
            answered = persons.grant(
                form, given, revoked=faults.revoked_sign_ins, rotates=not faults.keeps_refresh_tokens
            )
            if isinstance(answered, Response):
                return answered
            return self._tokens(faults.revoked_tokens, refresh_token=answered, id_token=id_token())
        if given != (self.client_id, self.client_secret):
            return oauth_error(401, "unauthorized", "Bad credentials")
        if grant != "client_credentials":
            return oauth_error(400, "unsupported_grant_type", f"Unsupported grant type: {grant}")
        return self._tokens(faults.revoked_tokens)

    def _tokens(self, number: int, **more: str) -> Response:
        expires = int(time.time()) + self.token_seconds
        document = {
            "access_token": f"{_PREFIX}.{number}.{expires}.{secrets.token_hex(8)}",
            "token_type": "Bearer",
            "expires_in": self.token_seconds,
            "scope": "uaa.resource",
            **{name: token for name, token in more.items() if token},
        }
        body = json.dumps(document).encode()
        return Response(200, "application/json;charset=UTF-8", body, (("Cache-Control", "no-store"),))

    def accepts(self, headers: Mapping[str, str], *, least: int) -> bool:
        """Whether the request carries a token that is still good and was not issued under a number below `least`."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        parts = token.split(".")
        if scheme.lower() != "bearer" or len(parts) != 4 or parts[0] != _PREFIX:
            return False
        number, expires = parts[1], parts[2]
        if not (number.isdecimal() and expires.isdecimal()):
            return False
        return int(number) >= least and int(expires) > time.time()


def _given(headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        plain = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, secret = plain.partition(":")
    if "%" in client_id:
        client_id, secret = unquote(client_id), unquote(secret)  # RFC 6749 2.3.1 has both form-encoded
    return client_id, secret
