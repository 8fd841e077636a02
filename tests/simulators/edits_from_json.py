"""Edits of a simulated tenant, read from their JSON form; the server of the simulator takes them over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spheresync.dog.edits import Edit, add_column, set_column_type, set_label
from spheresync.dog.objects import column_from_json, landscape_from_json, object_from_json
from spheresync.errors import UsageError
from spheresync.model import JsonValue
from tests.simulators.landscape_edits import (
    add_asset,
    add_space,
    remove_asset,
    remove_column,
    remove_space,
    rename_asset,
    rename_column,
    set_column_design,
    set_column_label,
    set_column_role,
    set_design,
    set_exposed,
    set_space_label,
)


def replace_landscape(document: JsonValue) -> Edit:
    """Put another landscape, in its JSON form, in the place of the whole."""
    landscape = landscape_from_json(document)
    return lambda _: landscape


def edit_from_json(document: JsonValue) -> Edit:
    """Read an edit such as `{"op": "set_label", "space": "SALES", "asset": "ORDERS", "label": "Orders"}`.

    The members are the arguments of the function of that name; `type_name` may be written `type`. `add_column` takes
    the column, and `add_asset` the object, in its JSON form as `column` and `object`.

    Raises:
        UsageError: the operation is unknown, or an argument is missing, unknown or of another type.
    """
    if not isinstance(document, dict) or not isinstance(document.get("op"), str):
        raise UsageError("An edit is a JSON object with an 'op'.", remedy=f"Operations: {', '.join(sorted(_READERS))}.")
    arguments = {("type_name" if name == "type" else name): value for name, value in document.items() if name != "op"}
    operation = str(document["op"])
    reader = _READERS.get(operation)
    if reader is None:
        raise UsageError(f"There is no edit {operation!r}.", remedy=f"Operations: {', '.join(sorted(_READERS))}.")
    return reader(arguments)


def _texts(builder: Callable[..., Edit], *names: str) -> Callable[[Mapping[str, JsonValue]], Edit]:
    def read(arguments: Mapping[str, JsonValue]) -> Edit:
        if set(arguments) != set(names) or not all(isinstance(arguments[name], str) for name in names):
            raise UsageError(f"{builder.__name__} takes the texts {', '.join(names)}, not {sorted(arguments)}.")
        return builder(**arguments)

    return read


def _read_add_column(arguments: Mapping[str, JsonValue]) -> Edit:
    position = arguments.get("position")
    return add_column(
        str(arguments.get("space")),
        str(arguments.get("asset")),
        column_from_json(arguments.get("column")),
        position=position if isinstance(position, int) else None,
    )


def _read_add_asset(arguments: Mapping[str, JsonValue]) -> Edit:
    return add_asset(str(arguments.get("space")), object_from_json(arguments.get("object")))


def _read_set_exposed(arguments: Mapping[str, JsonValue]) -> Edit:
    exposed = arguments.get("exposed") is True
    return set_exposed(str(arguments.get("space")), str(arguments.get("asset")), exposed=exposed)


def _read_set_design(arguments: Mapping[str, JsonValue]) -> Edit:
    return set_design(str(arguments.get("space")), str(arguments.get("asset")), arguments.get("design"))


def _read_set_column_design(arguments: Mapping[str, JsonValue]) -> Edit:
    space, asset, column = (str(arguments.get(name)) for name in ("space", "asset", "column"))
    return set_column_design(space, asset, column, arguments.get("design"))


_READERS: Mapping[str, Callable[[Mapping[str, JsonValue]], Edit]] = {
    "set_label": _texts(set_label, "space", "asset", "label"),
    "set_column_label": _texts(set_column_label, "space", "asset", "column", "label"),
    "set_column_type": _texts(set_column_type, "space", "asset", "column", "type_name"),
    "set_column_role": _texts(set_column_role, "space", "asset", "column", "role"),
    "rename_column": _texts(rename_column, "space", "asset", "column", "name"),
    "remove_column": _texts(remove_column, "space", "asset", "column"),
    "remove_asset": _texts(remove_asset, "space", "asset"),
    "rename_asset": _texts(rename_asset, "space", "asset", "name"),
    "set_space_label": _texts(set_space_label, "space", "label"),
    "add_space": _texts(add_space, "name", "label"),
    "remove_space": _texts(remove_space, "space"),
    "add_column": _read_add_column,
    "add_asset": _read_add_asset,
    "set_exposed": _read_set_exposed,
    "set_design": _read_set_design,
    "set_column_design": _read_set_column_design,
    "replace_landscape": lambda arguments: replace_landscape(arguments.get("landscape")),
}
