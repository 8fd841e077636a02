"""Edits of a landscape, as a modeller would make them: pure functions.

An edit takes a landscape and gives the next one. What an edit names must exist, else it raises `UsageError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from spheresync.dog.objects import (
    DogColumn,
    DogObject,
    DogSpace,
    Landscape,
    parse_type,
)
from spheresync.errors import UsageError

Edit: TypeAlias = Callable[[Landscape], Landscape]


def set_label(space: str, asset: str, label: str) -> Edit:
    """Give an asset another business name."""
    return edit_object(space, asset, lambda item: replace(item, label=label))


def set_column_type(space: str, asset: str, column: str, type_name: str) -> Edit:
    """Give a column another type, written as in `Decimal(15,2)`."""
    declared = parse_type(type_name)
    return edit_column(space, asset, column, lambda one: replace(one, type=declared))


def add_column(space: str, asset: str, column: DogColumn, *, position: int | None = None) -> Edit:
    """Add a column at `position` (0 is the first), by default as the last."""

    def change(item: DogObject) -> DogObject:
        if any(one.name == column.name for one in item.columns):
            raise UsageError(f"{space}/{asset} already has a column {column.name!r}.")
        columns = list(item.columns)
        columns.insert(len(columns) if position is None else position, column)
        return replace(item, columns=tuple(columns))

    return edit_object(space, asset, change)


def edit_space(name: str, change: Callable[[DogSpace], DogSpace]) -> Edit:
    """Change one space."""

    def edit(landscape: Landscape) -> Landscape:
        if landscape.find(name) is None:
            raise missing_space(landscape, name)
        return Landscape(tuple(change(one) if one.name == name else one for one in landscape.spaces))

    return edit


def edit_object(space: str, name: str, change: Callable[[DogObject], DogObject]) -> Edit:
    """Change one object of a space."""

    def edit(found: DogSpace) -> DogSpace:
        if found.find(name) is None:
            raise missing_object(found, name)
        return replace(found, objects=tuple(change(one) if one.name == name else one for one in found.objects))

    return edit_space(space, edit)


def edit_column(space: str, asset: str, name: str, change: Callable[[DogColumn], DogColumn]) -> Edit:
    """Change one column of an object."""

    def edit(item: DogObject) -> DogObject:
        if all(one.name != name for one in item.columns):
            raise missing_column(space, item, name)
        return replace(item, columns=tuple(change(one) if one.name == name else one for one in item.columns))

    return edit_object(space, asset, edit)


def missing_space(landscape: Landscape, name: str) -> UsageError:
    known = ", ".join(space.name for space in landscape.spaces)
    return UsageError(f"The tenant has no space {name!r}.", remedy=f"It has {known or 'none'}.")


def missing_object(space: DogSpace, name: str) -> UsageError:
    return UsageError(f"The space {space.name} has no object {name!r}.", remedy="Names are case-sensitive.")


def missing_column(space: str, item: DogObject, name: str) -> UsageError:
    known = ", ".join(column.name for column in item.columns)
    return UsageError(f"{space}/{item.name} has no column {name!r}.", remedy=f"It has {known or 'none'}.")
