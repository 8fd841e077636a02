"""The members of a form type as its Smithy model has them, and whether a form's content fits.

Only what forms need is read: structures, their members, whether they are required, and simple types. Members of other
types are taken as they come. That content with members which the form type does not have is refused was seen on AWS
(a form of an older revision is a ValidationException); texts are UNVERIFIED.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from spheresync.dog.services.datazone.domains import invalid
from spheresync.model.json_document import read_json

_COMMENT = re.compile(r"//[^\n]*")
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_TRAIT = r"@[\w.#$]+(?:\((?:[^()]|\([^()]*\))*\))?\s*"
_MEMBER = re.compile(rf"\s*(?P<traits>(?:{_TRAIT})*)(?P<name>\w+)\s*:\s*(?P<type>[\w.#$]+)\s*(?:=\s*[^,\n]+)?,?")
_STRUCTURE = re.compile(r"\bstructure\s+(?P<name>\w+)\s*(?:with\s*\[[^\]]*\]\s*)?\{(?P<members>[^{}]*)\}")
_REQUIRED = re.compile(r"@(?:smithy\.api#)?required\b")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "String": (str,),
    "Boolean": (bool,),
    "Integer": (int,),
    "Long": (int,),
    "Float": (int, float),
    "Double": (int, float),
    "BigDecimal": (int, float),
}


@dataclass(frozen=True, slots=True)
class FormMember:
    """One member of a form type."""

    type: str
    required: bool


@lru_cache(maxsize=256)
def form_members(smithy: str, form_type: str) -> Mapping[str, FormMember]:
    """The members of a form type.

    Raises:
        ServiceError: this is no model, or has no structure of the form type's name.
    """
    plain = _COMMENT.sub("", _TEXT.sub('""', smithy))
    if plain.count("{") != plain.count("}"):
        raise invalid("The Smithy model is not valid: braces do not match.")
    name = form_type.rpartition(".")[2]
    for structure in _STRUCTURE.finditer(plain):
        if structure["name"] == name:
            return _members(structure["members"])
    raise invalid(f"The Smithy model has no structure {name}.")


def _members(text: str) -> Mapping[str, FormMember]:
    members: dict[str, FormMember] = {}
    start = 0
    while text[start:].strip():
        member = _MEMBER.match(text, start)
        if member is None:
            raise invalid(f"The Smithy model is not valid: {text[start:].strip()[:40]!a}.")
        required = _REQUIRED.search(member["traits"]) is not None
        members[member["name"]] = FormMember(member["type"].rpartition("#")[2], required)
        start = member.end()
    return members


def check_content(form_name: str, members: Mapping[str, FormMember], content: str) -> None:
    """Whether a form's content is JSON and fits its type.

    Raises:
        ServiceError: it does not.
    """
    try:
        values = read_json(content)
    except ValueError:
        raise invalid(f"The content of form {form_name} is no JSON.") from None
    if not isinstance(values, dict):
        raise invalid(f"The content of form {form_name} is no object.")
    if unknown := [name for name in values if name not in members]:
        raise invalid(f"Form {form_name} has no member {unknown[0]}.")
    for name, member in members.items():
        value = values.get(name)
        if value is None:
            if member.required:
                raise invalid(f"Form {form_name} needs {name}.")
            continue
        types = _TYPES.get(member.type)
        if types is not None and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
            raise invalid(f"{name} of form {form_name} must be {member.type}.")
