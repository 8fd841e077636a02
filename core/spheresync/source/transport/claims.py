"""Who signed in, as the tokens tell; never the name itself, but enough of it for whoever knows the person."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping

from spheresync.model.json_document import read_json

_NAMES = ("user_name", "email", "preferred_username", "sub")
_SHOWN = 1
UNKNOWN = "somebody whose name the token does not tell"


def user_of(tokens: Iterable[str | None]) -> str:
    """The user of the first token that tells one, masked.

    The signature is not looked at: the token comes from the token server itself, over TLS (OpenID Connect 3.1.3.7),
    and nothing is decided by the name.
    """
    for token in tokens:
        claims = _claims(token or "")
        name = next((claims[key] for key in _NAMES if isinstance(claims.get(key), str) and claims[key]), None)
        if isinstance(name, str):
            return masked(name)
    return UNKNOWN


def expiry_of(token: str | None) -> float | None:
    """When a token ends, in seconds since the epoch, where it is one that tells."""
    ends = _claims(token or "").get("exp")
    return float(ends) if isinstance(ends, int | float) and not isinstance(ends, bool) and 0 < ends < 1e11 else None


def masked(name: str) -> str:
    """`jane.doe@example.com` as `j…@example.com`, `JDOE` as `J…`: the beginning, and the domain of an address."""
    name = "".join(mark for mark in name if mark.isprintable()).strip()[:256]
    local, at, domain = name.rpartition("@")
    if not at:
        local, domain = name, ""
    return f"{local[:_SHOWN]}…{at}{domain}"


def _claims(token: str) -> Mapping[str, object]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        document = read_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return document if isinstance(document, dict) else {}
