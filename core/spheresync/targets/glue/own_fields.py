"""The two shares of a table that was written: what is ours of it, and what others have put there beside.

An update replaces a whole table, so what we wrote last holds their share as it stood then. To put back what is ours
and nothing else, and to tell what became of theirs, the two must be told apart again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from spheresync.model import JsonValue, canonical_json
from spheresync.model.json_document import read_own_json
from spheresync.targets.glue.table_input import (
    OURS_OF_A_COLUMN,
    OURS_OF_A_TABLE,
    OWN_TEXT,
    STATUS,
    columns_of,
    is_own,
    own_text,
    place_of_own_text,
)


def own_fields(written: bytes, still_there: Collection[str] = ()) -> bytes:
    """What is ours of a body that we wrote, each text in its place where the body holds another's and keeps ours.

    Args:
        written: the body.
        still_there: columns that the table still has; of others the whole is put back, their share included.
    """
    table: dict[str, Any] = read_own_json(written)
    retired = (table.get("Parameters") or {}).get(STATUS) == "retired"
    ours: dict[str, Any] = {key: value for key, value in table.items() if key in OURS_OF_A_TABLE}
    # A retired table's text carries a mark, which ours beside it does not: there the text stays as it was written.
    _put_text(ours, table, "Description", as_written=retired)
    ours["Parameters"] = _own(table, keep_texts=retired)
    columns = []
    for column in columns_of(table):
        if column["Name"] not in still_there:
            columns.append(column)
            continue
        share = {key: value for key, value in column.items() if key in OURS_OF_A_COLUMN}
        _put_text(share, column, "Comment")
        if parameters := _own(column):
            share["Parameters"] = parameters
        columns.append(share)
    ours["StorageDescriptor"] = {"Columns": columns}
    return canonical_json(ours)


def foreign_fields(table: Mapping[str, Any], columns: Collection[str]) -> bytes:
    """What is not ours of a table and of these of its columns, without members that AWS fills with empty values."""
    theirs: dict[str, Any] = {
        key: value for key, value in table.items() if key not in OURS_OF_A_TABLE | {"Description", "StorageDescriptor"}
    }
    theirs["Parameters"] = _foreign(table)
    storage = dict(table.get("StorageDescriptor") or {})
    storage["Columns"] = [
        {
            **{key: value for key, value in column.items() if key not in OURS_OF_A_COLUMN | {"Comment"}},
            "Parameters": _foreign(column),
            "Name": column["Name"],
        }
        for column in sorted(columns_of(table), key=lambda column: str(column["Name"]))
        if column["Name"] in columns
    ]
    theirs["StorageDescriptor"] = storage
    return canonical_json(_filled(theirs) or {})


def _put_text(holder: dict[str, Any], written: Mapping[str, Any], key: str, *, as_written: bool = False) -> None:
    text = str(written.get(key) or "") if as_written else own_text(written, key)
    if text:
        holder[key] = text


def _own(holder: Mapping[str, Any], *, keep_texts: bool = False) -> dict[str, str]:
    beside = set() if keep_texts else {place_of_own_text(holder, key) for key in OWN_TEXT}
    parameters = holder.get("Parameters") or {}
    return {key: value for key, value in parameters.items() if is_own(key) and key not in beside}


def _foreign(holder: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in (holder.get("Parameters") or {}).items() if not is_own(key)}


def _filled(value: JsonValue) -> JsonValue:
    """The value without empty members, None where nothing is left of it."""
    if isinstance(value, dict):
        kept: dict[str, JsonValue] = {}
        for key, each in value.items():
            if (inner := _filled(each)) is not None:
                kept[key] = inner
        return kept or None
    if isinstance(value, list):
        return [each if (inner := _filled(each)) is None else inner for each in value] or None
    return value or None
