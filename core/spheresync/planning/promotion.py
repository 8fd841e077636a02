"""Make the promotion of a saved change set: the scope and rules that made it, and what becomes of its assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spheresync import __version__
from spheresync.config import PromotedAsset, PromotedColumn, Promotion, Settings
from spheresync.errors import RefusedError, StateError
from spheresync.mapping.rules import Decision, MappingRules, fill
from spheresync.model import Asset, AssetId, JsonValue, Principal, TargetName
from spheresync.planning.decisions.asset_work import asset_fingerprint
from spheresync.planning.lost_bodies import definition_lost
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, ChangeSetItem, ChangeSetRecord
from spheresync.targets.registry import design_of

_CHUNK = 500
_SHORTEST_SECRET = 6


async def make_promotion(
    store: Store,
    settings: Settings,
    mapping: MappingRules,
    change_set: ChangeSetRecord,
    principal: Principal,
    *,
    at: str,
) -> Promotion:
    """What goes to the next environment; `settings` are those that the change set was made with.

    Raises:
        RefusedError: a rule holds a secret of the configuration.
        StateError: what was read of an asset is lost.
    """
    scope: dict[str, JsonValue] = settings.scope.model_dump(mode="json")
    rules: list[JsonValue] = [rule.model_dump(mode="json", exclude_unset=True) for rule in settings.mapping.rules]
    _refuse_secrets(settings, [scope, rules])
    records = {record.id: record for record in await store.catalog.assets()}
    items = await store.change_sets.all_items(change_set.id)
    assets: dict[AssetId, PromotedAsset] = {}
    for start in range(0, len(items), _CHUNK):
        chunk = items[start : start + _CHUNK]
        blobs = await store.blobs.get_many(item.definition for item in chunk if item.definition is not None)
        for item in chunk:
            definition = None if item.definition is None else blobs.get(item.definition)
            if item.definition is not None and definition is None:
                lost = definition_lost(item.asset)
                raise StateError(f"{item.asset} cannot be promoted: {lost.message}.", remedy=lost.remedy)
            asset = None if definition is None else decode_asset(definition)
            promoted = _promoted(item, records.get(item.asset), asset, mapping)
            known = assets.get(item.asset)
            if known is None or known.action.removes:  # a table that gives way says nothing of its asset
                assets[item.asset] = promoted
    return Promotion(
        program=__version__,
        environment=settings.env,
        installation=settings.installation,  # one that was derived would tell the tenant's host
        change_set=change_set.id,
        change_set_digest=change_set.digest,
        exported_at=at,
        exported_by=principal.id,
        scope=scope,
        rules=tuple(rules),
        assets=tuple(assets[asset] for asset in sorted(assets)),
    )


def _promoted(
    item: ChangeSetItem, record: AssetRecord | None, asset: Asset | None, mapping: MappingRules
) -> PromotedAsset:
    bare = PromotedAsset(
        asset=item.asset,
        action=item.action,
        kind=asset.kind if asset is not None else record.kind if record is not None else None,
        tier=item.tier,
        structure=item.fingerprints.schema if item.fingerprints is not None else None,
        definition=asset_fingerprint(replace(record, fingerprints=item.fingerprints)) if record is not None else None,
    )
    if asset is None:
        return bare
    decision = mapping.decide(asset.id, asset.kind, asset.label)
    return _with_outcome(item.target, bare, asset, replace(decision, prefix="", marker=""))


def _with_outcome(target: TargetName, bare: PromotedAsset, asset: Asset, decision: Decision) -> PromotedAsset:
    """What the rules make of it, without what differs between environments."""
    kept = decision.applied(asset)
    physical = {each.column.name: each for each in design_of(target).columns(kept, decision)}
    columns = tuple(
        PromotedColumn(
            column.name,
            str(column.type),
            physical[column.name].name if column.name in physical else None,
            physical[column.name].type if column.name in physical else None,
        )
        for column in asset.columns
    )
    if not decision.included:
        return replace(bare, columns=tuple(PromotedColumn(column.name, column.type) for column in columns))
    text = decision.description
    return replace(
        bare,
        database=decision.database_name(asset.id, asset.kind, asset.label),
        table=decision.table_name(asset.id, asset.kind, asset.label),
        description=None if text is None else fill(text, asset.id, asset.kind, kept.label, ""),
        tags=decision.tags,
        columns=columns,
    )


def _refuse_secrets(settings: Settings, values: JsonValue) -> None:
    secrets = [secret for secret in settings.secrets() if len(secret) >= _SHORTEST_SECRET]
    if any(secret in text for text in _texts(values) for secret in secrets):
        raise RefusedError(
            "a mapping rule or the scope holds a secret of this configuration; nothing was written.",
            remedy="Take it out of the rules, then make a new preview.",
        )


def _texts(value: JsonValue) -> list[str]:
    if isinstance(value, Mapping):
        return [text for key, inner in value.items() for text in (key, *_texts(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []
