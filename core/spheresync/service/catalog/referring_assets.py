"""Assets whose associations and foreign keys lead to an asset: they refer to it, though no data flows from it to them.

The index of who names whom (`CatalogReader.referring_to`) holds only what is read, written or run, so the stored
definitions are looked through; only those that hold the name are decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spheresync.model import Asset, AssetId, canonical_json
from spheresync.service.catalog.stored_definitions import definitions_holding
from spheresync.state.port import Store


@dataclass(frozen=True, slots=True)
class Reference:
    """That an asset refers to another one; `columns` pairs its columns with those of the other, as far as told."""

    asset: str
    association: str
    columns: tuple[tuple[str, str], ...]


async def references_to(store: Store, asset: AssetId, column: str | None) -> list[Reference]:
    """What refers to an asset, or to one column of it, by name.

    An association that does not tell its columns may be on any of them, so it counts for each.
    """
    name = str(asset)
    records = [each for each in await store.catalog.assets() if each.definition is not None and not each.misses]
    found: list[Reference] = []
    async for _, definition in definitions_holding(store, records, [canonical_json(name)]):
        found += _references(definition, name)
    wanted = (each for each in found if column is None or not each.columns or column in dict(each.columns).values())
    return sorted(wanted, key=lambda each: (each.asset, each.association))


def _references(asset: Asset, name: str) -> Iterator[Reference]:
    """Those of one asset; a foreign key is one of its associations, told once."""
    told: Sequence[tuple[str, str, tuple[tuple[str, str], ...]]] = [
        *((each.name, each.target, each.columns) for each in asset.associations),
        *((each.association, each.target, each.columns) for each in asset.foreign_keys),
    ]
    by_name = {association: columns for association, target, columns in told if target == name}
    for association, columns in by_name.items():
        yield Reference(str(asset.id), association, columns)
