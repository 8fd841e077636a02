"""Names of other objects, as documents spell them, made whole: `SPACE/NAME`. Pure.

An object of the own space is called by its name, one that another space shares `SPACE.NAME`. Names may hold dots
themselves, so the longest space that is known decides (reference: datasphere-api.md 8).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from spheresync.model import OUTSIDE, Asset, AssetId, ColumnOrigin, Origins, SpaceName, TechnicalName


def referred(name: str, space: SpaceName, spaces: Collection[SpaceName]) -> str:
    """`SPACE/NAME` of an object that an asset of `space` names; what a connection leads to stays as it is."""
    if name.startswith(OUTSIDE):
        return name
    end = name.rfind(".")
    while end > 0:
        if name[:end] in spaces and end + 1 < len(name):
            return str(AssetId(SpaceName(name[:end]), TechnicalName(name[end + 1 :])))
        end = name.rfind(".", 0, end)
    return str(AssetId(space, TechnicalName(name)))


def with_whole_names(asset: Asset, spaces: Collection[SpaceName]) -> Asset:
    """The asset with every object that it names called `SPACE/NAME`."""
    if not (asset.associations or asset.foreign_keys or asset.type_origins or asset.origins != Origins()):
        return asset

    known: dict[str, str] = {}  # a few objects, which many columns name

    def whole(name: str) -> str:
        if name not in known:
            known[name] = referred(name, asset.id.space, spaces)
        return known[name]

    def each(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(whole(name) for name in names)

    def of_columns(told: tuple[ColumnOrigin, ...]) -> tuple[ColumnOrigin, ...]:
        return tuple(ColumnOrigin(o.column, each(o.objects), o.path, o.how) for o in told)

    origins = asset.origins
    return replace(
        asset,
        associations=tuple(replace(a, target=whole(a.target)) for a in asset.associations),
        foreign_keys=tuple(replace(f, target=whole(f.target)) for f in asset.foreign_keys),
        origins=Origins(
            objects=tuple(replace(o, object=whole(o.object)) for o in origins.objects),
            columns=of_columns(origins.columns),
            writes=tuple(replace(o, object=whole(o.object)) for o in origins.writes),
            written=tuple(replace(o, object=whole(o.object), objects=each(o.objects)) for o in origins.written),
            runs=each(origins.runs),
            unknown=origins.unknown,
            paths=tuple(replace(p, objects=each(p.objects)) for p in origins.paths),
        ),
        type_origins=of_columns(asset.type_origins),
    )


def asset_of(name: str) -> AssetId | None:
    """The asset that a whole name is of; None where a connection leads to it. Undoes `referred`, and nothing else."""
    return None if name.startswith(OUTSIDE) else AssetId.parse(name)
