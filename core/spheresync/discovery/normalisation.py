"""From documents as served to what the local catalog keeps of an asset. Pure: raw definitions in, values out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from spheresync.errors import SourceError, SourceFault
from spheresync.mapping.fingerprints import fingerprints
from spheresync.mapping.personal_data import CLASSIFIER_VERSION, CLASSIFIERS, classify, held_classes, with_personal_data
from spheresync.mapping.references import with_whole_names
from spheresync.mapping.search.fields import IndexedTexts
from spheresync.mapping.search.texts import texts_to_index
from spheresync.model import (
    UNTYPED,
    Asset,
    AssetId,
    AssetKind,
    Fingerprints,
    PersonalDataClass,
    RawDefinition,
    SpaceName,
)
from spheresync.observe.incidents import ErrorAccount
from spheresync.source.protocol import Normaliser
from spheresync.state.definitions import encode_asset

_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A definition that was read: `definition` is the asset as the store spells it."""

    definition: bytes
    kind: AssetKind
    label: str
    fingerprints: Fingerprints
    column_count: int
    pii_columns: int
    personal_data: tuple[PersonalDataClass, ...]
    texts: IndexedTexts
    entity_set: str = ""  # that its $metadata serves it by
    refers_to: tuple[str, ...] = ()  # objects that it names as read, written or run
    follows: bool = False  # associations, to objects that only other definitions name
    open_columns: tuple[str, ...] | None = None  # that nothing gives a type; None where its documents type all
    waits: bool = False  # for the types of columns of other objects


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why documents define no asset; unlike the error, a value that can go from one process to another."""

    fault: SourceFault
    message: str
    remedy: str


def normalise_all(
    normaliser: Normaliser, spaces: Collection[SpaceName], definitions: Sequence[RawDefinition]
) -> list[Normalised | Unreadable | ErrorAccount]:
    """What each of the definitions says, in the same order; `spaces` are those that objects may be shared from."""
    return [_guarded(normaliser, spaces, raw) for raw in definitions]


def _guarded(
    normaliser: Normaliser, spaces: Collection[SpaceName], raw: RawDefinition
) -> Normalised | Unreadable | ErrorAccount:
    try:
        return _normalised(with_whole_names(normaliser.normalise(raw), spaces))
    except SourceError as error:
        return Unreadable(error.fault, error.message, error.remedy)
    except Exception as error:  # noqa: BLE001 -- isolates this asset
        return ErrorAccount.of(error)


def normalised_all(assets: Sequence[Asset]) -> list[Normalised | ErrorAccount]:
    """What the catalog keeps of assets of which something came to light since they were read."""
    found: list[Normalised | ErrorAccount] = []
    for asset in assets:
        try:
            found.append(_normalised(asset))
        except Exception as error:  # noqa: BLE001 -- isolates this asset
            found.append(ErrorAccount.of(error))
    return found


def reading_version(normaliser: Normaliser) -> int:
    """What a stored definition was made by: another number where the same documents would now make another one."""
    return normaliser.version * CLASSIFIERS + CLASSIFIER_VERSION


def letters_of(name: str) -> str:
    """What is left of a name in whatever spelling: letters and digits, without what is added to the names of sets."""
    plain = _NO_LETTER.sub("", name)
    for suffix in ("Set", "Type", "Parameters"):
        plain = plain.removesuffix(suffix)
    return plain.casefold()


def another_served(asset: AssetId, other: AssetId) -> tuple[str, str]:
    """That the definition of an asset is that of another one, and what to do."""
    return (
        f"{asset}: its $metadata defines {other}, another asset of the space; what is known of it stays",
        "Look for a proxy or cache before the tenant that mixes answers up, then read again.",
    )


def _normalised(asset: Asset) -> Normalised:
    found = classify(asset)
    asset = with_personal_data(asset, found)
    untyped = tuple(str(column.name) for column in asset.columns if column.type == UNTYPED)
    return Normalised(
        definition=encode_asset(asset),
        kind=asset.kind,
        label=asset.label,
        fingerprints=fingerprints(asset),
        column_count=len(asset.columns),
        pii_columns=len(found),
        personal_data=held_classes(found),
        texts=texts_to_index(asset.id.name, asset.label, asset),
        entity_set=dict(asset.facts).get("entity_set", ""),
        refers_to=asset.origins.names,
        follows=bool(asset.origins.followed),
        open_columns=untyped if untyped or asset.type_origins else None,
        waits=bool(asset.type_origins),
    )
