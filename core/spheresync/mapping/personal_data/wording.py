"""What the words of one text, a name or a label, say of personal data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from spheresync.mapping.personal_data.tokens import tokens_of
from spheresync.mapping.personal_data.vocabulary import Meaning, vocabulary, words_of
from spheresync.model import PersonalDataClass


class Strength(IntEnum):
    """How much a text says."""

    ALONE = 0  # a word that says something only among other columns of people: `name`, `city`
    ABOUT_PEOPLE = 1  # a word for people stands alone, which the word itself makes a class
    BESIDE_PEOPLE = 2  # the class follows from a word for people beside it
    SUFFICIENT = 3


@dataclass(frozen=True, slots=True)
class TextMeaning:
    """What a text says; `personal_class` None: that it is about something else."""

    personal_class: PersonalDataClass | None
    strength: Strength
    phrase: str


@lru_cache(maxsize=65_536)
def meaning_of_text(text: str) -> TextMeaning | None:
    """What a name or label says, None where it holds no word that tells anything."""
    return _said_by(tuple(tokens_of(text)))


@lru_cache(maxsize=65_536)
def _said_by(tokens: tuple[str, ...]) -> TextMeaning | None:
    words = words_of(tokens)
    found = list(_phrases(words))
    if not found:
        return None
    said = _class_of(words, found)
    veto = next((phrase for phrase, meaning in found if meaning.vetoes), None)
    if veto is not None:
        return TextMeaning(None, Strength.SUFFICIENT, veto)
    return said


def _phrases(words: Sequence[str]) -> Iterator[tuple[str, Meaning]]:
    """The phrases of a text from left to right, the longest first, none twice."""
    known = vocabulary()
    at = 0
    while at < len(words):
        for length in range(min(known.longest, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            meaning = known.phrases.get(phrase)
            if meaning is not None:
                yield phrase, meaning
                at += length
                break
        else:
            at += 1


def _class_of(words: Sequence[str], found: Sequence[tuple[str, Meaning]]) -> TextMeaning | None:
    people = any(meaning.people for _, meaning in found)
    party = any(meaning.party for _, meaning in found)
    strong = [(p, m.sufficient) for p, m in found if m.sufficient is not None and not m.people]
    if strong:
        phrase, personal_class = max(strong, key=lambda each: each[0].count(" "))
        return TextMeaning(personal_class, Strength.SUFFICIENT, phrase)
    for phrase, meaning in found:
        beside = (meaning.of_people if people else None) or (meaning.of_parties if party else None)
        if beside is not None:
            return TextMeaning(beside, Strength.BESIDE_PEOPLE, phrase)
    for phrase, meaning in found:
        if meaning.sufficient is not None:
            return TextMeaning(meaning.sufficient, Strength.ABOUT_PEOPLE, phrase)
    neutral = vocabulary().neutral
    for phrase, meaning in found:
        if meaning.alone is not None and " ".join(word for word in words if word not in neutral) == phrase:
            return TextMeaning(meaning.alone, Strength.ALONE, phrase)
    return None
