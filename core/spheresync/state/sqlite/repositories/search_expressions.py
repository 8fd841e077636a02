"""Expressions of FTS5, put together from finished words only: no character of a question is ever an operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from spheresync.mapping.search.fields import Mark
from spheresync.mapping.search.folding import as_one_word
from spheresync.mapping.search.question import Question

Longer = Mapping[str, "Sequence[str] | None"]
"""The words of the index that begin as a word of the question does, None where there are too many to name."""
_IN_NAME = (Mark.NAME,)
_IN_LABEL = (Mark.NAME, Mark.LABEL)
_IN_TERM = (*_IN_LABEL, Mark.TERM)
_IN_COLUMN = (*_IN_TERM, Mark.COLUMN)
_IN_COLUMN_LABEL = (*_IN_COLUMN, Mark.COLUMN_LABEL)
_ANYWHERE = ("",)


@dataclass(frozen=True, slots=True)
class Rank:
    """One step of the ranking: what stands on it, and the steps before it that are to be taken out.

    `part_of` finds what several steps hold together, so that where it finds nothing none of them is asked.
    """

    match: str
    before: tuple[str, ...] = ()
    part_of: str | None = None

    @property
    def expression(self) -> str:
        return f"({self.match}) NOT ({any_of(self.before)})" if self.before else self.match


def quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def any_of(expressions: Iterable[str]) -> str:
    return " OR ".join(f"({each})" for each in expressions)


def all_of(expressions: Iterable[str]) -> str:
    return " AND ".join(f"({each})" for each in expressions)


def one_of_words(mark: str, words: Iterable[str]) -> str:
    return " OR ".join(quoted(mark + word) for word in words)


def beginning_with(mark: str, word: str) -> str:
    return f"{quoted(mark + word)} *"


def _exactly(question: Question, marks: Sequence[str]) -> str:
    """Every word of the question, as whole words, in one of these places."""
    return _each_word(question, lambda part: " OR ".join(quoted(mark + part) for mark in marks))


def _beginning(question: Question, longer: Longer, marks: Sequence[str]) -> str:
    """Every word of the question, as whole words or their beginnings, in one of these places."""

    def begun(part: str) -> str:
        words = longer.get(part)
        if words is None:
            return " OR ".join(beginning_with(mark, part) for mark in marks)
        return " OR ".join(one_of_words(mark, words or [part]) for mark in marks)

    return _each_word(question, begun)


def _each_word(question: Question, spelled: Callable[[str], str]) -> str:
    return all_of(any_of(all_of(map(spelled, parts)) for parts in alternatives) for alternatives in question.words)


def ranks(question: Question, longer: Longer) -> list[Rank]:
    """The steps of the ranking: each holds what the ones before it do not, and together all that is found."""
    name_is, column_is = is_name(question), is_column(question)
    in_name_exactly, in_name = _exactly(question, _IN_NAME), _beginning(question, longer, _IN_NAME)
    in_label_exactly, in_label = _exactly(question, _IN_LABEL), _beginning(question, longer, _IN_LABEL)
    in_term = _beginning(question, longer, _IN_TERM)
    in_column = _beginning(question, longer, _IN_COLUMN)
    in_column_label = _beginning(question, longer, _IN_COLUMN_LABEL)
    anywhere = _beginning(question, longer, _ANYWHERE)
    return [
        Rank(name_is),
        Rank(in_name_exactly, (name_is,), in_term),
        Rank(in_name, (name_is, in_name_exactly), in_term),
        Rank(in_label_exactly, (name_is, in_name), in_term),
        Rank(in_label, (name_is, in_name, in_label_exactly), in_term),
        Rank(in_term, (name_is, in_label), in_term),
        Rank(column_is, (name_is, in_term)),
        Rank(in_column, (name_is, in_term, column_is)),
        Rank(in_column_label, (name_is, in_column, column_is)),
        Rank(anywhere, (name_is, in_column_label, column_is)),
    ]


def is_name(question: Question) -> str:
    return one_of_words(Mark.WHOLE_NAME, question.wholes)


def is_column(question: Question) -> str:
    return one_of_words(Mark.WHOLE_COLUMN, question.wholes)


def everything(question: Question, longer: Longer) -> str:
    """What is found on any step."""
    return any_of([_beginning(question, longer, _ANYWHERE), is_name(question), is_column(question)])


def glob_over_words(folded: str) -> str:
    """A folded glob as SQLite's GLOB takes it over names that are written as one word."""
    return "".join(char if char in "*?" else as_one_word(char) for char in folded)


def glob_over_text(folded: str) -> str:
    """A folded glob as SQLite's GLOB takes it over texts as they are."""
    return folded.replace("[", "[[]")
