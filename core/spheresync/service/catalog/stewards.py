"""Assets by whom context files name, asked of them: the search index knows owners only, and of what was read."""

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
    return _named(context, record, "steward")


def owner_of_unread(context: RuntimeContext, record: AssetRecord) -> str:
    """The owner of an asset that was never read, empty where none is named; those of others are in the index."""
    return _named(context, record, "owner") if record.definition is None else ""


def _named(context: RuntimeContext, record: AssetRecord, role: str) -> str:
    try:
        return context.mapping.context_of(record.id, record.kind, record.label).said(role) or ""
    except Exception as error:  # noqa: BLE001 -- isolates this asset
        product_error(error, str(record.id))
        return ""


async def stewarded_by(context: RuntimeContext, asked: str | None) -> tuple[AssetId, ...]:
    """The assets whose steward has these words, or whose owner that was never read; of any owner, only the latter."""
    if asked is None or asked == NOBODY or not context.mapping.context:
        return ()
    records = await context.store.catalog.assets()
    if not asked.strip("* "):
        return tuple(each.id for each in records if owner_of_unread(context, each))
    named = ((each.id, (steward_of(context, each), owner_of_unread(context, each))) for each in records)
    return tuple(asset for asset, names in named if any(has_words(asked, name) for name in names))


async def unattended(context: RuntimeContext, asked: str | None) -> Unattended | None:
    """The assets without an owner or a steward, where those are asked for."""
    if asked != NOBODY:
        return None
    store = context.store
    owned, _ = await with_index(store, lambda: store.search.listed(AssetFilter(owner="*"), limit=_EVERY))
    owners = {place.asset for place in owned.places}
    found: dict[tuple[bool, bool], list[AssetId]] = {}
    for record in await store.catalog.assets():
        owned_too = record.id in owners or bool(owner_of_unread(context, record))
        found.setdefault((owned_too, bool(steward_of(context, record))), []).append(record.id)
    neither, no_owner, no_steward = ((False, False), (False, True), (True, False))
    return Unattended(*(tuple(found.get(each, ())) for each in (neither, no_owner, no_steward)))
