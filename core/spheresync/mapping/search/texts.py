"""The texts by which an asset is found.

No value of a person is among them, whatever the role of whoever searches: a search that answers by what its caller may
not read tells it, digit by digit. Names are never masked, and neither are owners.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from spheresync.mapping.search.fields import (
    NO_CONTEXT_TEXTS,
    ContextTexts,
    Field,
    IndexedTexts,
    SearchedText,
    indexed_texts,
)
from spheresync.model import Asset, Labels, TechnicalName
from spheresync.personal_values import without_personal_values

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
    yield from map(_masked, _texts_of_asset(name, label, asset, context))
    for column in () if asset is None else asset.columns:
        yield from _texts_of_column(column.name, column.labels, column.semantics)


def own_texts(label: str, asset: Asset | None) -> list[str]:
    """The labels and descriptions of an asset as they are, with any values of persons in them."""
    found = _texts_of_asset("", label, asset, NO_CONTEXT_TEXTS)
    return [each.text for each in found if each.field is not Field.NAME]


def _texts_of_asset(name: str, label: str, asset: Asset | None, context: ContextTexts) -> Iterator[SearchedText]:
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


@lru_cache(maxsize=1 << 12)
def _texts_of_column(name: TechnicalName, labels: Labels, semantics: Labels) -> tuple[SearchedText, ...]:
    """The same columns stand in many assets."""
    found = [SearchedText(Field.COLUMN, name, column=name)]
    found += [SearchedText(Field.COLUMN_LABEL, text, language, name) for language, text in labels if text]
    found += [SearchedText(Field.DESCRIPTION, text, "", name) for fact, text in semantics if fact in _DESCRIPTIONS]
    return tuple(map(_masked, found))


def _masked(each: SearchedText) -> SearchedText:
    if each.field is Field.NAME or each.field is Field.COLUMN:
        return each
    return each._replace(text=without_personal_values(each.text))
