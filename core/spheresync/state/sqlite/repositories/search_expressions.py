"""Expressions of FTS5, put together from finished words only: no character of a question is ever an operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spheresync.mapping.search.folding import as_one_word
from spheresync.mapping.search.question import Question

INDEXED = ("name_whole", "name", "label", "term", "column_whole", "column_name", "column_label", "description", "owner")


@dataclass(frozen=True, slots=True)
class Rank:
    """One step of the ranking: what stands on it, and the steps before it that are to be taken out."""

    match: str
    before: tuple[str, ...] = ()

    @property
    def expression(self) -> str:
        return f"({self.match}) NOT ({any_of(self.before)})" if self.before else self.match


def quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def any_of(expressions: Iterable[str]) -> str:
    return " OR ".join(f"({each})" for each in expressions)


def all_of(expressions: Iterable[str]) -> str:
    return " AND ".join(f"({each})" for each in expressions)


def within(columns: str, expression: str) -> str:
    return f"{{{columns}}} : ({expression})"


def exactly(question: Question) -> str:
    """Every word of the question, as whole words."""
    return all_of(
        any_of(" AND ".join(quoted(part) for part in parts) for parts in alternatives)
        for alternatives in question.words
    )


def beginning(question: Question, longer: Mapping[str, Sequence[str] | None]) -> str:
    """Every word of the question, as whole words or their beginnings.

    `longer` has the words of the index that begin so, None where there are too many to name.
    """
    return all_of(
        any_of(" AND ".join(_begun(part, longer.get(part)) for part in parts) for parts in alternatives)
        for alternatives in question.words
    )


def _begun(part: str, longer: Sequence[str] | None) -> str:
    if longer is None:
        return f"{quoted(part)} *"
    return f"({' OR '.join(quoted(word) for word in longer or [part])})"


def ranks(question: Question, longer: Mapping[str, Sequence[str] | None]) -> list[Rank]:
    """The steps of the ranking: each holds what the ones before it do not, and together all that is found."""
    exact, begun = exactly(question), beginning(question, longer)
    whole = any_of(map(quoted, question.wholes))
    name_is = within("name_whole", whole)
    in_name_exactly, in_name = within("name", exact), within("name", begun)
    in_label_exactly, in_label = within("name label", exact), within("name label", begun)
    in_term = within("name label term", begun)
    column_is = within("column_whole", whole)
    in_column = within("name label term column_name", begun)
    in_column_label = within("name label term column_name column_label", begun)
    return [
        Rank(name_is),
        Rank(in_name_exactly, (name_is,)),
        Rank(in_name, (name_is, in_name_exactly)),
        Rank(in_label_exactly, (name_is, in_name)),
        Rank(in_label, (name_is, in_name, in_label_exactly)),
        Rank(in_term, (name_is, in_label)),
        Rank(column_is, (name_is, in_term)),
        Rank(in_column, (name_is, in_term, column_is)),
        Rank(in_column_label, (name_is, in_column, column_is)),
        Rank(begun, (name_is, in_column_label, column_is)),
    ]


def everything(question: Question, longer: Mapping[str, Sequence[str] | None]) -> str:
    """What is found on any step. Without a filter of columns where that changes nothing: it is quicker by far."""
    begun = beginning(question, longer)
    whole = any_of(map(quoted, question.wholes))
    return any_of([begun, within("name_whole column_whole", whole)]) if begun else ""


def glob_over_words(folded: str) -> str:
    """A folded glob as SQLite's GLOB takes it over names that are written as one word."""
    return "".join(char if char in "*?" else as_one_word(char) for char in folded)


def glob_over_text(folded: str) -> str:
    """A folded glob as SQLite's GLOB takes it over texts as they are."""
    return folded.replace("[", "[[]")
