"""Types of columns that their own documents leave open, by the definitions of the objects that they are selected from.

A type is taken from a column that has one by its own documents, never from one that took it itself: so an answer
depends on no order, and objects that select from each other give none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from spheresync.lineage.known_assets import KnownAssets
from spheresync.model import UNTYPED, Asset, ColumnOrigin, Reads, SourceType, said_of_untyped

_FAR = 16
"""Objects and associations that a type is looked for through."""
_MOST_STEPS = 10_000
"""Columns that are looked at for the types of one asset."""


async def load_type_sources(known: KnownAssets, assets: Iterable[Asset]) -> None:
    """Load the definitions that the types of these assets may be in, a step at a time."""
    front = {(name, each.path) for asset in assets for each in asset.type_origins for name in each.objects}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for _ in range(2 * _FAR):
        await known.load(name for name, _ in front)
        seen |= front
        front = {step for name, path in front if name in known.assets for step in _next(known.assets[name], path)}
        front -= seen
        if not front:
            return


def _next(asset: Asset, path: tuple[str, ...]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Where a path leads on to from an asset: over an association, or from a column that is open there too."""
    if len(path) > 1:
        return [(each.target, path[1:]) for each in asset.associations if each.name == path[0]]
    return [(name, each.path) for each in asset.type_origins if each.column == path[0] for name in each.objects]


def with_types(asset: Asset, known: Mapping[str, Asset]) -> Asset:
    """The asset with the types of the columns that it takes from others, and the finding of those that have none."""
    if not asset.type_origins:
        return asset
    reader = _Types(asset, known)
    open_columns = {each.column for each in asset.type_origins}
    columns = tuple(
        replace(column, type=reader.of(str(asset.id), str(column.name)) or UNTYPED)
        if column.name in open_columns
        else column
        for column in asset.columns
    )
    said = said_of_untyped(asset.columns)
    findings = (*said_of_untyped(columns), *(each for each in asset.findings if each not in said))
    return replace(asset, columns=columns, findings=findings)


class _Types:
    """Looks for the types of one asset; it itself counts as it was handed in."""

    def __init__(self, asset: Asset, known: Mapping[str, Asset]) -> None:
        self._known = {**known, str(asset.id): asset}
        self._own: dict[str, Mapping[str, SourceType]] = {}
        self._behind: dict[str, Mapping[str, Collection[ColumnOrigin]]] = {}
        self._left = _MOST_STEPS

    def of(self, name: str, column: str, within: tuple[tuple[str, str], ...] = ()) -> SourceType | None:
        """The type of a column; None where it is not known or is one of several."""
        self._left -= 1
        if (name, column) in within or len(within) > _FAR or self._left < 0 or name not in self._known:
            return None
        self._look_through(name)
        origins = self._behind[name].get(column)
        if origins is None:
            return self._own[name].get(column)
        within = (*within, (name, column))
        types = [self._end(origin.objects, origin.path, name, within) for origin in origins]
        return types[0] if len(set(types)) == 1 else None

    def _end(
        self, objects: tuple[str, ...], path: tuple[str, ...], reader: str, within: tuple[tuple[str, str], ...]
    ) -> SourceType | None:
        """The type at the end of a path, the same from each of the objects that have it."""
        if not path or any(name not in self._known for name in objects) or len(within) > _FAR:
            return None
        types: set[SourceType | None] = set()
        for name in objects:
            asset = self._known[name]
            if len(path) > 1:
                targets = {each.target for each in asset.associations if each.name == path[0]}
                types |= {self._end((target,), path[1:], name, (*within, (name, path[0]))) for target in targets}
            elif any(column.name == path[0] for column in asset.columns):
                types.add(self.of(name, path[0], within))
            elif self._is_part(name, reader):
                types.add(None)
        return next(iter(types)) if len(types) == 1 else None

    def _is_part(self, name: str, reader: str) -> bool:
        """Whether an object is a part of a union, which gives every column."""
        return any(each.object == name and each.how is Reads.UNION for each in self._known[reader].origins.objects)

    def _look_through(self, name: str) -> None:
        if name in self._own:
            return
        asset = self._known[name]
        behind: dict[str, list[ColumnOrigin]] = {}
        for origin in asset.type_origins:
            behind.setdefault(origin.column, []).append(origin)
        self._behind[name] = behind
        self._own[name] = {str(column.name): column.type for column in asset.columns if column.type != UNTYPED}
