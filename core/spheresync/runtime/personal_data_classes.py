"""Which classes of personal data assets hold by what stewards say now, without another reading of Datasphere.

The catalog keeps the classes of each asset, for policies and for whoever lists assets. What the classifier found is
part of the definition; what stewards say comes from context files, which are edited at any time. The state notes by
which words of stewards its classes are.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import NamedTuple

from spheresync.config.context import NO_CONTEXT, BusinessContext
from spheresync.mapping.context import AssetContext, ContextEntries
from spheresync.mapping.personal_data import classify, was_classified
from spheresync.mapping.rules import Mapping
from spheresync.model import Asset, Digest, PersonalDataClass, canonical_json
from spheresync.observe.incidents import product_error
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, HeldClasses

_NOTE = "personal_data:stewards"
"""Digest of the words by which all classes are; none: by no words."""
_SAID = "personal_data:stewards_words"
"""Those words, which need only be read once there are others."""
_CHUNK = 100


class Classes(NamedTuple):
    """The classes that the columns of an asset hold, in their order, and how many columns hold one."""

    classes: tuple[PersonalDataClass, ...]
    columns: int


def classes_of(asset: Asset, context: AssetContext) -> Classes:
    """By what the classifier finds and stewards say."""
    found = classify(asset, context.stewards_words(asset.columns))
    held = {finding.personal_class for finding in found.values()}
    return Classes(tuple(each for each in PersonalDataClass if each in held), len(found))


async def settle_personal_data(store: Store, mapping: Mapping) -> None:
    """Bring the classes of assets up to date of which stewards say something else than when they were found."""
    words = mapping.context.stewards_digest
    if (await store.meta.get(_NOTE) or "") == words:
        return
    before = await _words_before(store)
    records = [each for each in await store.catalog.assets() if _may_move(each, before, mapping)]
    moved: list[HeldClasses] = []
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        blobs = await store.blobs.get_many([each.definition for each in chunk if each.definition is not None])
        moved += [held for each in chunk if (held := _moved(each, blobs, mapping)) is not None]

    async def note(tx: Tx) -> None:
        await tx.catalog.set_personal_data(moved)
        await tx.meta.set(_NOTE, words)
        await tx.meta.set(_SAID, canonical_json(mapping.context.stewards).decode())

    await store.write(note)


async def doubt_personal_data(tx: Tx, mapping: Mapping) -> None:
    """Have all classes settled anew where some are written by other words than those that the state notes.

    A reading goes by the settings that it began with, and another process may have settled by newer ones meanwhile.
    """
    if (await tx.meta.get(_NOTE) or "") != mapping.context.stewards_digest:
        await tx.meta.set(_NOTE, "unsettled")
        await tx.meta.delete(_SAID)


async def _words_before(store: Store) -> ContextEntries | None:
    """What stewards said when the classes were settled last; None where nobody knows by which words each is."""
    noted, said = await store.meta.get(_NOTE), await store.meta.get(_SAID)
    if noted is None and said is None:
        return ContextEntries(NO_CONTEXT)
    try:
        before = ContextEntries(BusinessContext.of_stewards(decode_cell(said or "")))
    except ValueError:
        return None
    return before if before.stewards_digest == noted else None


def _may_move(record: AssetRecord, before: ContextEntries | None, mapping: Mapping) -> bool:
    """Whether stewards say something else of an asset than before."""
    if record.definition is None or not was_classified(record.parser_version):
        return False
    if before is None:
        return True
    try:
        now = mapping.context_of(record.id, record.kind, record.label)
        return before.of(record.id, record.kind, record.label).stewards != now.stewards
    except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset: its classes are those of before
        product_error(error, str(record.id))
        return False


def _moved(record: AssetRecord, blobs: Map[Digest, bytes], mapping: Mapping) -> HeldClasses | None:
    """What the catalog is to hold of an asset; None where it does, or that cannot be told."""
    try:
        definition = record.definition
        assert definition is not None
        if definition not in blobs:
            return None  # lost, and read anew by the next reading
        context = mapping.context_of(record.id, record.kind, record.label)
        held = classes_of(decode_asset(blobs[definition]), context)
    except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset: its classes are those of before
        product_error(error, str(record.id))
        return None
    if held == (record.personal_data, record.pii_columns):
        return None
    return HeldClasses(record.id, definition, held.classes, held.columns)
