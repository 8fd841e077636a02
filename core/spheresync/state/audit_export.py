"""The audit log as text for other programs. Pure functions over entries; each answers lines that end in a newline.

Names and texts in it come from outside. What steers a terminal or hides from people (control, bidirectional, zero-width
and private characters) is written as its escape, so that a line shows all it holds and still says exactly the same: in
JSON and in CSV as `\\uXXXX`, where in CSV a backslash before a `u` is itself `\\u005c`. A CSV text that a spreadsheet
would run as a formula, or that begins with an apostrophe, gets one more apostrophe in front.
"""

from __future__ import annotations

import csv
import io

from spheresync.model import canonical_json
from spheresync.state.records import AuditEntry

_FIELDS = ("seq", "at", "actor", "action", "run_id", "asset", "target", "outcome", "detail", "prev_hash", "hash")
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, full-width forms too, and the apostrophe that guards it."""


def json_line(entry: AuditEntry) -> str:
    """One JSON object with every field as stored, `detail` as the text that the hash covers: verifiable offline."""
    fields = {name: getattr(entry, name) for name in _FIELDS}
    return "".join(map(_escaped, canonical_json(fields).decode("utf-8", "surrogatepass"))) + "\n"


def csv_header() -> str:
    """The first line of a CSV export."""
    return ",".join(_FIELDS) + "\n"


def csv_line(entry: AuditEntry) -> str:
    """One CSV row (RFC 4180 quoting); a text that a spreadsheet would run as a formula gets a leading apostrophe."""
    line = io.StringIO()
    # The terminator names what must be quoted inside a field: a lone carriage return splits rows too.
    csv.writer(line, lineterminator="\r\n").writerow([_guarded(getattr(entry, name)) for name in _FIELDS])
    return line.getvalue().removesuffix("\r\n") + "\n"


def _guarded(value: str | int | None) -> str | int:
    if not isinstance(value, str):
        return "" if value is None else value
    shown = "".join(map(_escaped, value.replace("\\u", "\\u005cu")))
    return f"'{shown}" if value.lstrip(" ").startswith(_GUARDED) else shown


def _escaped(character: str) -> str:
    """The character itself, or its escape in UTF-16 where nothing would be seen of it."""
    if character.isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
