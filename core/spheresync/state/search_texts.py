"""The texts by which a stored definition is found, read off the way in which it is spelled.

No value of a person is among them, whatever the role of whoever searches: a search that answers by what its caller may
not read tells it, digit by digit. Names are never masked, and neither are owners.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spheresync.mapping.search.fields import (
    NO_CONTEXT_TEXTS,
    ContextTexts,
    Field,
    IndexedTexts,
    SearchedText,
    indexed_texts,
)
from spheresync.model.json_document import read_own_json
from spheresync.personal_values import mask_personal_values

_DESCRIPTIONS = frozenset({"description", "quick_info", "long_description"})


def searched_texts(
    name: str, label: str, definition: Any, context: ContextTexts = NO_CONTEXT_TEXTS
) -> Iterator[SearchedText]:
    """Every text by which an asset is found; `definition` is what `encode_asset` wrote, read, or None."""
    for each in _texts(name, label, definition, context):
        named = each.field is Field.NAME or each.field is Field.COLUMN
        masked = each.text if named else mask_personal_values(each.text)
        yield each if masked is each.text else each._replace(text=masked)


def _texts(name: str, label: str, definition: Any, context: ContextTexts) -> Iterator[SearchedText]:
    yield SearchedText(Field.NAME, name)
    labels = () if definition is None else definition["labels"]
    if label and label not in {text for _, text in labels}:
        yield SearchedText(Field.LABEL, label)
    for term in context.terms:
        yield SearchedText(Field.TERM, term)
    if definition is None:
        return
    for language, text in sorted(labels, key=lambda each: not each[0]):
        if text:
            yield SearchedText(Field.LABEL, text, language)
    for fact, text in definition["facts"]:
        if fact in _DESCRIPTIONS:
            yield SearchedText(Field.DESCRIPTION, text)
    for column in definition["columns"]:
        yield from _texts_of_column(column)


def _texts_of_column(column: dict[str, Any]) -> Iterator[SearchedText]:
    name = column["n"]
    yield SearchedText(Field.COLUMN, name, column=name)
    for language, text in column.get("l", ()):
        if text:
            yield SearchedText(Field.COLUMN_LABEL, text, language, name)
    for fact, text in column.get("s", ()):
        if fact in _DESCRIPTIONS:
            yield SearchedText(Field.DESCRIPTION, text, "", name)


def texts_to_index(
    name: str, label: str, definition: bytes | None, context: ContextTexts = NO_CONTEXT_TEXTS
) -> IndexedTexts:
    """What the index holds of an asset; `definition` as it is stored."""
    value = None if definition is None else read_own_json(definition)
    owner = context.owner
    if owner is None and value is not None:
        owner = value["owner"]
    return indexed_texts(searched_texts(name, label, value, context), owner)
