"""Assets by their steward: whom context files name, asked of them, as the search index knows owners only."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.mapping.search.question import has_words
from spheresync.model import AssetId
from spheresync.observe.incidents import product_error
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.search_index import with_index
from spheresync.state.records import AssetFilter, AssetRecord

NOBODY = "none"
"""Asked for like an owner: assets that have no owner, or no steward."""
_EVERY = 1_000_000


@dataclass(frozen=True, slots=True)
class Unattended:
    """Assets that nobody is named for, as owner, as steward, or as either."""

    neither: tuple[AssetId, ...]
    no_owner: tuple[AssetId, ...]
    no_steward: tuple[AssetId, ...]

    @property
    def assets(self) -> tuple[AssetId, ...]:
        return (*self.neither, *self.no_owner, *self.no_steward)


def steward_of(context: RuntimeContext, record: AssetRecord) -> str:
    """The steward of an asset, empty where none is named."""
    try:
        return context.mapping.context_of(record.id, record.kind, record.label).said("steward") or ""
    except Exception as error:  # noqa: BLE001 -- isolates this asset
        product_error(error, str(record.id))
        return ""


async def stewarded_by(context: RuntimeContext, asked: str | None) -> tuple[AssetId, ...]:
    """The assets whose steward has these words; of whoever asks for any owner, none."""
    if asked is None or asked == NOBODY or not asked.strip("* ") or not context.mapping.context:
        return ()
    records = await context.store.catalog.assets()
    return tuple(each.id for each in records if has_words(asked, steward_of(context, each)))


async def unattended(context: RuntimeContext, asked: str | None) -> Unattended | None:
    """The assets without an owner or a steward, where those are asked for."""
    if asked != NOBODY:
        return None
    store = context.store
    owned, _ = await with_index(store, lambda: store.search.listed(AssetFilter(owner="*"), limit=_EVERY))
    owners = {place.asset for place in owned.places}
    found: dict[tuple[bool, bool], list[AssetId]] = {}
    for record in await store.catalog.assets():
        found.setdefault((record.id in owners, bool(steward_of(context, record))), []).append(record.id)
    neither, no_owner, no_steward = ((False, False), (False, True), (True, False))
    return Unattended(*(tuple(found.get(each, ())) for each in (neither, no_owner, no_steward)))
