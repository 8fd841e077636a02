"""Values of persons in free text, known by their form and, where they have one, by their checksum.

Labels, descriptions, default values and the text of views now and then hold a real address, telephone or account
number. What has a form of its own is found anywhere; a plain run of digits only where its checksum is right and, where
that still lets every tenth number through, only beside a word that says what it is. Names are not found: nothing but a
model of language could tell them, and what that takes for persons are plants and hosts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

_SIX_DIGITS = re.compile(r"[0-9](?:[^0-9]*[0-9]){5}")
"""Fewer are in no value but an e-mail address."""

_AT = r"(?:[@\uff20\ufe6b]|%40|&#0{0,4}64;|&#[xX]0{0,4}40;|&commat;)"
"""The sign as it is written, and as addresses in links and in HTML spell it."""
_AT_SIGN = re.compile(_AT)


class ValueKind(StrEnum):
    """What was found; also how it is spelled where it was masked."""

    EMAIL = "e-mail"
    PHONE = "phone"
    IBAN = "IBAN"
    CARD = "card"
    NATIONAL_ID = "id"


@dataclass(frozen=True, slots=True)
class PersonalValue:
    """One value in a text, by where it stands."""

    kind: ValueKind
    start: int
    end: int


def find_personal_values(text: str) -> list[PersonalValue]:
    """The values in a text, from left to right, none inside another."""
    if _AT_SIGN.search(text) is None and _SIX_DIGITS.search(text) is None:
        return []
    found: list[PersonalValue] = []
    for value in sorted(_candidates(text), key=lambda each: (each.start, -each.end)):
        if not found or value.start >= found[-1].end:
            found.append(value)
    return found


@lru_cache(maxsize=20_000)
def without_personal_values(text: str) -> str:
    """The text with `[…]` in the place of each value: no word by which it would be found."""
    return _with_values_as(text, lambda _: "…")


@lru_cache(maxsize=20_000)
def mask_personal_values(text: str) -> str:
    """The text with each value replaced by what it was: `[e-mail]`, `[IBAN]`."""
    return _with_values_as(text, lambda value: value.kind)


def _with_values_as(text: str, word: Callable[[PersonalValue], str]) -> str:
    """The text with a word in brackets in the place of each value."""
    found = find_personal_values(text)
    if not found:
        return text
    parts, at = list[str](), 0
    for value in found:
        parts += [text[at : value.start], f"[{word(value)}]"]
        at = value.end
    return "".join([*parts, text[at:]])


def _candidates(text: str) -> Iterator[PersonalValue]:
    sql = _SELECT.search(text) is not None and _FROM.search(text) is not None
    for form in _forms():
        for match in form.pattern.finditer(text):
            if sql and form.kind is ValueKind.EMAIL and _is_quoted(text, match):
                continue
            if form.holds(match["value"]):
                yield PersonalValue(form.kind, match.start("value"), match.end("value"))


_SELECT, _FROM = re.compile(r"(?i)\bselect\b"), re.compile(r"(?i)\bfrom\b")


def _is_quoted(text: str, match: re.Match[str]) -> bool:
    """Whether it is an identifier of SQL: a name, which is never masked. Literals have single quotes."""
    start, end = match.span("value")
    return text[start - 1 : start] == '"' and text[end : end + 1] == '"'


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind of value is written; `holds` has the last word. The pattern's group `value` is the value."""

    kind: ValueKind
    pattern: re.Pattern[str]
    holds: Callable[[str], bool]


def _any(value: str) -> bool:
    return bool(value)


def _digits(value: str) -> str:
    return "".join(filter(str.isdigit, value))


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_phone(value: str) -> bool:
    return 9 <= len(_digits(value)) <= 15


_IBANS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 CH21 CY28 CZ24 DE22 DK18 EE20 EG29 ES24 "
    "FI18 FR27 GB22 GE22 GR27 HR21 HU28 IE22 IL23 IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20 "
    "LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 PK24 PL28 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 "
    "SM27 TN24 TR26 UA29 VA22 XK20 "
)
"""Countries, each with the length of its numbers."""
_IBAN_LENGTHS = {each[:2]: int(each[2:]) for each in _IBANS.split()}


def _is_iban(value: str) -> bool:
    plain = value.replace(" ", "").replace("-", "").upper()
    if _IBAN_LENGTHS.get(plain[:2]) != len(plain):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


_CARD = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
)


def _is_card(value: str) -> bool:
    digits = _digits(value)
    return _CARD.fullmatch(digits) is not None and _luhn(digits)


def _is_ahv(value: str) -> bool:
    """Switzerland: an EAN-13."""
    digits = [int(digit) for digit in _digits(value)]
    return sum(digit * (1 + 2 * (place % 2)) for place, digit in enumerate(digits)) % 10 == 0


_ODD_PLACES = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
"""By the place of a letter in the alphabet; a digit counts as the letter at its place."""


def _is_codice_fiscale(value: str) -> bool:
    """Italy."""
    total = sum(
        _ODD_PLACES[number] if place % 2 == 0 else number
        for place, number in enumerate(int(letter, 36) - (10 if letter.isalpha() else 0) for letter in value[:15])
    )
    return ord(value[15]) - ord("A") == total % 26


def _is_pension_number(value: str) -> bool:
    """Germany's Rentenversicherungsnummer."""
    digits = f"{value[:8]}{ord(value[8]) - ord('A') + 1:02d}{value[9:11]}"
    weighted = (int(digit) * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    return sum(each // 10 + each % 10 for each in weighted) % 10 == int(value[11])


def _is_nir(value: str) -> bool:
    """France's numéro de sécurité sociale."""
    digits = _digits(value)
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


def _is_cpf(value: str) -> bool:
    """Brazil."""
    digits = [int(digit) for digit in _digits(value)]
    for length in (9, 10):
        total = sum(digit * weight for digit, weight in zip(digits, range(length + 1, 1, -1), strict=False))
        if total * 10 % 11 % 10 != digits[length]:
            return False
    return True


def _is_belgian(value: str) -> bool:
    digits = _digits(value)
    number, check = int(digits[:9]), int(digits[9:])
    return check in {97 - number % 97, 97 - (2_000_000_000 + number) % 97}


def _is_tax_id(digits: str) -> bool:
    """Germany's Steuer-ID: ISO 7064 mod 11,10."""
    rest = 10
    for digit in digits[:10]:
        rest = (int(digit) + rest) % 10 or 10
        rest = rest * 2 % 11
    return (11 - rest) % 10 == int(digits[10])


def _is_pesel(digits: str) -> bool:
    """Poland."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0


def _is_bsn(digits: str) -> bool:
    """The Netherlands."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 == 0


def _is_dni(value: str) -> bool:
    """Spain's DNI and NIE."""
    number = value[:-1].rstrip("-").replace("X", "0").replace("Y", "1").replace("Z", "2")
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == value[-1]


def _form(kind: ValueKind, pattern: str, holds: Callable[[str], bool] = _any, *, after: str = "") -> _Form:
    """A form that stands alone; `after`: only behind one of these words."""
    before = (
        rf"(?i:\b(?:{after})[\w-]*)[ .:=#'\"]{{0,4}}(?i:(?:no|nr|num|number|nummer)\b[ .:=#]{{0,3}})?" if after else ""
    )
    return _Form(kind, re.compile(rf"{before}(?<![\w@])(?P<value>{pattern})(?![\w@])", re.ASCII), holds)


_LOCAL = r'(?:[\w.+-]{1,64}|(?<![\w"])"[^"@\r\n]{1,62}")'
_SSN = r"(?!000|666|9\d\d)\d{3}(?P<s>[ -]?)(?!00)\d{2}(?P=s)(?!0000)\d{4}"


@cache
def _forms() -> tuple[_Form, ...]:
    """Compiled when the first text asks for them: most processes never meet one."""
    return (
        _Form(ValueKind.EMAIL, re.compile(rf"(?P<value>{_LOCAL}{_AT}[^\W_][\w-]{{0,62}}(?:\.[\w-]{{1,63}})+)"), _any),
        _Form(
            ValueKind.PHONE,
            re.compile(r"(?<![\w+])(?P<value>\+[1-9]\d{0,3}(?:[ ./-]{0,2}\(?\d{1,12}\)?){1,7})(?![\w@])", re.ASCII),
            _is_phone,
        ),
        _form(
            ValueKind.PHONE,
            r"\(?0\d(?:[ /().-]{0,2}\d){5,13}",
            after="tel|telefon|telephone|phone|fax|mobil|mobile|handy|call|cell",
        ),
        _form(ValueKind.IBAN, r"[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?", _is_iban),
        _form(
            ValueKind.CARD,
            r"\d{14,19}|\d{4}(?P<a>[ -])\d{4}(?P=a)\d{4}(?P=a)\d{4}|\d{4}(?P<b>[ -])\d{6}(?P=b)\d{4,5}",
            _is_card,
        ),
        _form(ValueKind.NATIONAL_ID, _SSN, after="ssn|social security|sozialversicherung"),  # United States
        _form(ValueKind.NATIONAL_ID, r"756\.\d{4}\.\d{4}\.\d{2}", _is_ahv),
        _form(ValueKind.NATIONAL_ID, r"[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]", _is_codice_fiscale),
        _form(ValueKind.NATIONAL_ID, r"\d{2}[0-8]\d[01]\d{3}[A-Z]\d{3}", _is_pension_number),
        _form(ValueKind.NATIONAL_ID, r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}", _is_nir),
        _form(ValueKind.NATIONAL_ID, r"\d{3}\.\d{3}\.\d{3}-\d{2}", _is_cpf),
        _form(ValueKind.NATIONAL_ID, r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", _is_belgian),
        _form(ValueKind.NATIONAL_ID, r"\d{11}", _is_tax_id, after="steuer|idnr|steueridentifikations|tin|tax"),
        _form(ValueKind.NATIONAL_ID, r"\d{11}", _is_pesel, after="pesel"),
        _form(ValueKind.NATIONAL_ID, r"\d{9}", _is_bsn, after="bsn|burgerservice|sofi"),
        _form(ValueKind.NATIONAL_ID, r"[XYZ]?\d{7,8}-?[A-Z]", _is_dni, after="dni|nie|nif"),
        _form(ValueKind.NATIONAL_ID, r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", after="nino|ni|national insurance"),
        _form(
            ValueKind.NATIONAL_ID, r"[A-Z0-9]{8,9}", lambda value: len(_digits(value)) > 4, after="passport|reisepass"
        ),
    )
