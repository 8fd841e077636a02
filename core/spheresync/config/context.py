"""Context files: what people say of assets and columns besides Datasphere, and the words of their business.

One file is a `ContextFile`. `BusinessContext` is all of them together, each thing with the place where it stands.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from spheresync.config.context_patterns import ContextPatterns
from spheresync.config.rules import ColumnMatch, RuleMatch, Tags, one_or_many
from spheresync.config.sections import Section
from spheresync.model import Digest, JsonValue, PersonalDataClass, counted, digest_json

_LONGEST_LINE = 256
_LONGEST_DEFINITION = 4_000
_MOST_TERMS = 100
_RETENTION = re.compile(r"[1-9]\d{0,3} ?[dwmy]", re.ASCII)
NOT_PERSONAL: Final = "none"
"""The steward's word for a column that holds no personal data, whatever was found."""
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def _without_variables(text: str) -> str:
    if _VARIABLE.search(text):
        raise ValueError("holds ${…}, which is filled in in the configuration file only; write the text itself")
    return text


def _line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a line break or another character that no line of text has; write it in one line")
    if len(text) > _LONGEST_LINE:
        raise ValueError(f"is longer than {_LONGEST_LINE} characters; shorten it")
    return _without_variables(text)


def _definition(text: str) -> str:
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("holds a character that no text has; remove it")
    if len(text) > _LONGEST_DEFINITION:
        raise ValueError(f"is longer than {_LONGEST_DEFINITION} characters; shorten it")
    return _without_variables(text)


def _retention(text: str) -> str:
    if text and not _RETENTION.fullmatch(text):
        raise ValueError("must be a whole number of days, weeks, months or years, such as 90d, 26w, 18m or 7y")
    return text.replace(" ", "")


def _name(text: str) -> str:
    if not text:
        raise ValueError("must not be empty; name the term")
    return text


def _personal_data(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("is read as true or false, as YAML reads yes and no; write none for no personal data")
    known = {**{each.value: each for each in PersonalDataClass}, NOT_PERSONAL: NOT_PERSONAL}
    if isinstance(value, str) and value in known:
        return known[value]
    near = difflib.get_close_matches(value.casefold(), known, n=1) if isinstance(value, str) else []
    fix = f"did you mean {near[0]}?" if near else "use one of them"
    raise ValueError(f"is none of {', '.join(known)}; {fix}")


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > _MOST_TERMS:
        raise ValueError(f"holds {counted(len(names), 'term')}, {_MOST_TERMS} at most; name the wider ones")
    return tuple(dict.fromkeys(names))


def _lines(tags: dict[str, str]) -> dict[str, str]:
    for name, text in tags.items():
        try:
            _line(text)
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
    return tags


PersonalDataWord: TypeAlias = Annotated[PersonalDataClass | Literal["none"], BeforeValidator(_personal_data)]
Line: TypeAlias = Annotated[str, AfterValidator(_line)]
TermName: TypeAlias = Annotated[Line, AfterValidator(_name)]
TermNames: TypeAlias = Annotated[tuple[TermName, ...], BeforeValidator(one_or_many), AfterValidator(_each_once)]


class ContextSection(Section):
    """Base of what a context file holds: a key without a value is a mistake, since an empty text says something."""

    @field_validator("*", mode="before")
    @classmethod
    def _has_a_value(cls, value: object) -> object:
        if value is None:
            raise ValueError("has no value; give one or remove the key")
        return value


class ContextSet(ContextSection):
    """What is said of an asset; a later entry wins, key by key, and an empty text takes back what was said before."""

    owner: Line | None = None
    steward: Line | None = None
    domain: Line | None = None
    certification: Line | None = None
    sensitivity: Line | None = None
    retention: Annotated[Line, AfterValidator(_retention)] | None = None
    tags: Annotated[Tags, AfterValidator(_lines)] | None = None
    terms: TermNames | None = None


class ContextColumnSet(ContextSection):
    """What is said of a column; `personal_data: none` overrules whatever was found."""

    personal_data: PersonalDataWord | None = None
    terms: TermNames | None = None


class ContextColumn(ContextSection):
    """One entry of `columns`."""

    match: ColumnMatch = Field(default_factory=ColumnMatch)
    set: ContextColumnSet

    @model_validator(mode="after")
    def _does_something(self) -> ContextColumn:
        if not self.set.model_fields_set:
            raise ValueError("`set` is empty; give personal_data or terms")
        return self


class ContextAssets(ContextSection):
    """One entry of `assets`."""

    match: RuleMatch = Field(default_factory=RuleMatch)
    set: ContextSet = Field(default_factory=ContextSet)
    columns: tuple[ContextColumn, ...] = ()

    @model_validator(mode="after")
    def _does_something(self) -> ContextAssets:
        if not self.set.model_fields_set and not self.columns:
            raise ValueError("says nothing; give it `set` or `columns`")
        return self


class ContextTerm(ContextSection):
    """One entry of `terms`: a word of the business, what it means, and the wider word that it is a kind of."""

    name: TermName
    definition: Annotated[str, AfterValidator(_definition)] = ""
    synonyms: TermNames = ()
    broader: TermName | None = None


class ContextFile(ContextSection):
    """All that one file holds."""

    assets: tuple[ContextAssets, ...] = ()
    terms: tuple[ContextTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One entry of `assets`: `number` counts from 1 in its file. `lines` has those of its keys, such as `set.owner`."""

    file: str
    number: int
    match: RuleMatch
    set: ContextSet
    columns: tuple[ContextColumn, ...]
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    def place(self, key: str = "") -> str:
        """Where a key of it stands, or where the whole begins."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        line = self.lines.get(key)
        return self.file if line is None else f"{self.file}, line {line}"


@dataclass(frozen=True)
class BusinessContext:
    """What all context files say: entries in their order, terms by name. `patterns` has where the files are."""

    entries: tuple[ContextEntry, ...] = ()
    terms: Mapping[str, ContextTerm] = field(default_factory=dict)
    patterns: ContextPatterns | None = field(default=None, compare=False)

    @cached_property
    def digest(self) -> Digest:
        """Over all that is said, wherever it stands."""
        return digest_json([_entries(self.entries), [_spelled(term) for _, term in sorted(self.terms.items())]])

    @cached_property
    def stewards(self) -> list[JsonValue]:
        """What stewards say of personal data, and nothing else: entries as a file would hold them."""
        entries: list[JsonValue] = []
        for entry in self.entries:
            columns: list[JsonValue] = [
                {"match": _spelled(column.match), "set": {"personal_data": column.set.personal_data}}
                for column in entry.columns
                if column.set.personal_data is not None
            ]
            if columns:
                entries.append({"match": _spelled(entry.match), "columns": columns})
        return entries

    @cached_property
    def stewards_digest(self) -> Digest | None:
        """Over what stewards say of personal data; None where they say nothing."""
        return digest_json(self.stewards) if self.stewards else None

    @cached_property
    def settled(self) -> JsonValue:
        """What the catalog keeps of assets by what is said here, and nothing else, as one context file would hold it:
        personal data, terms with their synonyms, owners. Null where nothing of that is said.
        """
        entries: list[JsonValue] = []
        for entry in self.entries:
            columns: list[JsonValue] = [
                {"match": _spelled(column.match), "set": _spelled(column.set)} for column in entry.columns
            ]
            said = {key: value for key, value in _spelled_keys(entry.set).items() if key in _SEARCHED}
            if columns or said:
                entries.append({"match": _spelled(entry.match), "set": said, "columns": columns})
        if not entries:
            return None
        terms: list[JsonValue] = [{"name": name, "synonyms": [*term.synonyms]} for name, term in self.terms.items()]
        return {"assets": entries, "terms": terms}

    @cached_property
    def settled_digest(self) -> str:
        """Over that; empty where nothing of that is said."""
        return "" if self.settled is None else digest_json(self.settled)

    @classmethod
    def of_settled(cls, written: JsonValue) -> BusinessContext:
        """Read what `settled` wrote.

        Raises:
            ValueError: it is none of that.
        """
        file = ContextFile.model_validate(written or {})
        entries = tuple(ContextEntry("", at, e.match, e.set, e.columns) for at, e in enumerate(file.assets, start=1))
        return cls(entries, {term.name: term for term in file.terms})


_SEARCHED = frozenset({"owner", "terms"})


def _entries(entries: tuple[ContextEntry, ...]) -> list[JsonValue]:
    return [
        [_spelled(entry.match), _spelled(entry.set), [_spelled(column) for column in entry.columns]]
        for entry in entries
    ]


def _spelled(section: Section) -> JsonValue:
    return _spelled_keys(section)


def _spelled_keys(section: Section) -> dict[str, JsonValue]:
    spelled: dict[str, JsonValue] = section.model_dump(mode="json", exclude_none=True)
    return spelled


NO_CONTEXT = BusinessContext()
