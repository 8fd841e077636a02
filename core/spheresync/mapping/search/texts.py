"""The texts by which an asset is found.

No value of a person is among them, whatever the role of whoever searches: a search that answers by what its caller may
not read tells it, digit by digit. Names are never masked, and neither are owners.
"""

from __future__ import annotations

from collections.abc import Iterator

from spheresync.mapping.search.fields import (
    NO_CONTEXT_TEXTS,
    ContextTexts,
    Field,
    IndexedTexts,
    SearchedText,
    indexed_texts,
)
from spheresync.model import Asset, Column
from spheresync.personal_values import mask_personal_values

_DESCRIPTIONS = frozenset({"description", "quick_info", "long_description"})


def texts_to_index(
    name: str, label: str, asset: Asset | None, context: ContextTexts = NO_CONTEXT_TEXTS
) -> IndexedTexts:
    """What the index holds of an asset; `asset` is None where only its name and its label are known."""
    owner = context.owner
    if owner is None and asset is not None:
        owner = asset.owner
    return indexed_texts(searched_texts(name, label, asset, context), owner)


def searched_texts(
    name: str, label: str, asset: Asset | None, context: ContextTexts = NO_CONTEXT_TEXTS
) -> Iterator[SearchedText]:
    """Every text by which an asset is found."""
    for each in _texts(name, label, asset, context):
        named = each.field is Field.NAME or each.field is Field.COLUMN
        masked = each.text if named else mask_personal_values(each.text)
        yield each if masked is each.text else each._replace(text=masked)


def _texts(name: str, label: str, asset: Asset | None, context: ContextTexts) -> Iterator[SearchedText]:
    yield SearchedText(Field.NAME, name)
    labels = () if asset is None else asset.labels
    if label and label not in {text for _, text in labels}:
        yield SearchedText(Field.LABEL, label)
    for term in context.terms:
        yield SearchedText(Field.TERM, term)
    if asset is None:
        return
    for language, text in sorted(labels, key=lambda each: not each[0]):
        if text:
            yield SearchedText(Field.LABEL, text, language)
    for fact, text in asset.facts:
        if fact in _DESCRIPTIONS:
            yield SearchedText(Field.DESCRIPTION, text)
    for column in asset.columns:
        yield from _texts_of_column(column)


def _texts_of_column(column: Column) -> Iterator[SearchedText]:
    yield SearchedText(Field.COLUMN, column.name, column=column.name)
    for language, text in column.labels:
        if text:
            yield SearchedText(Field.COLUMN_LABEL, text, language, column.name)
    for fact, text in column.semantics:
        if fact in _DESCRIPTIONS:
            yield SearchedText(Field.DESCRIPTION, text, "", column.name)
