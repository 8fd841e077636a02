"""Lean JSON Schemas: what pydantic writes for its own readers costs every conversation context.

What is left is plain JSON Schema 2020-12. Output schemas are outlines: the types of the fields that CONTRACT.md names,
and one line that tells every field, those of rows and smaller structures too, with its meaning where the name does not
say it. No field is promised, because a result leaves out what says nothing, and none is ever null. Outlines are read
off the fields of the models: having pydantic derive whole schemas first would take a third of a server's own start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from spheresync_server.json_texts import Json

_NULL: Json = {"type": "null"}
_TYPED = frozenset({"items", "total", "next_cursor", "asset", "columns", "nodes", "edges", "findings", "failures"}) | {
    *("summary", "counts", "change_set_id", "expires_at", "run_id", "state", "intact", "entries", "first_broken"),
    *("health", "tiers", "queue"),
}
"""Fields that CONTRACT.md names, by which programs go on."""
_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}


def output_outline(answer: type[BaseModel], *, known: Collection[type[BaseModel]] = ()) -> dict[str, Json]:
    """The outline of an answer; rows are told once, and not where another tool tells them (`known`)."""
    told = set(known)
    fields = dict(named_fields(answer))
    return {
        "type": "object",
        "description": "; ".join(_meaning(name, field, told) for name, field in fields.items()),
        "properties": {name: {"type": _type(field.annotation)} for name, field in fields.items() if name in _TYPED},
    }


def named_fields(answer: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields of an answer by their names in a document."""
    for name, field in answer.model_fields.items():
        yield field.serialization_alias or field.alias or name, field


def model_in(annotation: object) -> type[BaseModel] | None:
    """The answer that a field holds, or a list or an object of; None where it holds plain values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := model_in(each)) is not None), None)


def _said(field: FieldInfo, told: set[type[BaseModel]]) -> str:
    """What a field means, and the fields of what it holds: `what is open: asset, problem (why it was not read)`."""
    rows = model_in(field.annotation)
    if rows is None or rows in told:
        return field.description or ""
    told.add(rows)
    fields = ", ".join(_meaning(name, each, told) for name, each in named_fields(rows))
    return ": ".join(filter(None, (field.description, fields)))


def _meaning(name: str, field: FieldInfo, told: set[type[BaseModel]]) -> str:
    said = _said(field, told)
    return f"{name} ({said})" if said else name


def _type(kind: object) -> Json:
    """The JSON type of a field where it is there."""
    if isinstance(kind, type) and kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "string"
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        options = list(dict.fromkeys(_type(each) for each in get_args(kind) if each is not NoneType))
        return options[0] if len(options) == 1 else list(options)
    return {list: "array", Literal: "string"}.get(origin, "object")


_PASSED_ON = {"asset": r"\S", "space": r"\S", "column": r"\S", "cursor": r"^[\w=-]*$"}


def lean_input(schema: dict[str, Json]) -> dict[str, Json]:
    """An input schema without titles. Unknown arguments are refused by the server, which names those that there are.

    The null of optional arguments goes too: leaving an argument out says the same, and not every host knows unions. So
    do bounds, which descriptions tell where they are not plain.
    """
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    lean: dict[str, Json] = {
        "type": "object",
        "properties": {name: {**_argument(each), **_form(name)} for name, each in properties.items()},
    }
    if required := schema.get("required"):
        lean["required"] = required
    return lean


def _form(name: str) -> dict[str, Json]:
    """The form of an argument that comes from an answer of another tool, so that no free text is taken for one."""
    pattern = _PASSED_ON.get(name)
    return {} if pattern is None else {"pattern": pattern}


def _argument(schema: Json) -> dict[str, Json]:
    assert isinstance(schema, dict)
    lean = {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in {"title", "anyOf", "minimum", "maximum"} and (keyword, value) != ("default", None)
    }
    options = schema.get("anyOf")
    if isinstance(options, list):
        left = [option for option in options if option != _NULL]
        assert len(left) == 1 and isinstance(left[0], dict)
        lean = {**left[0], **lean}
    return lean
