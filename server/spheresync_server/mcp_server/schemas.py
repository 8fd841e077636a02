"""Lean JSON Schemas: what pydantic writes for its own readers costs every conversation context.

What is left is plain JSON Schema 2020-12. Output schemas are outlines: each field of the answer with its type, the rows
of its main list likewise, smaller structures as objects or lists whose fields the data names itself. The server checks
its answers against the full models before they leave, so an outline promises less than what is kept. Outlines are read
off the fields of the models: having pydantic derive whole schemas first would take a third of a server's own start.
"""

from __future__ import annotations

from enum import StrEnum
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue

from spheresync_server.json_texts import Json

_NULL: Json = {"type": "null"}
TELLING_NULLS = frozenset({"problem"})
"""Fields of rows whose null says something: that there is none."""
_MAIN_LISTS = frozenset({"items", "columns", "edges"})
_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}


def output_outline(answer: type[BaseModel], *, rows: bool = True) -> dict[str, Json]:
    """The outline of an answer; `rows` keeps the fields of the rows of its main list.

    A field that answers or rows may be without is not promised.
    """
    return {
        "type": "object",
        "properties": {
            field.serialization_alias or name: _outline(field.annotation, rows=rows and name in _MAIN_LISTS)
            for name, field in answer.model_fields.items()
            if field.exclude_if is None
        },
    }


def _outline(kind: object, *, rows: bool) -> Json:
    """The outline of one field; `rows` keeps the fields of the objects in it."""
    if kind is JsonValue:
        return {}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if not rows:
            return {"type": "object"}
        fields = [
            (each.serialization_alias or name, each)
            for name, each in kind.model_fields.items()
            if each.exclude_if is None
        ]
        return {
            "type": "object",
            "properties": {name: _present(name, _outline(each.annotation, rows=False)) for name, each in fields},
        }
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": "string", "enum": [word.value for word in kind]}
    if isinstance(kind, type) and kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    return _composed(get_origin(kind), get_args(kind), rows=rows)


def _present(name: str, outline: Json) -> Json:
    """The outline of a field of a row where it is there: rows leave out what is null, unless that tells something."""
    if name in TELLING_NULLS or not isinstance(outline, dict):
        return outline
    kinds, options = outline.get("type"), outline.get("anyOf")
    if isinstance(kinds, list) and "null" in kinds and len(kinds) == 2:
        return {"type": next(kind for kind in kinds if kind != "null")}
    if isinstance(options, list) and _NULL in options and len(options) == 2:
        return next(option for option in options if option != _NULL)
    return outline


def _composed(origin: object, arguments: tuple[object, ...], *, rows: bool) -> Json:
    if origin is Literal:
        return {"type": "string", "enum": list(map(str, arguments))}
    if origin is list:
        of = _outline(arguments[0], rows=rows)
        return {"type": "array"} if of == {"type": "object"} else {"type": "array", "items": of}
    if origin is dict:
        return {"type": "object"}
    assert origin in {Union, UnionType}, origin
    options = [_outline(each, rows=rows) for each in arguments]
    types = [option["type"] for option in options if isinstance(option, dict) and [*option] == ["type"]]
    return {"type": types} if len(types) == len(options) else {"anyOf": options}


def lean_input(schema: dict[str, Json]) -> dict[str, Json]:
    """An input schema without titles; unknown arguments are refused.

    The null of optional arguments goes too: leaving an argument out says the same, and not every host knows unions.
    """
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    lean: dict[str, Json] = {
        "type": "object",
        "properties": {name: _argument(each) for name, each in properties.items()},
        "additionalProperties": False,
    }
    if required := schema.get("required"):
        lean["required"] = required
    return lean


def _argument(schema: Json) -> Json:
    if not isinstance(schema, dict):
        return schema
    lean = {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in {"title", "anyOf"} and (keyword, value) != ("default", None)
    }
    options = schema.get("anyOf")
    if isinstance(options, list):
        left = [option for option in options if option != _NULL]
        assert len(left) == 1 and isinstance(left[0], dict)
        lean = {**left[0], **lean}
    return lean
