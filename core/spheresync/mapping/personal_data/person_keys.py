"""Columns without a class that may still lead to a person: numbers of customers, keys of people, references to those.

Pure. Whether such a number is personal is not for a classifier to say (a customer may be a company), and a list of
assets without personal data must not be read as one without persons.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from spheresync.mapping.personal_data.classification import PersonalDataFinding, Steward, held_classes
from spheresync.mapping.personal_data.vocabulary import dictionary
from spheresync.mapping.personal_data.wording import party_named
from spheresync.model import Asset, Column, ColumnRole, PersonalDataClass

_PEOPLE_ALONE = frozenset({PersonalDataClass.BIRTH, PersonalDataClass.HEALTH, PersonalDataClass.DEMOGRAPHIC})
_BESIDE_A_NAME = frozenset({PersonalDataClass.CONTACT, PersonalDataClass.ADDRESS, PersonalDataClass.IDENTIFIER})


def is_about_people(found: Mapping[str, PersonalDataFinding]) -> bool:
    """Whether the rows of an asset tell of persons, and not only name one that answers for something."""
    held = set(held_classes(found))
    return bool(held & _PEOPLE_ALONE) or (PersonalDataClass.NAME in held and bool(held & _BESIDE_A_NAME))


def identifying_columns(asset: Asset, found: Mapping[str, PersonalDataFinding]) -> frozenset[str]:
    """The columns whose values tell which person a row of this asset is about."""
    numbers = {name for name, each in found.items() if each.personal_class is PersonalDataClass.IDENTIFIER}
    keys = {str(name) for name in asset.primary_key} if is_about_people(found) else set[str]()
    if keys & numbers:
        keys = set()  # who it is, the number in the key tells; the rest of it, which of the rows of a person it is
    return frozenset(numbers | keys)


def referred_columns(asset: Asset) -> Iterator[tuple[str, str, str]]:
    """Columns that hold a key of another object: own column, the object, its column.

    A stored definition names objects whole (`mapping/references.py`: `with_whole_names`).
    """
    pairs = [(each.target, each.columns) for each in asset.foreign_keys]
    pairs += [(each.target, each.columns) for each in asset.associations]
    for target, columns in pairs:
        yield from ((own, target, other) for own, other in columns)


def person_keys(
    asset: Asset,
    found: Mapping[str, PersonalDataFinding],
    identifying: Mapping[str, Collection[str]],
    steward: Steward | None = None,
) -> dict[str, str]:
    """Columns that have no class and may tell which person a row is about, by name, and by what that is known.

    Args:
        asset: whose columns.
        found: those that have a class.
        identifying: of the objects that it refers to, the columns that tell persons apart.
        steward: what stewards said; a column that they cleared is none.
    """
    spoken = steward or {}
    columns = {str(each.name): each for each in asset.columns if each.name not in found and each.name not in spoken}
    references: dict[str, str] = {}
    for own, whole, other in referred_columns(asset):
        if other in identifying.get(whole, ()):
            references.setdefault(own, f"refers to {whole}.{other}, which identifies persons")
    own_keys = identifying_columns(asset, found)
    keys: dict[str, str] = {}
    for name, column in columns.items():
        if name in references:
            keys[name] = references[name]
        elif name in own_keys:
            keys[name] = "key of an asset about persons"
        elif (by := _party_of(column)) is not None:
            keys[name] = f"number of a customer or partner, who may be a person ({by})"
    return keys


def _party_of(column: Column) -> str | None:
    """By what a column is known to hold the number of a customer or partner, None where it is not."""
    known = dictionary()
    field = known.find(column.name)
    if field is not None:
        return f"SAP field {field}" if field in known.beside_people else None
    if column.role is ColumnRole.MEASURE or column.aggregation is not None:
        return None  # how many there are
    said = (party_named(text) for text in (column.name, *(text for _, text in column.labels)))
    party = next((each for each in said if each is not None), None)
    return None if party is None else f"word {party!r}"
