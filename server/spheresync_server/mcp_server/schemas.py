"""Make JSON Schemas lean: what pydantic adds for its own readers costs every conversation context.

What is left is plain JSON Schema 2020-12. Output schemas become outlines: each field of the answer with its type, the
rows of its main list likewise, smaller structures as objects whose fields the data names itself. The server checks its
answers against the full models before they leave, so an outline promises less than what is kept.
"""

from __future__ import annotations

from spheresync_server.untrusted import Json

_NULL: Json = {"type": "null"}
_MAIN_LISTS = frozenset({"items", "columns"})
_KEPT = frozenset({"type", "enum", "items", "anyOf"})


def lean_output(schema: dict[str, Json], *, rows: bool = True) -> dict[str, Json]:
    """The outline of an answer; `rows` keeps the fields of the rows of its main list."""
    definitions = schema.get("$defs")
    outline = _Outline(definitions if isinstance(definitions, dict) else {})
    properties = schema.get("properties")
    assert isinstance(properties, dict)
    return {
        "type": "object",
        "properties": {name: outline.of(each, rows=rows and name in _MAIN_LISTS) for name, each in properties.items()},
    }


class _Outline:
    """Resolves references, and stops where the detail ends."""

    def __init__(self, definitions: dict[str, Json]) -> None:
        self._definitions = definitions

    def of(self, schema: Json, *, rows: bool) -> Json:
        """The outline of one field; `rows` keeps the fields of the objects in it."""
        if not isinstance(schema, dict):
            return schema
        schema = self._resolved(schema)
        if isinstance(fields := schema.get("properties"), dict):
            if not rows:
                return {"type": "object"}
            return {"type": "object", "properties": {name: self.of(each, rows=False) for name, each in fields.items()}}
        if isinstance(options := schema.get("anyOf"), list):
            return self._union([self.of(option, rows=rows) for option in options])
        lean = {keyword: value for keyword, value in schema.items() if keyword in _KEPT}
        if isinstance(inner := lean.get("items"), dict):
            lean["items"] = self.of(inner, rows=rows)
        return lean

    def _resolved(self, schema: dict[str, Json]) -> dict[str, Json]:
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        target = self._definitions[reference.rpartition("/")[2]]
        assert isinstance(target, dict)
        return target

    @staticmethod
    def _union(options: list[Json]) -> Json:
        """Plain types share one `type`; anything else stays a union."""
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
