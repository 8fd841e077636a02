"""Edits of a landscape, as a modeller would make them: pure functions, and their JSON form for the simulators.

An edit takes a landscape and gives the next one. What an edit names must exist, else it raises `UsageError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from spheresync.dog.design import column_with_members, with_members
from spheresync.dog.objects import (
    DogColumn,
    DogObject,
    DogSpace,
    Landscape,
    parse_type,
)
from spheresync.errors import UsageError
from spheresync.model import ColumnRole, JsonValue

Edit: TypeAlias = Callable[[Landscape], Landscape]


def set_label(space: str, asset: str, label: str) -> Edit:
    """Give an asset another business name."""
    return _object(space, asset, lambda item: replace(item, label=label))


def set_column_label(space: str, asset: str, column: str, label: str) -> Edit:
    """Give a column another business name."""
    return _column(space, asset, column, lambda one: replace(one, label=label))


def set_column_type(space: str, asset: str, column: str, type_name: str) -> Edit:
    """Give a column another type, written as in `Decimal(15,2)`."""
    declared = parse_type(type_name)
    return _column(space, asset, column, lambda one: replace(one, type=declared))


def set_column_role(space: str, asset: str, column: str, role: str) -> Edit:
    """Make a column a measure, a dimension or an attribute."""
    return _column(space, asset, column, lambda one: replace(one, role=ColumnRole(role)))


def rename_column(space: str, asset: str, column: str, name: str) -> Edit:
    """Replace a column by one of another name at the same place, made from what the former was made from."""

    def change(item: DogObject) -> DogObject:
        if item.column(column) is None:
            raise _missing_column(space, item, column)
        columns = tuple(replace(one, name=name) if one.name == column else one for one in item.columns)
        return replace(item, columns=columns, design=item.design.column_renamed(column, name))

    return _object(space, asset, change)


def set_design(space: str, asset: str, design: JsonValue) -> Edit:
    """Replace members of what only CSN says of an object; those that are not named stay.

    Raises:
        UsageError: when it is made, of a member that does not exist or of another shape.
    """
    return _object(space, asset, lambda item: replace(item, design=with_members(item.design, design)))


def set_column_design(space: str, asset: str, column: str, design: JsonValue) -> Edit:
    """As `set_design`, of a column."""
    return _column(space, asset, column, lambda one: replace(one, design=column_with_members(one.design, design)))


def add_column(space: str, asset: str, column: DogColumn, *, position: int | None = None) -> Edit:
    """Add a column at `position` (0 is the first), by default as the last."""

    def change(item: DogObject) -> DogObject:
        if any(one.name == column.name for one in item.columns):
            raise UsageError(f"{space}/{asset} already has a column {column.name!r}.")
        columns = list(item.columns)
        columns.insert(len(columns) if position is None else position, column)
        return replace(item, columns=tuple(columns))

    return _object(space, asset, change)


def remove_column(space: str, asset: str, column: str) -> Edit:
    """Take a column away."""

    def change(item: DogObject) -> DogObject:
        kept = tuple(one for one in item.columns if one.name != column)
        if len(kept) == len(item.columns):
            raise _missing_column(space, item, column)
        return replace(item, columns=kept)

    return _object(space, asset, change)


def add_asset(space: str, item: DogObject) -> Edit:
    """Add an object as the last of its space."""

    def change(found: DogSpace) -> DogSpace:
        if found.find(item.name) is not None:
            raise UsageError(f"{space} already has an object {item.name!r}.")
        return replace(found, objects=(*found.objects, item))

    return _space(space, change)


def remove_asset(space: str, asset: str) -> Edit:
    """Delete an object."""

    def change(found: DogSpace) -> DogSpace:
        if found.find(asset) is None:
            raise _missing_object(found, asset)
        return replace(found, objects=tuple(item for item in found.objects if item.name != asset))

    return _space(space, change)


def rename_asset(space: str, asset: str, name: str) -> Edit:
    """Delete an object and create it under another name: technical names never change (datasphere-api.md 8)."""
    return _object(space, asset, lambda item: replace(item, name=name))


def set_exposed(space: str, asset: str, *, exposed: bool) -> Edit:
    """Switch *Expose for Consumption* on or off."""
    return _object(space, asset, lambda item: replace(item, exposed=exposed))


def set_space_label(space: str, label: str) -> Edit:
    """Give a space another business name."""
    return _space(space, lambda found: replace(found, label=label))


def add_space(name: str, label: str) -> Edit:
    """Add an empty space."""

    def edit(landscape: Landscape) -> Landscape:
        if landscape.find(name) is not None:
            raise UsageError(f"There is already a space {name!r}.")
        return Landscape((*landscape.spaces, DogSpace(name, label)))

    return edit


def remove_space(space: str) -> Edit:
    """Delete a space with everything in it."""

    def edit(landscape: Landscape) -> Landscape:
        if landscape.find(space) is None:
            raise _missing_space(landscape, space)
        return Landscape(tuple(found for found in landscape.spaces if found.name != space))

    return edit


def _space(name: str, change: Callable[[DogSpace], DogSpace]) -> Edit:
    def edit(landscape: Landscape) -> Landscape:
        if landscape.find(name) is None:
            raise _missing_space(landscape, name)
        return Landscape(tuple(change(one) if one.name == name else one for one in landscape.spaces))

    return edit


def _object(space: str, name: str, change: Callable[[DogObject], DogObject]) -> Edit:
    def edit(found: DogSpace) -> DogSpace:
        if found.find(name) is None:
            raise _missing_object(found, name)
        return replace(found, objects=tuple(change(one) if one.name == name else one for one in found.objects))

    return _space(space, edit)


def _column(space: str, asset: str, name: str, change: Callable[[DogColumn], DogColumn]) -> Edit:
    def edit(item: DogObject) -> DogObject:
        if all(one.name != name for one in item.columns):
            raise _missing_column(space, item, name)
        return replace(item, columns=tuple(change(one) if one.name == name else one for one in item.columns))

    return _object(space, asset, edit)


def _missing_space(landscape: Landscape, name: str) -> UsageError:
    known = ", ".join(space.name for space in landscape.spaces)
    return UsageError(f"The tenant has no space {name!r}.", remedy=f"It has {known or 'none'}.")


def _missing_object(space: DogSpace, name: str) -> UsageError:
    return UsageError(f"The space {space.name} has no object {name!r}.", remedy="Names are case-sensitive.")


def _missing_column(space: str, item: DogObject, name: str) -> UsageError:
    known = ", ".join(column.name for column in item.columns)
    return UsageError(f"{space}/{item.name} has no column {name!r}.", remedy=f"It has {known or 'none'}.")
