"""How values inside a row are spelled: problems, counters, fingerprints, labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from spheresync.model import (
    Action,
    AssetEntry,
    AssetId,
    Digest,
    Fingerprints,
    JsonValue,
    Problem,
    SpaceName,
    TechnicalName,
    canonical_json,
)

MOMENT = "CASE WHEN {at} = '' OR {at} GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T*Z' THEN {at} END"
"""A moment of a row, for SQL; NULL of what is none."""


def spell_problem(problem: Problem | None) -> str | None:
    return None if problem is None else spell_problems((problem,))


def read_problem(text: str | None) -> Problem | None:
    return None if text is None else read_problems(text)[0]


def spell_problems(problems: Sequence[Problem]) -> str:
    """ASCII only: messages quote what came from outside, which may be no valid Unicode."""
    return json.dumps([_fields(problem) for problem in problems], separators=(",", ":"))


def read_problems(text: str) -> tuple[Problem, ...]:
    """Those of former versions name no asset."""
    return () if text == "[]" else tuple(_problem(*fields) for fields in json.loads(text))


def _fields(problem: Problem) -> list[JsonValue]:
    fields: list[JsonValue] = [problem.subject, problem.code, problem.message, problem.remedy]
    return fields if problem.asset is None else [*fields, problem.asset.to_json()]


def _problem(subject: str, code: str, message: str, remedy: str, asset: JsonValue = None) -> Problem:
    return Problem(subject, code, message, remedy, None if asset is None else AssetId.from_json(asset))


def spell_counts(counts: Mapping[str, int] | Mapping[Action, int]) -> str:
    return canonical_json({str(key): value for key, value in counts.items()}).decode()


def read_counts(text: str) -> dict[str, int]:
    return {str(key): int(value) for key, value in json.loads(text).items()}


def spell_fingerprints(prints: Fingerprints | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if prints is None else (prints.schema, prints.content, prints.metadata)


def read_fingerprints(schema: str | None, content: str | None, metadata: str | None) -> Fingerprints | None:
    if schema is None or content is None or metadata is None:
        return None
    return Fingerprints(Digest(schema), Digest(content), Digest(metadata))


def read_asset_id(row: Sequence[str]) -> AssetId:
    """Of a row whose first two columns are space and name."""
    return AssetId(SpaceName(row[0]), TechnicalName(row[1]))


def spell_entry(entry: AssetEntry) -> str:
    """ASCII only, as labels quote what came from outside."""
    fields = [
        entry.label,
        entry.relational_metadata_url,
        entry.analytical_metadata_url,
        entry.supports_analytical_queries,
        entry.has_parameters,
    ]
    return json.dumps(fields, separators=(",", ":"))


def read_entry(asset: AssetId, text: str) -> AssetEntry:
    return AssetEntry(asset, *read_entry_fields(text))


def read_entry_fields(text: str) -> tuple[str, str | None, str | None, bool, bool]:
    label, relational, analytical, queries, parameters = json.loads(text)
    if not isinstance(label, str) or not all(url is None or isinstance(url, str) for url in (relational, analytical)):
        raise ValueError("no catalog entry")
    return label, relational, analytical, bool(queries), bool(parameters)


def valid_text(text: str) -> str:
    """The text with U+FFFD where it holds half a surrogate pair, which JSON can carry and SQLite cannot.

    For labels and messages; names are never altered, they are refused.
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def text_or_bytes(data: bytes) -> str | bytes:
    """A text, or, of a damaged cell, its bytes: the row is then of no shape, and its neighbours can be read."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
