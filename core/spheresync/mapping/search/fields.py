"""What of an asset is searched: its texts one by one, and all of them as the index holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from spheresync.mapping.search.folding import as_one_word, fold, spellings, words_of
from spheresync.model import AssetId


class Field(StrEnum):
    """Where a text stands, from the one that counts most to the one that counts least."""

    NAME = "name"
    LABEL = "label"
    TERM = "term"
    COLUMN = "column"
    COLUMN_LABEL = "column_label"
    DESCRIPTION = "description"


class Mark(StrEnum):
    """Begins a word of the index that stands for where the word was found; no word of a text begins so."""

    NAME = "\ue1f0"
    LABEL = "\ue1f1"
    TERM = "\ue1f2"
    COLUMN = "\ue1f3"
    COLUMN_LABEL = "\ue1f4"
    DESCRIPTION = "\ue1f5"
    WHOLE_NAME = "\ue1f8"
    WHOLE_COLUMN = "\ue1f9"
    OWNER = "\ue1fa"


class SearchedText(NamedTuple):
    """One text by which an asset is found; `column` where it is one of a column."""

    field: Field
    text: str
    language: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class ContextTexts:
    """What context files say of an asset: terms with their synonyms, and an owner where they name one or none."""

    terms: tuple[str, ...] = ()
    owner: str | None = None


NO_CONTEXT_TEXTS = ContextTexts()


class IndexedTexts(NamedTuple):
    """What the index holds of an asset: finished words, with blanks between, and texts of which parts are looked for.

    What of it is written into the index must not depend on the version of this program: it is taken out by that.
    """

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
        return {word for _, text in self._searched for word in text.split()}

    @property
    def entry(self) -> str:
        """All words as the index takes them: as they are, and once more with a mark for each place."""
        marked = [
            *self._searched,
            (Mark.WHOLE_NAME, self.name_whole),
            (Mark.WHOLE_COLUMN, self.column_whole),
            (Mark.OWNER, self.owner),
        ]
        return " ".join([*sorted(self.words), *(mark + word for mark, text in marked for word in text.split())])

    @property
    def _searched(self) -> tuple[tuple[Mark, str], ...]:
        return (
            (Mark.NAME, self.name),
            (Mark.LABEL, self.label),
            (Mark.TERM, self.term),
            (Mark.COLUMN, self.column_name),
            (Mark.COLUMN_LABEL, self.column_label),
            (Mark.DESCRIPTION, self.description),
        )


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
        owner=" ".join(words_of(owner or "")),
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
