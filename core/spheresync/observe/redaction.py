"""Secrets and personal data out of texts that leave the program for a log.

Two nets. The settings' own secrets are known by value and cut out wherever they stand, in the spellings that requests
use. What is secret by its form (a bearer token, an access key) is cut out although nobody told us of it; a word too
many is lost rather than a token kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

REMOVED = "[removed]"
_SHORTEST = 8
"""Characters; what is shorter would be found in ordinary words."""

_BY_FORM = (
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), "[access key]"),
    (re.compile(r"\b((?i:bearer|basic))\s+(?=[\w.~+/=-]*[A-Z0-9=])[\w.~+/=-]{8,}"), rf"\1 {REMOVED}"),
    (
        re.compile(
            r"(?i)\b(client_secret|client-secret|access_token|refresh_token|id_token|password|passwd|api[_-]?key|"
            r"x-amz-security-token|authorization|signature|credential|cookie|sig|aws_secret_access_key|"
            r"aws_session_token)[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic)\s+)?[^\s\"',;&}]+"
        ),
        rf"\1={REMOVED}",
    ),
    (re.compile(r"(?<=//)[^/@\s]+@"), ""),
    (re.compile(r"(?i)(https://(?:hooks\.slack\.com|[\w.-]+\.webhook\.office\.com))/\S+"), rf"\1/{REMOVED}"),
)
_E_MAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")

_concealed: dict[str, None] = {}


def conceal(secrets: Iterable[str]) -> None:
    """From now on these values are cut out of every text, percent-encoded and as JSON spells them too."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            spellings = (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
            _concealed.update(dict.fromkeys(spellings))


def without_secrets(text: str) -> str:
    """The text with every known secret, and whatever has the form of one, cut out."""
    for secret in _concealed:
        if secret in text:
            text = text.replace(secret, REMOVED)
    for pattern, replacement in _BY_FORM:
        text = pattern.sub(replacement, text)
    return text


def for_a_log(text: str) -> str:
    """The text without secrets and without addresses of people."""
    return _E_MAIL.sub("[e-mail]", without_secrets(text))
