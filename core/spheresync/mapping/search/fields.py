"""What of an asset is searched: its texts one by one, and all of them as the index holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from spheresync.mapping.search.folding import as_one_word, fold, spellings, words_of
from spheresync.model import AssetId

OWNER_MARK = "\ue1ff"
"""Begins every word of an owner in the index, so that no question for words finds owners."""


class Field(StrEnum):
    """Where a text stands, from the one that counts most to the one that counts least."""

    NAME = "name"
    LABEL = "label"
    TERM = "term"
    COLUMN = "column"
    COLUMN_LABEL = "column_label"
    DESCRIPTION = "description"


@dataclass(frozen=True, slots=True)
class SearchedText:
    """One text by which an asset is found; `column` where it is one of a column."""

    field: Field
    text: str
    language: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class ExtraTexts:
    """What others know of an asset beside Datasphere: terms with their synonyms, an owner, descriptions."""

    terms: tuple[str, ...] = ()
    owner: str = ""
    descriptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexedTexts:
    """An asset as the index holds it: finished words, with blanks between."""

    name_whole: str
    name: str
    label: str
    term: str
    column_whole: str
    column_name: str
    column_label: str
    description: str
    owner: str
    name_text: str
    label_text: str

    @property
    def words(self) -> set[str]:
        """Every word that a question may mean."""
        texts = (self.name, self.label, self.term, self.column_name, self.column_label, self.description)
        return {word for text in texts for word in text.split()}


NO_TEXTS: Mapping[AssetId, IndexedTexts] = MappingProxyType({})


def indexed_texts(texts: Iterable[SearchedText], owner: str | None = None) -> IndexedTexts:
    """The texts of one asset as the index holds them."""
    by_field: dict[Field, list[str]] = {field: [] for field in Field}
    for each in texts:
        by_field[each.field].append(each.text)
    names, labels, columns = by_field[Field.NAME], by_field[Field.LABEL], by_field[Field.COLUMN]
    return IndexedTexts(
        name_whole=_wholes(names),
        name=_words(names),
        label=_words(labels),
        term=_words(by_field[Field.TERM]),
        column_whole=_wholes(columns),
        column_name=_words(columns),
        column_label=_words(by_field[Field.COLUMN_LABEL]),
        description=_words(by_field[Field.DESCRIPTION]),
        owner=" ".join(OWNER_MARK + word for word in words_of(owner or "")),
        name_text=_lines(names),
        label_text=_lines(labels),
    )


def _words(texts: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(word for text in texts for word in words_of(text)))


def _wholes(names: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(as_one_word(each) for name in names for each in spellings(name)))


def _lines(texts: Iterable[str]) -> str:
    found = dict.fromkeys(each for text in texts for each in (fold(text), *spellings(text)))
    return "\n".join(found).replace("\0", " ").encode("utf-8", "surrogatepass").decode("utf-8", "replace")
