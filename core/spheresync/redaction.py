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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote

from spheresync.personal_values import mask_personal_values

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


class _Known:
    """Values to cut out, the longest first, so that no part of one is left over."""

    def __init__(self) -> None:
        self._lasting: dict[str, tuple[str, ...]] = {}
        self._passing: dict[str, tuple[str, ...]] = {}
        self._ordered: tuple[str, ...] = ()
        self._plain: tuple[bytes, ...] = ()
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
                self._lasting[secret] = spellings
            known = {**self._lasting, **self._passing}
            every = {spelling for spellings in known.values() for spelling in spellings}
            self._ordered = tuple(sorted(every, key=len, reverse=True))
            self._plain = tuple(_as_bytes(each) for each in sorted(known, key=len, reverse=True))

    def cut_out_of(self, text: str) -> str:
        for spelling in self._ordered:
            if spelling in text:
                text = text.replace(spelling, REMOVED)
        for coding in _CODINGS:
            text = coding.cut(text, self._plain)
        return text if _ESCAPES.isdisjoint(text) else _cut_escaped(text, self._plain)


def _spellings(secret: str) -> Iterator[str]:
    """As requests, URLs, JSON, pages and Python's `repr` write a value."""
    quoted = quote(secret, safe="")
    yield from (secret, quoted, quoted.lower(), quote(secret), quote_plus(secret), quote(quoted, safe=""))
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield escaped
        yield escaped.replace("/", "\\/")
    yield html.escape(secret)
    yield repr(secret)[1:-1]
    data = _as_bytes(secret)
    for coded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        text = coded.decode("ascii")
        yield text
        yield text.rstrip("=")
        yield quote(text, safe="")


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class _Coding:
    """A way of writing bytes in letters: a secret stands in it although no spelling of it does.

    What is coded may hold more than the secret and be broken into lines, so everything that is no letter of the coding
    is passed over, and each beginning within a group of letters is tried.
    """

    between: re.Pattern[str]
    group: int
    bits: int
    decode: Callable[[str], bytes]

    def cut(self, text: str, secrets: Sequence[bytes]) -> str:
        while (span := self._found(text, secrets)) is not None:
            text = f"{text[: span[0]]}{REMOVED}{text[span[1] :]}"
        return text

    def _found(self, text: str, secrets: Sequence[bytes]) -> tuple[int, int] | None:
        letters = self.between.sub("", text)
        for first in range(self.group):
            data = self.decode(letters[first : first + (len(letters) - first) // self.group * self.group])
            for secret in secrets:
                if (at := data.find(secret)) >= 0:
                    begin, end = at * 8 // self.bits, -(-(at + len(secret)) * 8 // self.bits)
                    return self._span(text, first + begin, first + end)
        return None

    def _span(self, text: str, begin: int, end: int) -> tuple[int, int]:
        """Where in the text these letters stand."""
        passed_over = {at for match in self.between.finditer(text) for at in range(*match.span())}
        places = [at for at in range(len(text)) if at not in passed_over]
        return places[begin], places[end - 1] + 1


def _base64(letters: str) -> bytes:
    return base64.b64decode(letters.translate({ord("-"): "+", ord("_"): "/"}))


_CODINGS = (
    _Coding(re.compile(r"\\{1,8}[nrt]|[^A-Za-z0-9+/_-]+"), group=4, bits=6, decode=_base64),
    _Coding(re.compile(r"0x|\\{1,8}[nrtx]|[^A-Fa-f0-9]+"), group=2, bits=4, decode=bytes.fromhex),
)
_ESCAPES = frozenset("%&\\")
_WORD = re.compile(r"\S+")
_AFTER_BACKSLASH = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([\"'/\\]))")
_ROUNDS = 5
"""How often a text may have been escaped."""


def _cut_escaped(text: str, secrets: Sequence[bytes]) -> str:
    """The text without the words that hold a secret once their per cents, entities and backslashes are read."""

    def holds_none(part: str) -> bool:
        return not any(_holds(plain, secrets) for plain in _unescaped(part))

    text = _WORD.sub(lambda word: word[0] if holds_none(word[0]) else REMOVED, text)
    return text if holds_none(text) else REMOVED


def _holds(text: str, secrets: Sequence[bytes]) -> bool:
    data = _as_bytes(text)
    return any(secret in data for secret in secrets) or any(each.cut(text, secrets) != text for each in _CODINGS)


def _unescaped(text: str) -> Iterator[str]:
    """The text after each round of reading escapes of one kind, or all: a secret may itself look like another kind."""
    for read in (_without_backslashes, html.unescape, unquote, _without_escapes):
        plain = text
        for _ in range(_ROUNDS):
            before, plain = plain, read(plain)
            if plain == before:
                break
            yield plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _without_backslashes(text: str) -> str:
    return _AFTER_BACKSLASH.sub(_character, text)


def _without_escapes(text: str) -> str:
    return unquote(html.unescape(_without_backslashes(text)))


def _character(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else str(escape[3])


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
    """The text without secrets and without values of persons."""
    return mask_personal_values(without_secrets(text))
