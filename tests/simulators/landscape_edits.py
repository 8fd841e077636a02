"""Edits of a landscape that only tests make; those of the demo are in `spheresync.dog.edits`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spheresync.dog.design import (
    ColumnDesign,
    Design,
    Pick,
    Select,
    column_design_from_json,
    design_from_json,
    design_to_json,
)
from spheresync.dog.edits import (
    Edit,
    edit_column,
    edit_object,
    edit_space,
    missing_column,
    missing_object,
    missing_space,
)
from spheresync.dog.objects import DogObject, DogSpace, Landscape
from spheresync.errors import UsageError
from spheresync.model import ColumnRole, JsonValue


def set_column_label(space: str, asset: str, column: str, label: str) -> Edit:
    """Give a column another business name."""
    return edit_column(space, asset, column, lambda one: replace(one, label=label))


def set_column_role(space: str, asset: str, column: str, role: str) -> Edit:
    """Make a column a measure, a dimension or an attribute."""
    return edit_column(space, asset, column, lambda one: replace(one, role=ColumnRole(role)))


def rename_column(space: str, asset: str, column: str, name: str) -> Edit:
    """Replace a column by one of another name at the same place, made from what the former was made from."""

    def change(item: DogObject) -> DogObject:
        if item.column(column) is None:
            raise missing_column(space, item, column)
        columns = tuple(replace(one, name=name) if one.name == column else one for one in item.columns)
        return replace(item, columns=columns, design=_column_renamed(item.design, column, name))

    return edit_object(space, asset, change)


def set_design(space: str, asset: str, design: JsonValue) -> Edit:
    """Replace members of what only CSN says of an object; those that are not named stay.

    Raises:
        UsageError: when it is made, of a member that does not exist or of another shape.
    """
    return edit_object(space, asset, lambda item: replace(item, design=_with_members(item.design, design)))


def set_column_design(space: str, asset: str, column: str, design: JsonValue) -> Edit:
    """As `set_design`, of a column."""
    return edit_column(space, asset, column, lambda one: replace(one, design=_column_with_members(one.design, design)))


def remove_column(space: str, asset: str, column: str) -> Edit:
    """Take a column away."""

    def change(item: DogObject) -> DogObject:
        kept = tuple(one for one in item.columns if one.name != column)
        if len(kept) == len(item.columns):
            raise missing_column(space, item, column)
        return replace(item, columns=kept)

    return edit_object(space, asset, change)


def add_asset(space: str, item: DogObject) -> Edit:
    """Add an object as the last of its space."""

    def change(found: DogSpace) -> DogSpace:
        if found.find(item.name) is not None:
            raise UsageError(f"{space} already has an object {item.name!r}.")
        return replace(found, objects=(*found.objects, item))

    return edit_space(space, change)


def remove_asset(space: str, asset: str) -> Edit:
    """Delete an object."""

    def change(found: DogSpace) -> DogSpace:
        if found.find(asset) is None:
            raise missing_object(found, asset)
        return replace(found, objects=tuple(item for item in found.objects if item.name != asset))

    return edit_space(space, change)


def rename_asset(space: str, asset: str, name: str) -> Edit:
    """Delete an object and create it under another name: technical names never change (datasphere-api.md 8)."""
    return edit_object(space, asset, lambda item: replace(item, name=name))


def set_exposed(space: str, asset: str, *, exposed: bool) -> Edit:
    """Switch *Expose for Consumption* on or off."""
    return edit_object(space, asset, lambda item: replace(item, exposed=exposed))


def set_space_label(space: str, label: str) -> Edit:
    """Give a space another business name."""
    return edit_space(space, lambda found: replace(found, label=label))


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
            raise missing_space(landscape, space)
        return Landscape(tuple(found for found in landscape.spaces if found.name != space))

    return edit


def _column_renamed(design: Design, old: str, new: str) -> Design:
    """After a column got another name: what made it makes it still, and associations keep it."""
    return replace(
        design,
        associations=tuple(
            replace(each, columns=tuple((new if own == old else own, far) for own, far in each.columns))
            for each in design.associations
        ),
        reads=tuple(_picked_as(select, old, new) for select in design.reads),
        measures=tuple(replace(each, column=new) if each.column == old else each for each in design.measures),
    )


def _picked_as(select: Select, old: str, new: str) -> Select:
    found = select.pick(old)
    if found is None:
        return replace(select, picks=(*select.picks, Pick(new, (old,))))
    return replace(select, picks=tuple(replace(each, column=new) if each is found else each for each in select.picks))


def _with_members(design: Design, members: JsonValue) -> Design:
    """The design with some members replaced, in their JSON form.

    Raises:
        UsageError: there is no such member, or it has another shape.
    """
    return design_from_json({**design_to_json(design), **_object(members)})


def _column_with_members(design: ColumnDesign, members: JsonValue) -> ColumnDesign:
    """As `_with_members`, of a column."""
    return column_design_from_json({**design_to_json(design), **_object(members)})


def _object(document: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(document, dict):
        raise UsageError("A design is a JSON object.")
    return document
