"""Parameters and states as JSON for a log, and back: JSON has neither moments nor bytes."""

from __future__ import annotations

import base64
from datetime import datetime

from spheresync.model import JsonValue, isoformat

_MOMENT = "$moment"
_BYTES = "$bytes"


def as_json(value: object) -> JsonValue:
    """A value of a service model as JSON."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return {_MOMENT: isoformat(value)}
        case bytes():
            return {_BYTES: base64.b64encode(value).decode()}
        case dict():
            return {str(name): as_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [as_json(inner) for inner in value]
        case _:
            raise TypeError(f"no service model holds a {type(value).__name__}")


def from_json(value: JsonValue) -> object:
    """What `as_json` was given."""
    if isinstance(value, list):
        return [from_json(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"$moment": str(moment)} if len(value) == 1:
            return datetime.fromisoformat(moment)
        case {"$bytes": str(coded)} if len(value) == 1:
            return base64.b64decode(coded)
        case _:
            return {name: from_json(inner) for name, inner in value.items()}
