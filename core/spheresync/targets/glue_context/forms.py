"""Our attachments on tables and columns: their names, form types and content. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from spheresync.model import JsonValue, canonical_json
from spheresync.targets.annotations.content import COLUMNS, FORM, FORM_OF_COLUMN, Content
from spheresync.targets.annotations.written import WRITTEN, Written

ATTACHMENT: Final = "Spheresync"
"""The name of every attachment of ours."""
TABLE_FORM: Final = "SpheresyncTable"
COLUMN_FORM: Final = "SpheresyncColumn"
TABLE_MEMBERS: Final = (
    "managedBy",
    "source",
    "kind",
    "label",
    "description",
    "table",
    "facts",
    "hierarchies",
    "owner",
    "steward",
    "domain",
    "certification",
    "sensitivity",
    "retention",
    "tags",
    "digest",
    WRITTEN,
)
COLUMN_MEMBERS: Final = (
    "name",
    "label",
    "role",
    "aggregation",
    "currency",
    "unit",
    "semantics",
    "personalData",
)
_REQUIRED = frozenset({"managedBy", "source", "name"})


def schema_of(form: str) -> str:
    """The Smithy model of a form type of ours."""
    return f"structure {form} {{ {_spelled(members_of(form))} }}"


def schema_with(missing: Iterable[str], schema: str) -> str:
    """A Smithy model with members of ours besides those that it has: others may have added some of theirs."""
    before, brace, after = schema.rpartition("}")
    return f"{before.rstrip()} {_spelled(missing)} {brace}{after}"


def members_of(form: str) -> Sequence[str]:
    """The members of a form type of ours."""
    return TABLE_MEMBERS if form == TABLE_FORM else COLUMN_MEMBERS


def missing_members(form: str, schema: str) -> list[str]:
    """The members that a form type of that name lacks as it is."""
    return [name for name in members_of(form) if f"{name}:" not in schema.replace(" :", ":")]


def _spelled(members: Iterable[str]) -> str:
    return " ".join(f"{'@required ' if name in _REQUIRED else ''}{name}: String" for name in members)


def table_attachment(wanted: Content) -> str:
    """The content of the attachment on a table."""
    said: dict[str, JsonValue] = {
        path.removeprefix(FORM): value for path, value in wanted.fields.items() if path.startswith(FORM)
    }
    said[WRITTEN] = Written.of(wanted).text
    return canonical_json({name: said[name] for name in TABLE_MEMBERS if name in said}).decode()


def column_attachment(said: Mapping[str, str]) -> str:
    """The content of the attachment on a column."""
    return canonical_json({name: said[name] for name in COLUMN_MEMBERS if said.get(name)}).decode()


def path_of_form(column: str) -> str:
    """The path of our attachment on a column."""
    return f"{COLUMNS}{column}.{FORM_OF_COLUMN}"
