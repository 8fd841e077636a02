"""Assets of DataZone as they are read and written: content from forms, and forms from content. Pure.

A revision replaces the whole asset, so all that is not ours is sent back as it was read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from spheresync.model import JsonValue
from spheresync.model.json_document import read_json, read_own_json
from spheresync.targets.annotations.content import (
    COLUMN_FACTS,
    COLUMNS,
    DESCRIPTION,
    DIGEST,
    FORM,
    TERMS,
    Content,
    column_of,
)
from spheresync.targets.annotations.written import WRITTEN, Written
from spheresync.targets.datazone.required import ASSET_TYPE, FORM_MEMBERS, FORM_TYPE, PUBLISHED_BY

COLUMN_FORM: Final = "ColumnBusinessMetadataForm"
COLUMN_FORM_TYPE: Final = "amazon.datazone.ColumnBusinessMetadataFormType"
TABLE_FORM: Final = "RelationalTableForm"
TABLE_FORM_TYPE: Final = "amazon.datazone.RelationalTableFormType"
BUSINESS: Final = "columnsBusinessMetadata"
_APART = frozenset({WRITTEN, PUBLISHED_BY})
_ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class AssetInput:
    """What a revision or a new asset says, in the service's own members."""

    name: str
    description: str
    terms: tuple[str, ...]
    forms: tuple[Mapping[str, str], ...]


def content_of(asset: Mapping[str, Any], names: Mapping[str, str], glossary: str = "", home: str = "") -> Content:
    """What stands on an asset of `home`.

    Args:
        asset: as DataZone gives it.
        names: of the terms that are there, by id: those of our glossary, and the ones that our form names.
        glossary: the name of our glossary.
        home: domain and project.
    """
    form = _form(asset, FORM_TYPE) or {}
    written = Written.read(form.get(WRITTEN))
    said = {f"{FORM}{key}": str(value) for key, value in form.items() if value is not None and key not in _APART}
    if written.lost:
        said.pop(DIGEST, None)  # it is not proven what was written
    fields: dict[str, str] = {}
    ids: dict[str, str] = {}

    def note(prefix: str, there: Iterable[object]) -> None:
        for term in written.placed(prefix, there, names, glossary):
            fields[term.path], ids[term.path] = term.glossary, term.id

    if text := asset.get("description"):
        fields[DESCRIPTION] = str(text)
    note(TERMS, asset.get("glossaryTerms") or ())
    for column in _columns_of(asset):
        name = str(column.get("columnIdentifier"))
        fields |= {
            f"{COLUMNS}{name}.{member}": str(column[member]) for member in ("name", "description") if column.get(member)
        }
        note(f"{COLUMNS}{name}.{TERMS}", column.get("glossaryTerms") or ())
    ours = {**{path: value for path, value in said.items() if path != DIGEST}, **written.ours} if form else {}
    custom = asset.get("typeIdentifier") == ASSET_TYPE
    return Content({**fields, **said}, ours, written.found, str(asset["id"]), custom, home=home, ids=ids)


def is_published(asset: Mapping[str, Any]) -> bool:
    """Whether everybody who looks for data in the domain finds it."""
    return (asset.get("listing") or {}).get("listingStatus") == _ACTIVE


def publisher_of(asset: Mapping[str, Any]) -> str | None:
    """Which installation published an asset, as our form there says; None where none did."""
    publisher = (_form(asset, FORM_TYPE) or {}).get(PUBLISHED_BY)
    return None if publisher is None or not is_published(asset) else str(publisher)


def ids_in_form(asset: Mapping[str, Any]) -> Mapping[str, str]:
    """The ids of the terms that our form says we put there, each with the name by which we know it."""
    return Written.read((_form(asset, FORM_TYPE) or {}).get(WRITTEN)).terms


def terms_in(asset: Mapping[str, Any]) -> set[str]:
    """The ids of all terms on an asset and on its columns."""
    found = {str(each) for each in asset.get("glossaryTerms") or ()}
    return found | {str(each) for column in _columns_of(asset) for each in column.get("glossaryTerms") or ()}


def asset_input(
    asset: Mapping[str, Any] | None,
    there: Content,
    wanted: Content,
    name: str,
) -> AssetInput:
    """An asset as it should be next.

    Args:
        asset: as it is; None where it is to be made.
        there: what stands on it.
        wanted: what should, with the ids of all terms.
        name: what an asset that we make is called.
    """
    asset = asset or {}
    forms = {str(each["formName"]): _again(each) for each in asset.get("formsOutput") or ()}
    _put(forms, FORM_TYPE, FORM_TYPE, _our_form(wanted, publisher_of(asset)))
    changed = {path for path in there.fields.keys() | wanted.fields.keys() if _differs(path, there, wanted)}
    if any(path.startswith(COLUMNS) for path in changed):
        columns: list[JsonValue] = [*_with_changes(_columns_of(asset), changed, there, wanted)]
        _put(forms, COLUMN_FORM, COLUMN_FORM_TYPE, {BUSINESS: columns} if columns else None)
    if not asset or there.custom:
        _put(forms, TABLE_FORM, TABLE_FORM_TYPE, _table_form(name, wanted))
    text = wanted.fields.get(DESCRIPTION, "") if DESCRIPTION in changed else str(asset.get("description") or "")
    terms = _terms(asset.get("glossaryTerms") or (), TERMS, changed, there, wanted)
    return AssetInput(str(asset.get("name") or name), text, tuple(terms), tuple(forms.values()))


def with_publisher(asset: Mapping[str, Any], publisher: str | None) -> AssetInput | None:
    """An asset as it is, our form on it saying who published it; None where it says so, or is not there."""
    form = _form(asset, FORM_TYPE)
    if form is None or form.get(PUBLISHED_BY) == publisher:
        return None
    said = {name: value for name, value in form.items() if name != PUBLISHED_BY}
    said |= {} if publisher is None else {PUBLISHED_BY: publisher}
    forms = {str(each["formName"]): _again(each) for each in asset.get("formsOutput") or ()}
    _put(forms, FORM_TYPE, FORM_TYPE, said)
    terms = tuple(str(each) for each in asset.get("glossaryTerms") or ())
    return AssetInput(str(asset["name"]), str(asset.get("description") or ""), terms, tuple(forms.values()))


def _differs(path: str, there: Content, wanted: Content) -> bool:
    return not path.startswith(FORM) and there.fields.get(path) != wanted.fields.get(path)


def _terms(held: Iterable[str], prefix: str, changed: Iterable[str], there: Content, wanted: Content) -> list[str]:
    """Ids of terms with what comes and goes; those of others stay as they were."""
    ids = [str(each) for each in held]
    for path in sorted(changed):
        if not path.startswith(prefix):
            continue
        came = wanted.ids.get(path) if path in wanted.fields else None
        ids = [each for each in ids if each not in {there.ids.get(path), came}]
        ids += [came] if came is not None else []
    return ids


def _with_changes(
    columns: Iterable[Mapping[str, Any]], changed: set[str], there: Content, wanted: Content
) -> Iterator[dict[str, JsonValue]]:
    """Entries of columns with what changes; members of others stay, and an entry that says nothing goes."""
    moving: dict[str, set[str]] = {}
    for path in changed:
        if (at := column_of(path)) is not None:
            moving.setdefault(at[0], set()).add(path)
    entries = {str(each.get("columnIdentifier")): dict(each) for each in columns}
    for name in [*entries, *(each for each in sorted(moving) if each not in entries)]:
        entry: dict[str, Any] = entries.get(name, {"columnIdentifier": name})
        for member in ("name", "description"):
            path = f"{COLUMNS}{name}.{member}"
            if path in changed:
                entry.pop(member, None)
                entry |= {member: wanted.fields[path]} if path in wanted.fields else {}
        prefix = f"{COLUMNS}{name}.{TERMS}"
        if terms := _terms(entry.pop("glossaryTerms", ()), prefix, moving.get(name, ()), there, wanted):
            entry["glossaryTerms"] = terms
        if len(entry) > 1:
            yield entry


def _our_form(wanted: Content, publisher: str | None) -> Mapping[str, JsonValue] | None:
    """The members of our form, None where it is not to be there."""
    if not wanted.is_marked:
        return None
    said: dict[str, JsonValue] = {
        path.removeprefix(FORM): value for path, value in wanted.fields.items() if path.startswith(FORM)
    }
    said[WRITTEN] = Written.of(wanted).text
    said |= {} if publisher is None else {PUBLISHED_BY: publisher}
    return {name: said[name] for name in FORM_MEMBERS if name in said}


def _table_form(name: str, wanted: Content) -> Mapping[str, JsonValue]:
    """The columns of an asset that no data source knows."""
    facts: Sequence[Mapping[str, str]] = read_own_json(wanted.fields.get(COLUMN_FACTS, "[]"))
    columns: list[JsonValue] = [{"columnName": each["column"], "dataType": each.get("type", "")} for each in facts]
    return {"tableName": name, "columns": columns}


def _put(forms: dict[str, Mapping[str, str]], name: str, kind: str, content: Mapping[str, JsonValue] | None) -> None:
    if content is None:
        forms.pop(name, None)
        return
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    forms[name] = {**forms.get(name, {"formName": name, "typeIdentifier": kind}), "content": text}


def _again(form: Mapping[str, Any]) -> Mapping[str, str]:
    """A form as it is sent back; of its type, whatever revision is the newest."""
    kept = {"formName": str(form["formName"]), "content": str(form.get("content") or "{}")}
    return {**kept, "typeIdentifier": str(form["typeName"])} if form.get("typeName") else kept


def _columns_of(asset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    form = _form(asset, COLUMN_FORM)
    return list((form or {}).get(BUSINESS) or ())


def _form(asset: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The content of a form; None where it is not there or cannot be read."""
    for form in asset.get("formsOutput") or ():
        if form.get("formName") == name:
            try:
                held = read_json(form.get("content") or "{}")
            except ValueError:
                return None
            return held if isinstance(held, dict) else None
    return None
