"""Assets by the type of a column: asked of the stored definitions, as the search index knows no types."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spheresync.model import AssetId, SourceType, facets_named, is_qualified, types_named
from spheresync.runtime.search_index import with_index
from spheresync.service.catalog.stored_definitions import definitions_holding
from spheresync.state.port import Store
from spheresync.state.records import AssetFilter


@dataclass(frozen=True, slots=True)
class TypedColumns:
    """The types that a text names, and the assets with a column of one of them.

    `facets`: length, or precision and scale, where the text gives them.
    """

    types: frozenset[str]
    facets: tuple[int, ...]
    assets: tuple[AssetId, ...] = ()

    def take(self, found: SourceType) -> bool:
        if found.name not in self.types:
            return False
        leading = found.length if found.precision is None else found.precision
        return not self.facets or self.facets in {(leading,), (leading, found.scale or 0)}


async def typed_columns(store: Store, asked: str | None) -> TypedColumns | None:
    """What a text means that names a type and no column; None where it is the name or glob of a column."""
    types = types_named(asked) if asked is not None else frozenset()
    if asked is None or not types:
        return None
    if not is_qualified(asked):
        counts, _ = await with_index(store, lambda: store.search.counts(AssetFilter(column=asked), None))
        if counts:
            return None
    wanted = TypedColumns(types, facets_named(asked))
    return replace(wanted, assets=await _having(store, wanted))


async def _having(store: Store, wanted: TypedColumns) -> tuple[AssetId, ...]:
    records = [each for each in await store.catalog.assets() if each.definition is not None]
    holding = definitions_holding(store, records, [f'"{name}"'.encode() for name in wanted.types])
    return tuple(
        [asset async for asset, definition in holding if any(wanted.take(column.type) for column in definition.columns)]
    )
