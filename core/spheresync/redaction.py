"""Secrets and personal data out of texts: those that leave for a log, and those that others sent us.

Two nets. Secrets that we hold are known by value and cut out wherever they stand, in the spellings that requests and
answers use. What is secret by its form (a bearer token, an access key) is cut out although nobody told us of it. In a
log a word too many is lost rather than a token kept; an error keeps the names that it is about.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

REMOVED = "[removed]"
_SHORTEST = 8
"""Characters; what is shorter would be found in ordinary words."""
_PASSING = 64
"""Secrets that come and go, as tokens do, which are remembered at once."""
_LONGEST = 4_000
"""Characters of an error's text; what is longer is somebody's payload."""
_KEYS = (
    r"client_secret|client-secret|access_token|refresh_token|id_token|assertion|password|passwd|api[_-]?key|"
    r"x-amz-security-token|x-amz-signature|x-amz-credential|authorization|signature|credential|cookie|sig|"
    r"aws_secret_access_key|secretaccesskey|aws_session_token|sessiontoken|secret"
)
_ALONE = (
    (re.compile(r"\beyJ[\w-]{8,8192}\.[\w-]{1,8192}\.[\w-]{0,8192}"), "[token]"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), "[access key]"),
    (re.compile(r"\b((?i:bearer|basic))(?:\s+|%20)(?=[\w.~+/=-]*[A-Z0-9=])[\w.~+/=-]{8,}"), rf"\1 {REMOVED}"),
    (re.compile(r"(?<=//)[^/@\s]+@"), ""),
    (re.compile(r"(?i)(https://(?:hooks\.slack\.com|[\w.-]{1,256}\.webhook\.office\.com))/\S+"), rf"\1/{REMOVED}"),
)
_AFTER_KEY = (
    re.compile(rf"(?i)\b({_KEYS})[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic)\s+)?[^\s\"',;&}}]+"),
    rf"\1={REMOVED}",
)
#: As `_AFTER_KEY`, for texts that also hold names of ours: what follows must look like no word.
_RANDOM_AFTER_KEY = (
    re.compile(
        rf"(?i)\b({_KEYS})[\"']?(?:\s*[:=]|%3a|%3d)\s*[\"']?(?:(?:bearer|basic)\s+)?"
        r"(?=[^\s\"',;&}]{0,512}[0-9+/=%])[^\s\"',;&}]{8,}"
    ),
    rf"\1={REMOVED}",
)
_LONG_AFTER_ANY_KEY = (
    re.compile(r"(?<=[?&])([\w.-]{1,64})=(?=[^\s&\"']{0,512}[0-9])[^\s&\"']{32,}"),
    rf"\1={REMOVED}",
)
_FOR_A_LOG = (*_ALONE, _AFTER_KEY, _LONG_AFTER_ANY_KEY)
_FOR_AN_ERROR = (*_ALONE, _RANDOM_AFTER_KEY, _LONG_AFTER_ANY_KEY)
_E_MAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


class _Known:
    """Values to cut out, the longest first, so that no part of one is left over."""

    def __init__(self) -> None:
        self._lasting: dict[str, None] = {}
        self._passing: dict[str, tuple[str, ...]] = {}
        self._ordered: tuple[str, ...] = ()
        self._adding = threading.Lock()

    def add(self, secret: str, *, passing: bool) -> None:
        if len(secret) < _SHORTEST or secret in self._lasting or secret in self._passing:
            return
        spellings = tuple(_spellings(secret))
        with self._adding:
            if passing:
                while len(self._passing) >= _PASSING:
                    del self._passing[next(iter(self._passing))]
                self._passing[secret] = spellings
            else:
                self._lasting.update(dict.fromkeys(spellings))
            every = {*self._lasting, *(spelling for many in self._passing.values() for spelling in many)}
            self._ordered = tuple(sorted(every, key=len, reverse=True))

    def cut_out_of(self, text: str) -> str:
        for secret in self._ordered:
            if secret in text:
                text = text.replace(secret, REMOVED)
        return text


def _spellings(secret: str) -> Iterator[str]:
    """As requests, URLs, JSON, pages and Python's `repr` write a value."""
    quoted = quote(secret, safe="")
    yield from (secret, quoted, quoted.lower(), quote(secret), quote_plus(secret), quote(quoted, safe=""))
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield escaped
        yield escaped.replace("/", "\\/")
    yield html.escape(secret)
    yield repr(secret)[1:-1]
    data = secret.encode("utf-8", "surrogatepass")
    for coded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        text = coded.decode("ascii")
        yield text
        yield text.rstrip("=")
        yield quote(text, safe="")


_known = _Known()


def conceal(secrets: Iterable[str]) -> None:
    """From now on these values are cut out of every text, as URLs, JSON, pages and base64 spell them too."""
    for secret in secrets:
        _known.add(secret, passing=False)


def conceal_for_now(*secrets: str) -> None:
    """As `conceal`, for values that others replace soon, such as access tokens."""
    for secret in secrets:
        _known.add(secret, passing=True)


def without_known_secrets(text: str) -> str:
    """The text with every secret that we hold cut out."""
    return _known.cut_out_of(text)


def without_secrets(text: str) -> str:
    """The text with every known secret, and whatever has the form of one, cut out."""
    text = without_known_secrets(text)
    for pattern, replacement in _FOR_A_LOG:
        text = pattern.sub(replacement, text)
    return text


def for_an_error(text: str) -> str:
    """The text of an error that may repeat what another system sent, without secrets and of a bearable length."""
    text = without_known_secrets(text)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    for pattern, replacement in _FOR_AN_ERROR:
        text = pattern.sub(replacement, text)
    return text


def quoted(text: str, longest: int) -> str:
    """What another system sent, on one line, to be repeated in a text of ours: secrets out first, then cut."""
    text = " ".join(without_secrets(without_known_secrets(text)[: 16 * longest]).split())
    return text if len(text) <= longest else f"{text[:longest]}…"


def for_a_log(text: str) -> str:
    """The text without secrets and without addresses of people."""
    return _E_MAIL.sub("[e-mail]", without_secrets(text))
