"""What may be meant by a question that little or nothing answers: other forms of its words, fewer words, a term."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest

from spheresync.config.context import ContextTerm
from spheresync.mapping.personal_data import classes_named
from spheresync.mapping.search.folding import words_of
from spheresync.mapping.search.question import Question
from spheresync.mapping.search.synonyms import synonyms_nearly, synonyms_of
from spheresync.model import AssetId, counted
from spheresync.state.port import Store
from spheresync.state.records import AssetFilter, AssetHits, AssetPlace

FEW = 3
"""Hits from which on nobody is told of other words."""
NEAR = 5
_MOST_WORDS = 8
_MOST_TERMS = 3
_ENDINGS = ("s", "n", "e", "es", "en", "er", "ern", "nen")
_SHORTEST_STEM = 4
_SHORT = 5
"""Letters of words that a second slip makes another word: `sick` is no `stock`."""
_LIKE = 0.84
_ASKING = frozenset(
    words_of(
        """
        a an the of in on at to for with by per and or is are was were be do does did we our us you your my i it its
        they their all any each every which what where who whose when how many much there that this these those
        have has had hold holds contain contains containing find show list give me tell about data table tables
        asset assets column columns der die das des dem den ein eine eines einer in im am an auf von vom zu zum
        zur fuer mit bei nach je pro und oder ist sind war hat haben wir unser unsere unseren uns ihr ihre es sie alle
        jede jeder welche welcher welches was wo wer wessen wann wie viele gibt liegt liegen steht stehen enthaelt
        enthalten zeige finde daten tabelle tabellen spalte spalten
        """
    )
)
"""Words of whole questions, which hardly any name or label is about."""


Forms = tuple[tuple[str, ...], ...]
"""What stands for one word of a question: of each form the words that must all be there."""


@dataclass(frozen=True, slots=True)
class Near:
    """Questions that something answers, what they find, and the words of the other that nothing has.

    `places` are assets with the most of the words, of as many words some for each; `question` has all that was meant.
    """

    meant: str
    question: Question
    places: tuple[AssetPlace, ...]
    lost: tuple[str, ...] = ()
    apart: bool = False


async def nearly(store: Store, question: Question, among: AssetFilter) -> Near | None:
    """The nearest questions with an answer to one that has none; None where no word of it is near any."""
    asked = [alternatives[0][0] for alternatives in question.words]
    told = [word for word in dict.fromkeys(asked) if word not in _ASKING][:_MOST_WORDS]
    spelled = dict(zip(asked, question.words, strict=True))
    forms = {word: found for word in told if (found := await _there(store, spelled[word], among))}
    search = _NearSearch(store, among, forms)
    together = await search.together()
    if not together:
        return None
    texts = [await search.text_of(words) for words in together]
    if texts == [" ".join(asked)]:
        return None
    meant = texts[0] if len(texts) == 1 else " or ".join(f"'{text}'" for text in texts)
    whole = replace(Question.of(meant), words=tuple(forms.values()))
    lost = tuple(word for word in told if word not in forms)
    return Near(meant, whole, await search.places(together), lost, apart=len(together) > 1)


class _NearSearch:
    """Looks for the assets that have the most of some words, each in any of its forms."""

    def __init__(self, store: Store, among: AssetFilter, forms: Mapping[str, Forms]) -> None:
        self._store = store
        self._among = among
        self._forms = forms

    async def together(self) -> list[list[str]]:
        """Words that assets have together, so that each word is somewhere; the most of them first."""
        longest_first = sorted(self._forms, key=len, reverse=True)  # the longest says most
        found: list[list[str]] = []
        for seed in longest_first:
            if any(seed in words for words in found):
                continue
            kept = [seed]
            for word in longest_first:
                if word not in kept and await self._find([self._forms[each] for each in (*kept, word)]):
                    kept.append(word)
            found.append([word for word in self._forms if word in kept])
        return sorted(found, key=len, reverse=True)

    async def text_of(self, words: Sequence[str]) -> str:
        """The words as a question that finds something: each in the first of its forms that does."""
        chosen: list[Forms] = []
        for word in words:
            alone: list[Forms] = [(form,) for form in self._forms[word]]
            for form in alone:
                if form is alone[-1] or await self._find([*chosen, form]):
                    chosen.append(form)
                    break
        return " ".join(part for forms in chosen for part in forms[0])

    async def places(self, together: Sequence[Sequence[str]]) -> tuple[AssetPlace, ...]:
        """The best places; where different words find as many words each, in turns."""
        found: dict[AssetId, AssetPlace] = {}
        for _, alike in groupby(together, key=len):
            lists = [await self._find([self._forms[word] for word in words], limit=NEAR) for words in alike]
            for turn in zip_longest(*lists):
                for place in turn:
                    if place is not None:
                        found.setdefault(place.asset, place)
        return tuple(found.values())[:NEAR]

    async def _find(self, words: Sequence[Forms], *, limit: int = 1) -> tuple[AssetPlace, ...]:
        return await _places(self._store, words, self._among, limit=limit)


async def broader(store: Store, question: Question, among: AssetFilter, total: int) -> str:
    """A note that other forms of the words find more; empty where they do not."""
    words = [alternatives[0][0] for alternatives in question.words]
    for number, word in enumerate(words):
        stems = stems_of(word)
        for other in other_words(word):
            text = " ".join([*words[:number], other, *words[number + 1 :]])
            hits = await _found(store, text, among, limit=1)
            if hits is not None and hits.total > total:
                why = ": words are found by their beginnings" if other in stems else f": another word for {word!r}"
                return f"query={text!r} finds {counted(hits.total, 'asset')}{why}."
    return ""


async def terms_meant(
    store: Store, question: Question, among: AssetFilter, terms: Mapping[str, ContextTerm]
) -> list[str]:
    """Notes on business terms that a question names or nearly names, where they find what its words do not."""
    asked = {each for alternatives in question.words for each in (alternatives[0][0], *stems_of(alternatives[0][0]))}
    notes = []
    for name, term in terms.items():
        texts = [text for text in (name, *term.synonyms) if _is_near(asked, text)]
        if not texts:
            continue
        having = replace(among, term=name)
        of_term = (await store.search.listed(having, limit=1)).total
        if of_term > (await store.search.find(question, having, limit=1)).total:
            also = "" if texts[0] == name else f" (synonym {texts[0]!r})"
            notes.append(f"Business term {name!r}{also} is that of {counted(of_term, 'asset')}: see term={name!r}.")
        if len(notes) == _MOST_TERMS:
            break
    return notes


async def personal_data_meant(store: Store, question: Question, among: AssetFilter) -> list[str]:
    """Notes on classes of personal data of which a question names something, where assets hold them."""
    words = [alternatives[0][0] for alternatives in question.words][:_MOST_WORDS]
    forms = [question.text, *(form for word in words for form in (word, *stems_of(word)))]
    notes = []
    for each in dict.fromkeys(found for form in forms for found in sorted(classes_named(form))):
        counts = await store.search.counts(replace(among, pii=each), None)
        if number := sum(count.count for count in counts):
            notes.append(f"That names personal data: pii={each} lists {counted(number, 'asset')} with such columns.")
    return notes


def stems_of(word: str) -> list[str]:
    """A word without an ending of a plural or of a case, the longest first."""
    found = [word.removesuffix(end) for end in _ENDINGS if word.endswith(end)]
    if word.endswith("ies"):
        found.append(f"{word[:-3]}y")
    return sorted({each for each in found if len(each) >= _SHORTEST_STEM}, key=len, reverse=True)


def _is_near(asked: set[str], text: str) -> bool:
    """Whether a word of a term is one that is asked for, in another form or spelled nearly so."""
    words = [word for word in words_of(text) if len(word) >= _SHORTEST_STEM]
    return any(difflib.get_close_matches(word, asked, n=1, cutoff=_LIKE) for word in words)


def is_one_slip(word: str, other: str) -> bool:
    """Whether one letter more, less or another, or two in the wrong order, makes one word of the other."""
    if word == other:
        return False
    same = next((at for at, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    here, there = word[same:], other[same:]
    swapped = here[:2] == there[:2][::-1] and here[2:] == there[2:]
    return swapped or here[1:] == there[1:] or here[1:] == there or here == there[1:]


async def _there(store: Store, word: Forms, among: AssetFilter) -> Forms:
    """What is there of a word in other forms and other words for it, or else of the nearest that is spelled like it."""
    plain = word[0][0]
    like = [each for each in await store.search.similar(plain) if len(plain) > _SHORT or is_one_slip(plain, each)]
    spelled = [_single([each, *other_words(each)]) for each in like]
    for each in ([*word, *_single(other_words(plain))], *spelled, _single(synonyms_nearly(plain))):
        forms = tuple(dict.fromkeys(each))
        if forms and await _places(store, [forms], among, limit=1):
            return forms
    return ()


def other_words(word: str) -> list[str]:
    """Other forms of a word, and other words for it."""
    stems = stems_of(word)
    return [*stems, *(each for form in (word, *stems) for each in synonyms_of(form))]


def _single(words: Iterable[str]) -> list[tuple[str, ...]]:
    return [(each,) for each in words]


async def _places(store: Store, words: Sequence[Forms], among: AssetFilter, *, limit: int) -> tuple[AssetPlace, ...]:
    text = " ".join(part for forms in words for part in forms[0])
    return (await store.search.find(replace(Question.of(text), words=tuple(words)), among, limit=limit)).places


async def _found(store: Store, text: str, among: AssetFilter, *, limit: int) -> AssetHits | None:
    hits = await store.search.find(Question.of(text), among, limit=limit)
    return hits if hits.total else None
