"""What the context files say of one asset and of its columns, and where. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from spheresync.config.context import BusinessContext, ContextEntry, ContextTerm
from spheresync.config.rules import ColumnMatch, RuleMatch
from spheresync.mapping.matching import applies, applies_to_column
from spheresync.mapping.patterns import literal_prefix
from spheresync.mapping.search.fields import ContextTexts
from spheresync.model import AssetId, AssetKind, Column, JsonValue, PersonalDataClass, TechnicalName

FIELDS = ("owner", "steward", "domain", "certification", "sensitivity", "retention")
"""What is one text of an asset; tags and terms are besides."""
_MOST_PLACES = 1_000


@dataclass(frozen=True, slots=True)
class FiredEntry:
    """An entry of a context file that matched: its number in the file, where it begins, and what it sets.

    `overridden` names keys that a later entry set anew.
    """

    number: int
    place: str
    sets: Mapping[str, JsonValue]
    overridden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnContext:
    """What is said of one column; `places` has where, by key. `personal_data` None: nothing is said of it."""

    personal_data: PersonalDataClass | Literal["none"] | None = None
    terms: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict, compare=False)


_NOTHING_OF_COLUMN = ColumnContext()


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """What one entry says of the columns that it matches; None where it leaves a key to others."""

    match: ColumnMatch
    personal_data: PersonalDataClass | Literal["none"] | None
    terms: tuple[str, ...] | None
    places: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class AssetContext:
    """What all context files together say of one asset.

    An empty text says that there is none, whatever Datasphere has. `fields` are in the order of `FIELDS`; `places` has
    where each key stands, a tag as `tags.NAME`.
    """

    fields: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    terms: tuple[str, ...] = ()
    columns: tuple[ColumnEntry, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    fired: tuple[FiredEntry, ...] = field(default=(), compare=False)

    def said(self, key: str) -> str | None:
        """One of the `FIELDS`; None where nothing is said of it."""
        return next((text for name, text in self.fields if name == key), None)

    def of_column(self, column: Column) -> ColumnContext:
        """What is said of a column; a later entry wins, key by key."""
        if not self.columns:
            return _NOTHING_OF_COLUMN
        found: ColumnContext = _NOTHING_OF_COLUMN
        for entry in self.columns:
            if applies_to_column(entry.match, column):
                found = ColumnContext(
                    found.personal_data if entry.personal_data is None else entry.personal_data,
                    found.terms if entry.terms is None else entry.terms,
                    {**found.places, **entry.places},
                )
        return found

    def of_columns(self, columns: Iterable[Column]) -> dict[TechnicalName, ColumnContext]:
        """The columns of which something is said, by name."""
        if not self.columns:
            return {}
        said = ((column.name, self.of_column(column)) for column in columns)
        return {name: each for name, each in said if each != _NOTHING_OF_COLUMN}

    def stewards_words(self, columns: Iterable[Column]) -> dict[str, PersonalDataClass | Literal["none"]]:
        """What stewards say of personal data in these columns, by name, as `classify` takes it."""
        if not self.speaks_of_personal_data:
            return {}
        said = ((column.name, self.of_column(column).personal_data) for column in columns)
        return {name: word for name, word in said if word is not None}

    def settled(self, terms: Mapping[str, ContextTerm]) -> tuple[object, ...]:
        """All by which the catalog keeps something of the asset, whatever columns it has; to be compared only."""
        columns = [
            (entry.match, entry.personal_data, None if entry.terms is None else _with_synonyms(entry.terms, terms))
            for entry in self.columns
        ]
        return self.said("owner"), _with_synonyms(self.terms, terms), columns

    @property
    def speaks_of_personal_data(self) -> bool:
        """Whether stewards say something of personal data in columns, should the asset have such columns."""
        return any(entry.personal_data is not None for entry in self.columns)

    def searched(self, terms: Mapping[str, ContextTerm], columns: Iterable[Column]) -> ContextTexts:
        """The texts by which an asset with these columns is found; `terms` are those that are defined."""
        named = [*self.terms, *(term for said in self.of_columns(columns).values() for term in said.terms)]
        return ContextTexts(_with_synonyms(named, terms), self.said("owner"))

    @property
    def effect(self) -> list[JsonValue]:
        """All that decides what a target holds; nothing where nothing is said."""
        if not (self.fields or self.tags or self.terms or self.columns):
            return []
        columns: list[JsonValue] = [
            [entry.match.model_dump(mode="json", exclude_none=True), entry.personal_data, _listed(entry.terms)]
            for entry in self.columns
        ]
        return [["context", dict(self.fields), dict(self.tags), [*self.terms], columns]]


NOTHING_SAID = AssetContext()


def _with_synonyms(names: Iterable[str], terms: Mapping[str, ContextTerm]) -> tuple[str, ...]:
    texts = (text for name in names for text in (name, *(terms[name].synonyms if name in terms else ())))
    return tuple(dict.fromkeys(texts))


class ContextEntries:
    """The entries of all context files, ready to be asked about many assets."""

    def __init__(self, context: BusinessContext) -> None:
        self.terms = context.terms
        self.digest = context.digest if context.entries or context.terms else ""
        self.settled = context.settled
        self.settled_digest = context.settled_digest
        self._entries = context.entries
        self._places = _Places([entry.match for entry in context.entries])
        self._cache: dict[tuple[int, ...], AssetContext] = {(): NOTHING_SAID}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def matching(self, asset: AssetId, kind: AssetKind, label: str) -> tuple[int, ...]:
        """The entries that are about an asset, in their order."""
        return tuple(
            number
            for number in self._places.candidates(asset)
            if applies(self._entries[number].match, asset, kind, label)
        )

    def together(self, matching: tuple[int, ...]) -> AssetContext:
        """What these entries say, the later over the earlier."""
        if matching not in self._cache:
            self._cache[matching] = _merged([self._entries[number] for number in matching])
        return self._cache[matching]

    def of(self, asset: AssetId, kind: AssetKind, label: str) -> AssetContext:
        return self.together(self.matching(asset, kind, label)) if self._entries else NOTHING_SAID


def _merged(entries: Sequence[ContextEntry]) -> AssetContext:
    values: dict[str, str] = {}
    tags: dict[str, str] = {}
    terms: tuple[str, ...] = ()
    columns: list[ColumnEntry] = []
    places: dict[str, str] = {}
    set_by: dict[str, int] = {}
    overridden: dict[int, list[str]] = {at: [] for at in range(len(entries))}

    def note(key: str, at: int) -> None:
        if key in set_by:
            overridden[set_by[key]].append(key)
        set_by[key] = at
        places[key] = entries[at].place(f"set.{key}")

    for at, entry in enumerate(entries):
        for key in FIELDS:
            if (value := getattr(entry.set, key)) is not None:
                values[key] = value
                note(key, at)
        for name, text in (entry.set.tags or {}).items():
            tags[name] = text
            note(f"tags.{name}", at)
        if entry.set.terms is not None:
            terms = entry.set.terms
            note("terms", at)
        columns += _columns(entry)
    return AssetContext(
        fields=tuple((key, values[key]) for key in FIELDS if key in values),
        tags=tuple(sorted(tags.items())),
        terms=terms,
        columns=tuple(columns),
        places=places,
        fired=tuple(
            FiredEntry(entry.number, entry.place(), _sets(entry), tuple(overridden[at]))
            for at, entry in enumerate(entries)
        ),
    )


def _columns(entry: ContextEntry) -> Iterator[ColumnEntry]:
    for at, column in enumerate(entry.columns):
        said = {"personal_data": column.set.personal_data, "terms": column.set.terms}
        places = {key: entry.place(f"columns.{at}.set.{key}") for key, value in said.items() if value is not None}
        yield ColumnEntry(column.match, column.set.personal_data, column.set.terms, places)


def _sets(entry: ContextEntry) -> dict[str, JsonValue]:
    sets: dict[str, JsonValue] = entry.set.model_dump(mode="json", exclude_none=True)
    if entry.columns:
        sets["columns"] = [column.model_dump(mode="json", exclude_none=True) for column in entry.columns]
    return sets


def _listed(terms: tuple[str, ...] | None) -> JsonValue:
    return None if terms is None else [*terms]


class _Places:
    """Finds the entries that may be about an asset by their spaces and by what their names begin with.

    Each entry is kept under every (space, beginning of a name) that its globs have; the space is None where its globs
    are of more than letters. An asset is looked up under each length that a beginning has there.
    """

    def __init__(self, matches: Sequence[RuleMatch]) -> None:
        self._whole: dict[tuple[str | None, str], list[int]] = defaultdict(list)
        self._begun: dict[tuple[str | None, str], list[int]] = defaultdict(list)
        for number, match in enumerate(matches):
            for space, name in _keys(match):
                beginning = literal_prefix(name)
                (self._whole if beginning == name else self._begun)[space, beginning].append(number)
        lengths: dict[str | None, set[int]] = defaultdict(set)
        for space, beginning in self._begun:
            lengths[space].add(len(beginning))
        self._lengths = {space: sorted(each) for space, each in lengths.items()}
        self._whole.default_factory = self._begun.default_factory = None

    def candidates(self, asset: AssetId) -> list[int]:
        """Their numbers, in order."""
        found: set[int] = set()
        for space in (asset.space, None):
            found.update(self._whole.get((space, asset.name), ()))
            for length in self._lengths.get(space, ()):
                found.update(self._begun.get((space, asset.name[:length]), ()))
        return sorted(found)


def _keys(match: RuleMatch) -> Iterable[tuple[str | None, str]]:
    spaces: Sequence[str | None] = match.space or (None,)
    if any(space is not None and literal_prefix(space) != space for space in spaces):
        spaces = (None,)
    names = match.name or ("*",)
    return product(spaces, names) if len(spaces) * len(names) <= _MOST_PLACES else ((None, "*"),)
