"""The words that tell personal data, and SAP's field names, as the data files hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from spheresync.mapping.personal_data.tokens import split_words, tokens_of
from spheresync.model import PersonalDataClass
from spheresync.model.json_document import read_json


@dataclass(slots=True)
class Meaning:
    """What a phrase says. A class each for the phrase alone, beside a word for people, beside one for a party."""

    sufficient: PersonalDataClass | None = None
    of_people: PersonalDataClass | None = None
    of_parties: PersonalDataClass | None = None
    alone: PersonalDataClass | None = None  # where the text holds nothing else, among other columns of people
    whole: PersonalDataClass | None = None  # where the text holds nothing else, whatever stands beside
    by_kind: PersonalDataClass | None = None  # beside a word for a kind or a reason
    people: bool = False  # it names natural persons
    party: bool = False  # it names customers or suppliers, which may be companies
    kind: bool = False  # it asks of which kind something is, or why
    state: bool = False  # it asks whether, or how much
    vetoes: bool = False  # the text is about something else


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Phrases of normalised words, the longest of so many words; and words that may stand between them."""

    phrases: Mapping[str, Meaning]
    longest: int
    stop_words: frozenset[str]
    neutral: frozenset[str]
    numbers: frozenset[str]  # words for what tells one from the other
    parts: frozenset[str]  # words that compounds are made of


@dataclass(frozen=True, slots=True)
class Dictionary:
    """SAP's field names, in capitals; None where a name is known to hold no personal data.

    `beside_people`: fields that identify a person where the same asset names one.
    """

    fields: Mapping[str, PersonalDataClass | None]
    beside_people: frozenset[str]
    table: re.Pattern[str]  # a table's name before that of a field

    def find(self, name: str) -> str | None:
        """The field that a column's name stands for: itself, or what follows a table, a namespace or a `Z`."""
        upper = name.upper()
        if upper in self.fields or upper in self.beside_people:
            return upper
        before = self.table.match(upper)
        if before is None:
            return None
        rest = upper[before.end() :]
        return rest if rest in self.fields or rest in self.beside_people else None


@cache
def vocabulary() -> Vocabulary:
    """Loaded once in a process."""
    data = read_data("vocabulary.json")
    phrases: dict[str, Meaning] = {}
    stop_words = frozenset(data["stop_words"])

    def meaning(phrase: str) -> Meaning:
        words = [word for word in tokens_of(phrase) if word not in stop_words]
        return phrases.setdefault(" ".join(words), Meaning())

    for phrase in data["people"]:
        meaning(phrase).people = True
    for phrase in data["parties"]:
        meaning(phrase).party = True
    for phrase in (*data["not_personal"], *data["impersonal"]):
        meaning(phrase).vetoes = True
    for phrase in data["kinds"]:
        meaning(phrase).kind = True
    for phrase in data["states"]:
        meaning(phrase).state = True
    for name, lists in data["classes"].items():
        for role, listed in lists.items():
            for phrase in listed:
                setattr(meaning(phrase), role, PersonalDataClass(name))
    words = {word for phrase in phrases for word in phrase.split()}
    parts = frozenset(word for word in (words | {*data["neutral"], *data["compound_parts"]}) if len(word) > 2)
    longest = max(phrase.count(" ") for phrase in phrases) + 1
    neutral, numbers = frozenset(data["neutral"]), frozenset(data["numbers"])
    return Vocabulary(phrases, longest, stop_words, neutral, numbers, parts)


@cache
def dictionary() -> Dictionary:
    """Loaded once in a process."""
    data = read_data("dictionary.json")
    fields: dict[str, PersonalDataClass | None] = {}
    for name, listed in data["fields"].items():
        fields.update(dict.fromkeys(listed, None if name == "none" else PersonalDataClass(name)))
    tables = "|".join(data["tables"])
    prefix = re.compile(rf"(?:(?:{tables})[_~.-]+|/[A-Z0-9]+/Z?|Z_?|[CI]_)")
    return Dictionary(fields, frozenset(data["beside_people"]), prefix)


def read_data(name: str) -> dict[str, Any]:
    """A data file of this package."""
    text = (files("spheresync.mapping.personal_data") / "data" / name).read_text("utf-8")
    data: dict[str, Any] = read_json(text)
    return data


def words_of(tokens: Sequence[str]) -> list[str]:
    """The words of a name or label as phrases spell them: folded, compounds split, without stop words."""
    stop_words = vocabulary().stop_words
    return [word for token in tokens if token not in stop_words for word in _words_of(token)]


@lru_cache(maxsize=65_536)
def _words_of(token: str) -> tuple[str, ...]:
    known = vocabulary()
    return split_words(token, known.phrases, known.parts)
