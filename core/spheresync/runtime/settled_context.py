"""What context files make of the assets of the catalog, settled without another reading of Datasphere.

The catalog keeps the classes of personal data of each asset, for policies and for whoever lists assets, and the terms
and the owner by which it is found. What the classifier found is part of the definition; what people say comes from
context files, which are edited at any time. The state notes by which context files it is settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from spheresync.config.context import NO_CONTEXT, BusinessContext
from spheresync.mapping.context import AssetContext, ContextEntries
from spheresync.mapping.personal_data import classify, held_classes, was_classified
from spheresync.mapping.rules import MappingRules
from spheresync.mapping.search.fields import NO_CONTEXT_TEXTS, ContextTexts
from spheresync.model import Asset, Digest, PersonalDataClass, canonical_json
from spheresync.observe.incidents import product_error
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, SettledContext

_NOTE = "context:settled"
"""Digest of what all assets are settled by; none: by no context files."""
_SAID = "context:settled_by"
"""What that is, which need only be read once other things are said."""
_CHUNK = 100


class Settled(NamedTuple):
    """The classes that the columns of an asset hold, in their order, how many columns hold one, and searched texts."""

    classes: tuple[PersonalDataClass, ...]
    columns: int
    texts: ContextTexts = NO_CONTEXT_TEXTS


def settled(asset: Asset, context: AssetContext, mapping: MappingRules) -> Settled:
    """By what the classifier finds and context files say."""
    found = classify(asset, context.stewards_words(asset.columns))
    texts = context.searched(mapping.context.terms, asset.columns)
    return Settled(held_classes(found), len(found), texts)


async def settle_context(store: Store, mapping: MappingRules) -> None:
    """Bring assets up to date of which context files say something else than when they were settled."""
    said = mapping.context.settled_digest
    if (await store.meta.get(_NOTE) or "") == said:
        return
    before = await _settled_by(store)
    records = [each for each in await store.catalog.assets() if _may_move(each, before, mapping)]
    moved: list[SettledContext] = []
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        blobs = await store.blobs.get_many([each.definition for each in chunk if each.definition is not None])
        moved += [held for each in chunk if (held := _moved(each, blobs, mapping)) is not None]

    async def note(tx: Tx) -> None:
        await tx.catalog.set_context(moved)
        await tx.meta.set(_NOTE, said)
        await tx.meta.set(_SAID, canonical_json(mapping.context.settled).decode())

    await store.write(note)


async def doubt_context(tx: Tx, mapping: MappingRules) -> None:
    """Have all assets settled anew where some are written by other context files than those that the state notes.

    A reading goes by the settings that it began with, and another process may have settled by newer ones meanwhile.
    """
    if (await tx.meta.get(_NOTE) or "") != mapping.context.settled_digest:
        await tx.meta.set(_NOTE, "unsettled")
        await tx.meta.delete(_SAID)


async def _settled_by(store: Store) -> ContextEntries | None:
    """What context files said when all assets were settled last; None where nobody knows by what each is."""
    noted, said = await store.meta.get(_NOTE), await store.meta.get(_SAID)
    if noted is None and said is None:
        return ContextEntries(NO_CONTEXT)
    try:
        before = ContextEntries(BusinessContext.of_settled(decode_cell(said or "")))
    except ValueError:
        return None
    return before if before.settled_digest == noted else None


def _may_move(record: AssetRecord, before: ContextEntries | None, mapping: MappingRules) -> bool:
    """Whether context files say something else of an asset than before."""
    if record.definition is None or not was_classified(record.parser_version):
        return False
    if before is None:
        return True
    try:
        now = mapping.context_of(record.id, record.kind, record.label)
        then = before.of(record.id, record.kind, record.label)
        return then.settled(before.terms) != now.settled(mapping.context.terms)
    except Exception as error:  # noqa: BLE001 -- isolates this asset: what is settled of it is that of before
        product_error(error, str(record.id))
        return False


def _moved(record: AssetRecord, blobs: Mapping[Digest, bytes], mapping: MappingRules) -> SettledContext | None:
    """What the catalog is to hold of an asset; None where it does, or that cannot be told."""
    try:
        definition = record.definition
        assert definition is not None
        if definition not in blobs:
            return None  # lost, and read anew by the next reading
        context = mapping.context_of(record.id, record.kind, record.label)
        held = settled(decode_asset(blobs[definition]), context, mapping)
    except Exception as error:  # noqa: BLE001 -- isolates this asset: what is settled of it is that of before
        product_error(error, str(record.id))
        return None
    if held == (record.personal_data, record.pii_columns, record.context_texts):
        return None
    return SettledContext(record.id, definition, held.classes, held.columns, held.texts)
