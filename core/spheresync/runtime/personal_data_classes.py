"""Which classes of personal data assets hold by what stewards say now, without another reading of Datasphere.

The catalog keeps the classes of each asset, for policies and for whoever lists assets. What the classifier found is
part of the definition; what stewards say comes from context files, which are edited at any time. The state notes by
which words of stewards its classes are.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import NamedTuple

from spheresync.mapping.context import AssetContext
from spheresync.mapping.personal_data import classify, was_classified
from spheresync.mapping.rules import Mapping
from spheresync.model import Asset, Digest, PersonalDataClass
from spheresync.observe.incidents import product_error
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, HeldClasses

_NOTE = "personal_data:stewards"
_CHUNK = 500


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
    """Bring the classes of all assets up to date where stewards say something else than when they were found."""
    words = mapping.context.stewards_digest or ""
    if (await store.meta.get(_NOTE) or "") == words:
        return
    records = [each for each in await store.catalog.assets() if each.definition is not None]
    records = [each for each in records if was_classified(each.parser_version)]
    moved: list[HeldClasses] = []
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        blobs = await store.blobs.get_many([each.definition for each in chunk if each.definition is not None])
        moved += [held for each in chunk if (held := _moved(each, blobs, mapping)) is not None]

    async def note(tx: Tx) -> None:
        await tx.catalog.set_personal_data(moved)
        await tx.meta.set(_NOTE, words)

    await store.write(note)


async def doubt_personal_data(tx: Tx, mapping: Mapping) -> None:
    """Have all classes settled anew where some are written by other words than those that the state notes.

    A reading goes by the settings that it began with, and another process may have settled by newer ones meanwhile.
    """
    if (await tx.meta.get(_NOTE) or "") != (mapping.context.stewards_digest or ""):
        await tx.meta.set(_NOTE, "unsettled")


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
