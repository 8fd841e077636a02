"""The audit log as text for other programs. Pure functions over entries; each answers lines that end in a newline."""

from __future__ import annotations

import csv
import io
import json

from spheresync.model import canonical_json
from spheresync.state.records import AuditEntry

_FIELDS = ("seq", "at", "actor", "action", "run_id", "asset", "target", "outcome", "detail", "prev_hash", "hash")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def json_line(entry: AuditEntry) -> str:
    """One JSON object with every field as stored, `detail` as the text that the hash covers: verifiable offline."""
    fields = {name: getattr(entry, name) for name in _FIELDS}
    return canonical_json(fields).decode() + "\n"


def csv_header() -> str:
    """The first line of a CSV export."""
    return ",".join(_FIELDS) + "\n"


def csv_line(entry: AuditEntry) -> str:
    """One CSV row (RFC 4180 quoting); a text that a spreadsheet would run as a formula gets a leading apostrophe."""
    line = io.StringIO()
    # The terminator names what must be quoted inside a field: a lone carriage return splits rows too.
    csv.writer(line, lineterminator="\r\n").writerow([_guarded(getattr(entry, name)) for name in _FIELDS])
    return line.getvalue().removesuffix("\r\n") + "\n"


def entry_of(line: str) -> AuditEntry:
    """Read what `json_line` wrote."""
    return AuditEntry(**json.loads(line))


def _guarded(value: str | int | None) -> str | int:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
