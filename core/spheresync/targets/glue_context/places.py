"""A table and its columns in Glue's business context: content from answers, and the calls from one content to the next.

The attachment on the table says what else of the context is ours. So what goes is taken away before it says so, and
what comes is put there after: whenever a run is ended, nothing of ours is taken for somebody else's. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from spheresync.model.json_document import read_own_json
from spheresync.targets.annotations.content import (
    COLUMNS,
    DIGEST,
    FORM,
    SET,
    TERMS,
    Content,
    column_of,
    is_form,
)
from spheresync.targets.glue_context.forms import (
    ATTACHMENT,
    COLUMN_FORM,
    TABLE_FORM,
    WRITTEN,
    path_of_form,
    table_attachment,
)
from spheresync.targets.glue_context.service import either

COLUMNS_FORM: Final = "columns"
"""The iterable form whose items are the columns (AWS's guide)."""
OTHERS: Final = "others."
"""Paths of what we have no name for: terms of other glossaries, attachments of others."""
MOST_OF_A_CALL = 10
"""Terms in one call, by the API model."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call about a table or, where it names one, a column."""

    operation: str
    params: Mapping[str, object]
    column: str = ""


def table_content(asset: Mapping[str, Any], names: Mapping[str, str]) -> Content:
    """What stands on a table, without its columns; `names` are those of the terms of our glossary, by id."""
    fields = dict(_terms(asset, "", names))
    attachments: Mapping[str, Mapping[str, Any]] = asset.get("Attachments") or {}
    ours, found = dict[str, str](), frozenset[str]()
    for name, attachment in attachments.items():
        if name != ATTACHMENT or either(attachment, "FormTypeIdentifier") != TABLE_FORM:
            fields[f"{OTHERS}{name}"] = str(attachment.get("Content", ""))
            continue
        said: Mapping[str, Any] = read_own_json(str(attachment.get("Content") or "{}").encode())
        form = {f"{FORM}{key}": str(value) for key, value in said.items() if key != WRITTEN}
        written: Mapping[str, Any] = read_own_json(str(said[WRITTEN]).encode()) if said.get(WRITTEN) else {}
        fields |= form
        ours = {**{path: value for path, value in form.items() if path != DIGEST}, **written.get("ours", {})}
        found = frozenset(written.get("found", ()))
    return Content(fields, ours, found)


def column_fields(item: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """What stands on a column, as fields of the content of its table."""
    column = str(either(item, "ItemIdentifier"))
    fields = dict(_terms(item, f"{COLUMNS}{column}.", names))
    attachments: Mapping[str, Mapping[str, Any]] = item.get("Attachments") or {}
    attachment = attachments.get(ATTACHMENT)
    if attachment is not None and either(attachment, "FormTypeIdentifier") == COLUMN_FORM:
        fields[path_of_form(column)] = str(attachment.get("Content", ""))
    return fields


def columns_in(paths: Iterable[str]) -> set[str]:
    """The columns that any of the paths is about."""
    return {column[0] for path in paths if (column := column_of(path)) is not None}


def requests_between(there: Content, wanted: Content, id_of: Callable[[str], str]) -> list[Request]:
    """The calls in their order.

    Args:
        there: what stands there.
        wanted: what should.
        id_of: the id of each term that comes or goes.
    """
    going = {path for path in there.fields.keys() - wanted.fields.keys() if not path.startswith(FORM)}
    coming = {
        path for path, value in wanted.fields.items() if not path.startswith(FORM) and there.fields.get(path) != value
    }
    removals = [*_terms_calls("DisassociateGlossaryTerms", going, id_of), *_detachments(going)]
    additions = [*_attachments(coming, wanted), *_terms_calls("AssociateGlossaryTerms", coming, id_of)]
    if not wanted.is_marked:
        own = [Request("DeleteAttachment", {"AttachmentName": ATTACHMENT})] if there.is_marked else []
        return [*removals, *additions, *own]
    content = table_attachment(wanted)
    own = [_put(TABLE_FORM, content)] if not there.is_marked or table_attachment(there) != content else []
    return [*removals, *own, *additions]


def fields_by_column(content: Content) -> dict[str, dict[str, str]]:
    """The fields of each column, but for what others have there under names that we do not know."""
    found: dict[str, dict[str, str]] = {}
    for path, value in content.fields.items():
        if (column := column_of(path)) is not None:
            found.setdefault(column[0], {})[path] = value
    return found


def others_on(column: str, content: Content) -> dict[str, str]:
    """What others have on a column under names that we do not know."""
    prefix = f"{OTHERS}{COLUMNS}{column}."
    return {path: value for path, value in content.fields.items() if path.startswith(prefix)}


def count_terms(content: Content) -> Counter[str]:
    """How many terms each place has, those of others too: by column, of the table under no name."""
    return Counter(place for path in content.fields if (place := _place_of_term(path)) is not None)


def _terms(place: Mapping[str, Any], prefix: str, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for each in place.get("GlossaryTerms") or ():
        yield (f"{prefix}{TERMS}{names[each]}" if each in names else f"{OTHERS}{prefix}{TERMS}{each}"), SET


def _place_of_term(path: str) -> str | None:
    """The column that a path of a term is about, empty for the table; None of any other path."""
    path = path.removeprefix(OTHERS)
    if path.startswith(TERMS):
        return ""
    column = column_of(path)
    return column[0] if column is not None and column[1].startswith(TERMS) else None


def _terms_calls(operation: str, paths: Iterable[str], id_of: Callable[[str], str]) -> Iterator[Request]:
    places: dict[str, list[str]] = {}
    for path in sorted(paths):
        place = None if path.startswith(OTHERS) else _place_of_term(path)
        if place is not None:
            term = path.partition(TERMS)[2]
            places.setdefault(place, []).append(id_of(term))
    for column, ids in places.items():
        for start in range(0, len(ids), MOST_OF_A_CALL):
            yield Request(operation, {"GlossaryTermIdentifiers": ids[start : start + MOST_OF_A_CALL]}, column)


def _detachments(paths: Iterable[str]) -> Iterator[Request]:
    for path in sorted(paths):
        if is_form(path) and (column := column_of(path)) is not None:
            yield Request("DeleteAttachment", {"AttachmentName": ATTACHMENT}, column[0])


def _attachments(paths: Iterable[str], wanted: Content) -> Iterator[Request]:
    for path in sorted(paths):
        if is_form(path) and (column := column_of(path)) is not None:
            yield _put(COLUMN_FORM, wanted.fields[path], column[0])


def _put(form: str, content: str, column: str = "") -> Request:
    params = {"AttachmentName": ATTACHMENT, "FormTypeIdentifier": form, "Content": content}
    return Request("PutAttachment", params, column)
