"""A table and its columns in Glue's business context: content from answers, and the calls from one content to the next.

The attachment on the table says what else of the context is ours. So what goes is taken away before it says so, and
what comes is put there after: whenever a run is ended, nothing of ours is taken for somebody else's. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from spheresync.model.json_document import read_json
from spheresync.targets.annotations.content import (
    COLUMNS,
    DIGEST,
    FORM,
    TERMS,
    Content,
    column_of,
    is_form,
    term_of,
)
from spheresync.targets.annotations.written import WRITTEN, Written
from spheresync.targets.glue_context.forms import (
    ATTACHMENT,
    COLUMN_FORM,
    TABLE_FORM,
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


@dataclass(frozen=True, slots=True)
class Terms:
    """How terms are known: by what our attachment on the table says, and by their names.

    `names`: of the terms that are there, by id: those of our glossary, and the ones that the attachment names.
    """

    written: Written
    names: Mapping[str, str]
    glossary: str

    def on(self, place: Mapping[str, Any], prefix: str = "") -> Content:
        """The terms of a table or a column; one without a name is somebody else's."""
        there = [str(each) for each in place.get("GlossaryTerms") or ()]
        placed = [*self.written.placed(f"{prefix}{TERMS}", there, self.names, self.glossary)]
        fields = {term.path: term.glossary for term in placed}
        ids = {term.path: term.id for term in placed}
        others = {f"{OTHERS}{prefix}{TERMS}{each}": each for each in there if each not in ids.values()}
        return Content({**others, **fields}, ids=ids)


def written_in(asset: Mapping[str, Any]) -> Written:
    """What our attachment on a table says of the rest of its context."""
    return Written.read(_said(asset).get(WRITTEN))


def table_content(asset: Mapping[str, Any], terms: Terms) -> Content:
    """What stands on a table, without its columns."""
    there = terms.on(asset)
    fields = dict(there.fields)
    attachments: Mapping[str, Mapping[str, Any]] = asset.get("Attachments") or {}
    for name, attachment in attachments.items():
        if not _is_ours(name, attachment, TABLE_FORM):
            fields[f"{OTHERS}{name}"] = _of_others(name, attachment)
    form = {f"{FORM}{key}": str(value) for key, value in _said(asset).items() if key != WRITTEN}
    if terms.written.lost:
        form.pop(DIGEST, None)  # it is not proven what was written
    ours = {**{path: value for path, value in form.items() if path != DIGEST}, **terms.written.ours}
    ids = {**terms.written.ids, **there.ids}  # those of terms that somebody took away too: the attachment names them
    return Content({**fields, **form}, ours, terms.written.found, ids=ids)


def column_content(item: Mapping[str, Any], terms: Terms) -> Content:
    """What stands on a column, as a part of the content of its table."""
    column = str(either(item, "ItemIdentifier"))
    there = terms.on(item, f"{COLUMNS}{column}.")
    attachments: Mapping[str, Mapping[str, Any]] = item.get("Attachments") or {}
    attachment = attachments.get(ATTACHMENT)
    if attachment is None:
        return there
    if not _is_ours(ATTACHMENT, attachment, COLUMN_FORM):
        path = f"{OTHERS}{COLUMNS}{column}.{ATTACHMENT}"
        return replace(there, fields={**there.fields, path: _of_others(ATTACHMENT, attachment)})
    return replace(there, fields={**there.fields, path_of_form(column): str(attachment.get("Content", ""))})


def taken_by_others(there: Content, requests: Iterable[Request]) -> Iterator[str]:
    """Where others have an attachment under the name of ours, of the places that requests would write it onto."""
    for column in sorted({each.column for each in requests if each.operation == "PutAttachment"}):
        path = f"{OTHERS}{COLUMNS}{column}.{ATTACHMENT}" if column else f"{OTHERS}{ATTACHMENT}"
        if path in there.fields:
            yield f"{f'column {column}' if column else 'the table'} (form type {there.fields[path]})"


def requests_between(there: Content, wanted: Content) -> list[Request]:
    """The calls in their order, from what stands there to what should, which has the ids of all its terms."""
    going = {
        path
        for path, value in there.fields.items()
        if not path.startswith(FORM) and (path not in wanted.fields or _is_another_term(path, value, wanted))
    }
    coming = {
        path for path, value in wanted.fields.items() if not path.startswith(FORM) and there.fields.get(path) != value
    }
    removals = [*_terms_calls("DisassociateGlossaryTerms", going, there.ids), *_detachments(going)]
    additions = [*_attachments(coming, wanted), *_terms_calls("AssociateGlossaryTerms", coming, wanted.ids)]
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


def _of_others(name: str, attachment: Mapping[str, Any]) -> str:
    """What is noted of an attachment of others; of one under our name it is enough to say what it is."""
    return str(either(attachment, "FormTypeIdentifier") if name == ATTACHMENT else attachment.get("Content", ""))


def _said(asset: Mapping[str, Any]) -> Mapping[str, Any]:
    """What our attachment on a table says; nothing where it is not there or somebody has made it unreadable."""
    attachment = (asset.get("Attachments") or {}).get(ATTACHMENT)
    if attachment is None or not _is_ours(ATTACHMENT, attachment, TABLE_FORM):
        return {}
    try:
        said = read_json(str(attachment.get("Content") or "{}"))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _is_ours(name: str, attachment: Mapping[str, Any], form: str) -> bool:
    return name == ATTACHMENT and either(attachment, "FormTypeIdentifier") == form


def _is_another_term(path: str, value: str, wanted: Content) -> bool:
    return term_of(path) is not None and wanted.fields[path] != value


def _place_of_term(path: str) -> str | None:
    """The column that a path of a term is about, empty for the table; None of any other path."""
    path = path.removeprefix(OTHERS)
    if path.startswith(TERMS):
        return ""
    column = column_of(path)
    return column[0] if column is not None and column[1].startswith(TERMS) else None


def _terms_calls(operation: str, paths: Iterable[str], terms: Mapping[str, str]) -> Iterator[Request]:
    places: dict[str, list[str]] = {}
    for path in sorted(paths):
        place = None if path.startswith(OTHERS) else _place_of_term(path)
        if place is not None:
            places.setdefault(place, []).append(terms[path])
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
