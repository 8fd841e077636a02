"""Values of persons out of answers, for callers whose role does not let them read those.

What a caller may not see is taken out at the doors of the process, where every answer passes: the MCP server's results,
errors and resources, and what a command shows. Labels, descriptions, SQL of views, reasons and former values are free
text; names are not, and neither are the people who are told for what they do here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from spheresync.model.principals import Permission, permissions_of
from spheresync.personal_values import mask_personal_values
from spheresync_server.json_texts import Json
from spheresync_server.untrusted import NAME_FIELDS

if TYPE_CHECKING:
    from spheresync.config import Settings

_Answer = TypeVar("_Answer", bound=BaseModel)

NEVER_MASKED = NAME_FIELDS | {"actor", "owner", "steward", "approved_by", "changed_by", "cursor", "next_cursor"}
"""Fields that are no free text, with whatever is inside them."""

_PEOPLE = (".spheresync.owner", ".spheresync.steward")
"""How paths of changes end whose values name the people to ask, as the fields above do."""
_ROLES = frozenset({"owner", "steward"})
"""Where the text of a match stands that names the person to ask."""


def masks_for(roles: Iterable[str], settings: Settings | None) -> bool:
    """Whether values of persons are masked for a caller; they are while no settings are known."""
    if Permission.READ_PERSONAL_DATA in permissions_of(roles):
        return False
    return settings is None or settings.personal_data.mask


def mask_json(value: Json) -> Json:
    """A JSON value without values of persons."""
    if isinstance(value, str):
        return mask_personal_values(value)
    if isinstance(value, list):
        return [mask_json(item) for item in value]
    if isinstance(value, dict):
        if _names_people(value.get("path"), value.get("field")):
            return value
        return {key: item if key in NEVER_MASKED else mask_json(item) for key, item in value.items()}
    return value


def mask_answer(answer: _Answer) -> _Answer:
    """An answer of the service without values of persons."""
    if _names_people(getattr(answer, "path", None), getattr(answer, "field", None)):
        return answer
    masked = {name: _masked(value) for name, value in answer if name not in NEVER_MASKED}
    return answer.model_copy(update=masked)


def _names_people(path: object, field: object) -> bool:
    """Whether a change or a match names people who are there to be asked."""
    return field in _ROLES or (isinstance(path, str) and path.endswith(_PEOPLE))


def _masked(value: object) -> object:
    if isinstance(value, str):
        return mask_personal_values(value) if type(value) is str else value  # words of ours are subclasses
    if isinstance(value, list | tuple):
        return type(value)(_masked(item) for item in value)
    if isinstance(value, dict):
        return {key: item if key in NEVER_MASKED else _masked(item) for key, item in value.items()}
    return mask_answer(value) if isinstance(value, BaseModel) else value
