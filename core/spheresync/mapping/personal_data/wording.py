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
    WHOLE = 2  # a word that is the whole text: `mail`
    BESIDE_PEOPLE = 3  # the class follows from a word for people beside it
    SUFFICIENT = 4


@dataclass(frozen=True, slots=True)
class TextMeaning:
    """What a text says; `personal_class` None: that it is about something else.

    `of_kind`: of which kind something about a person is, and not the thing itself; `names_a_kind`: only that it is one.
    """

    personal_class: PersonalDataClass | None
    strength: Strength
    phrase: str
    of_kind: bool = False
    names_a_kind: bool = False


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
    of_kind = _class_by_kind(found, said)
    if of_kind is not None:
        return of_kind
    veto = next((phrase for phrase, meaning in found if meaning.vetoes), None)
    if veto is not None:
        names_a_kind = all(meaning.kind for _, meaning in found)
        return TextMeaning(None, Strength.SUFFICIENT, veto, names_a_kind=names_a_kind)
    return said


def _class_by_kind(found: Sequence[tuple[str, Meaning]], said: TextMeaning | None) -> TextMeaning | None:
    """What tells of which kind, and why, a person was absent or ill: that is of health, though a mere kind is not.

    Only among other columns of people: a list of the kinds that there are tells of nobody.
    """
    asked = [meaning for _, meaning in found if meaning.kind or meaning.state]
    if not asked or any(meaning.vetoes and meaning not in asked for _, meaning in found):
        return None
    for phrase, meaning in found:
        if meaning.by_kind is not None and any(each.kind for each in asked):
            return TextMeaning(meaning.by_kind, Strength.ALONE, phrase, of_kind=True)
    if said is not None and said.personal_class is PersonalDataClass.HEALTH and said.strength is Strength.SUFFICIENT:
        return TextMeaning(said.personal_class, Strength.ALONE, said.phrase, of_kind=True)
    return None


def classes_named(text: str) -> frozenset[PersonalDataClass]:
    """The classes of which a text names something, as a question does: `salary`, `health`, `absence`."""
    words = words_of(tuple(tokens_of(text)))
    said = meaning_of_text(text)
    if said is not None and said.personal_class is not None and said.strength >= Strength.BESIDE_PEOPLE:
        return frozenset({said.personal_class})
    of_kinds = {meaning.by_kind for _, meaning in _phrases(words) if meaning.by_kind is not None}
    return frozenset(of_kinds | {each for each in PersonalDataClass if [str(each)] == words})


@lru_cache(maxsize=65_536)
def party_named(text: str) -> str | None:
    """The customer, supplier or partner whom a text names, by a number or not; None where it says anything else."""
    known = vocabulary()
    words = words_of(tuple(tokens_of(text)))
    found = list(_phrases(words))
    parties = [phrase for phrase, meaning in found if meaning.party]
    if not parties:
        return None
    said = {word for phrase in parties for word in phrase.split()}
    return parties[0] if said.union(known.neutral, known.numbers).issuperset(words) else None


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
        alone = meaning.whole or meaning.alone
        if alone is not None and " ".join(word for word in words if word not in neutral) == phrase:
            return TextMeaning(alone, Strength.WHOLE if meaning.whole else Strength.ALONE, phrase)
    return None
