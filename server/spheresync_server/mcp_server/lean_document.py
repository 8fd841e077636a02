"""An answer as a tool result holds it: without what says nothing, so that a model reads what there is.

Left out are null, empty texts, lists and objects, and counts of zero: what is not there is none. A command's `--json`
keeps every key, for programs that look a key up without asking first.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, JsonValue

from spheresync_server.json_texts import Json

ZERO_SAYS = frozenset({"total", "assets", "entries", "done", "wave", "confidence", "depth"})
"""Figures whose zero is the answer, or a place in an order, and no count of nothing."""


def lean_document(answer: BaseModel) -> dict[str, Json]:
    """The answer as JSON; a value from outside (`before`, `after`, `found`) stays as it is, but for null."""
    document: dict[str, Json] = answer.model_dump(mode="json", by_alias=True)
    return _lean_answer(answer, document)


def _lean_answer(answer: BaseModel, document: Mapping[str, Json]) -> dict[str, Json]:
    lean: dict[str, Json] = {}
    fields = type(answer).model_fields
    for attribute, value in answer:
        name = fields[attribute].serialization_alias or fields[attribute].alias or attribute
        if name not in document:
            continue
        kind: object = fields[attribute].annotation
        kept = document[name] if kind is JsonValue else _lean(value, document[name])
        if not _says_nothing(name, kept, outside=kind is JsonValue):
            lean[name] = kept
    return lean


def _lean(value: object, document: Json) -> Json:
    """The JSON of one field; `value` is what it was made of, which tells an answer of ours from a plain object."""
    if isinstance(value, BaseModel) and isinstance(document, dict):
        return _lean_answer(value, document)
    if isinstance(value, list | tuple) and isinstance(document, list):
        return [_lean(each, whole) for each, whole in zip(value, document, strict=True)]
    if isinstance(value, Mapping) and isinstance(document, dict):
        pairs = zip(value.values(), document.items(), strict=True)
        lean = {name: _lean(each, whole) for each, (name, whole) in pairs}
        return {name: kept for name, kept in lean.items() if not _says_nothing(name, kept, outside=False)}
    return document


def _says_nothing(name: str, value: Json, *, outside: bool) -> bool:
    if value is None:
        return True
    if outside or isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return value == 0 and name not in ZERO_SAYS
    return not value
