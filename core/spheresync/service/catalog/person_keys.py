"""Columns of stored assets that may lead to a person, though no class of personal data was found of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spheresync.mapping.context import AssetContext
from spheresync.mapping.personal_data import (
    PersonalDataFinding,
    classify,
    identifying_columns,
    person_keys,
    referred_columns,
    was_classified,
)
from spheresync.mapping.references import asset_of
from spheresync.mapping.rules import MappingRules
from spheresync.model import Asset, AssetId
from spheresync.service.catalog.stored_definitions import definitions_of
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord


async def person_keys_of(
    store: Store, mapping: MappingRules, assets: Mapping[AssetId, tuple[AssetRecord, Asset]]
) -> dict[AssetId, dict[str, str]]:
    """For each asset in which personal data was looked for: such columns, and by what they are known."""
    looked_at = {key: each for key, each in assets.items() if was_classified(each[0].parser_version)}
    if not looked_at:
        return {}
    identifying = await _identifying(store, mapping, [asset for _, asset in looked_at.values()])
    keys: dict[AssetId, dict[str, str]] = {}
    for asset_id, (record, asset) in looked_at.items():
        said = _said(mapping, record)
        found = classify(asset, said.stewards_words(asset.columns))
        keys[asset_id] = person_keys(asset, found, identifying, said.stewards_words(asset.columns))
    return keys


async def _identifying(store: Store, mapping: MappingRules, assets: Sequence[Asset]) -> dict[str, frozenset[str]]:
    """Of the objects that assets refer to and that hold personal data, the columns that tell persons apart."""
    named = {whole for asset in assets for _, whole, _ in referred_columns(asset)}
    wanted = sorted({asset for whole in named if (asset := asset_of(whole)) is not None})
    records = {each.id: each for each in await store.catalog.some(wanted) if each.personal_data}
    definitions = await definitions_of(store, [*records.values()])
    return {
        str(asset_id): identifying_columns(asset, _found(mapping, records[asset_id], asset))
        for asset_id, asset in definitions.items()
    }


def _found(mapping: MappingRules, record: AssetRecord, asset: Asset) -> dict[str, PersonalDataFinding]:
    return classify(asset, _said(mapping, record).stewards_words(asset.columns))


def _said(mapping: MappingRules, record: AssetRecord) -> AssetContext:
    return mapping.context_of(record.id, record.kind, record.label)
