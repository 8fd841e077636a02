"""What is asked of the search, and the reason for which a text answers it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from spheresync.mapping.search.fields import Field, SearchedText
from spheresync.mapping.search.folding import LONGEST, as_one_word, asked_words, fold, spellings, words_of

MOST_WORDS = 12
"""Words of a question that count; whoever pastes a page means its beginning."""
MOST_REASONS = 3
_PLACE = {field: place for place, field in enumerate(Field)}


@dataclass(frozen=True, slots=True)
class Question:
    """A text that somebody looks for. Every text is one: nothing in it is an operator but `*` and `?`, as in globs."""

    text: str
    wholes: tuple[str, ...]
    words: tuple[tuple[tuple[str, ...], ...], ...]
    glob: str | None = None

    @classmethod
    def of(cls, text: str) -> Question:
        given = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").strip()[:LONGEST]
        folded = fold(given)
        return cls(
            text=folded,
            wholes=tuple(as_one_word(each) for each in spellings(given)),
            words=asked_words(given)[:MOST_WORDS],
            glob=folded if is_glob(folded) else None,
        )


def is_glob(text: str) -> bool:
    """Whether a text has wildcards, and something besides; the mark at the end of a whole question is none."""
    asked = text.rstrip("? ") if " " in text.strip() else text
    return ("*" in asked or "?" in asked) and asked.strip("*?") != ""


@lru_cache(maxsize=256)
def glob_pattern(folded: str) -> re.Pattern[str]:
    """What a folded glob admits: `*` any characters, `?` one, the rest is itself."""
    spelled = "".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in re.sub(r"\*+", "*", folded))
    return re.compile(spelled, re.DOTALL)


def names_matched(pattern: str, names: Iterable[str]) -> list[str]:
    """Those of the names that are this one, or that this glob admits, in any spelling."""
    wanted = spellings(pattern)
    if is_glob(fold(pattern)):
        globs = [glob_pattern(each) for each in wanted]
        return [name for name in names if any(g.fullmatch(each) for g in globs for each in spellings(name))]
    return [name for name in names if not set(wanted).isdisjoint(spellings(name))]


def has_words(asked: str, text: str) -> bool:
    """Whether a text has each word that is asked for, the last one as a beginning where `*` ends it."""
    words = words_of(text)
    *whole, last = words_of(asked) or ("",)
    begun = any(word.startswith(last) for word in words) if asked.strip().endswith("*") else last in words
    return begun and set(whole) <= set(words)


def reasons(question: Question, texts: Sequence[SearchedText]) -> list[SearchedText]:
    """The texts for which an asset answers a question, the best first; few, and together all of its words."""
    found = []
    for place, each in enumerate(texts):
        hit = _hits(question, each)
        if hit:
            whole = fold(each.text) == question.text
            found.append((-len(hit), _PLACE[each.field], not whole, place, hit, each))
    found.sort(key=lambda entry: entry[:4])
    chosen: list[SearchedText] = []
    covered: set[int] = set()
    said: set[str] = set()
    for *_, hit, each in found:
        if fold(each.text) not in said and (not hit <= covered or len(hit) == len(question.words)):
            chosen.append(each)
            covered |= hit
            said.add(fold(each.text))
        if len(chosen) == MOST_REASONS:
            break
    return chosen


def _hits(question: Question, searched: SearchedText) -> set[int]:
    """The words of a question that a text has, by their numbers; -1 stands for the question as a whole."""
    if question.glob is not None:
        if searched.field in {Field.NAME, Field.COLUMN}:
            pattern = glob_pattern(question.glob)
            return {-1} if any(pattern.fullmatch(each) for each in spellings(searched.text)) else set()
        return set()
    begun = _begun(searched.text)
    hit = {number for number, alternatives in enumerate(question.words) if _has(alternatives, begun)}
    if not hit and searched.field in {Field.NAME, Field.LABEL} and question.text in fold(searched.text):
        return {-1}
    return hit


@lru_cache(maxsize=1 << 15)
def _begun(text: str) -> str:
    """The words of a text, each behind the end of a line, which is no part of any word."""
    return "\n" + "\n".join(words_of(text))


def _has(alternatives: Iterable[Iterable[str]], begun: str) -> bool:
    """Whether, of one of the alternatives, words begin with each part."""
    for parts in alternatives:
        for part in parts:
            if f"\n{part}" not in begun:
                break
        else:
            return True
    return False
