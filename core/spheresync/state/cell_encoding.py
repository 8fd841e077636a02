"""How values inside a row are encoded and decoded: problems, counters, fingerprints, labels."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from spheresync.mapping.search.fields import NO_CONTEXT_TEXTS, ContextTexts, IndexedTexts
from spheresync.model import (
    Action,
    AssetEntry,
    AssetId,
    AssetKind,
    DestinationName,
    Digest,
    Fingerprints,
    JsonValue,
    PhysicalName,
    Problem,
    SpaceName,
    TargetKey,
    TargetName,
    TechnicalName,
    canonical_json,
)
from spheresync.model.json_document import read_json
from spheresync.state.records import Prerequisite

LARGEST_NUMBER = 2**62
"""Of a counter: so far no process counts, and one more can still be stored."""
LARGEST_CELL = 256 * 1024 * 1024
"""Bytes, and values too: a run of a whole catalog that failed names each of its assets."""
LONGEST_TEXT = 1024 * 1024
"""Characters of one message or label."""
MOMENT = "CASE WHEN {at} = '' OR {at} GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T*Z' THEN {at} END"
"""A moment of a row, for SQL; NULL of what is none."""


def decode_cell(text: str | bytes) -> Any:
    """The JSON of one cell of the state.

    Raises:
        ValueError: it is none that this program writes.
    """
    return read_json(text, largest=LARGEST_CELL, most_values=LARGEST_CELL)


def decompressed(packed: bytes) -> bytes:
    """What was compressed into a cell.

    Raises:
        ValueError: it cannot be read, or is larger than any cell.
    """
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, LARGEST_CELL)
    except zlib.error as error:
        raise ValueError("what was compressed is damaged") from error
    if not inflater.eof:
        raise ValueError("what was compressed is damaged, or too large")
    return data


def encode_problem(problem: Problem | None) -> str | None:
    return None if problem is None else encode_problems((problem,))


def decode_problem(text: str | None) -> Problem | None:
    return None if text is None else decode_problems(text)[0]


def encode_problems(problems: Sequence[Problem]) -> str:
    """ASCII only: messages quote what came from outside, which may be no valid Unicode."""
    return json.dumps([_fields(problem) for problem in problems], separators=(",", ":"))


def decode_problems(text: str) -> tuple[Problem, ...]:
    """Those of former versions name no asset, or no target."""
    return () if text == "[]" else tuple(_problem(*fields) for fields in decode_cell(text))


def _fields(problem: Problem) -> list[JsonValue]:
    fields: list[JsonValue] = [problem.subject, problem.code, problem.message, problem.remedy]
    about = [None if each is None else each.to_json() for each in (problem.asset, problem.key)]
    while about and about[-1] is None:
        about.pop()
    return [*fields, *about]


def _problem(subject: str, code: str, message: str, remedy: str, *about: JsonValue) -> Problem:
    texts: tuple[object, ...] = (subject, code, message, remedy)
    if not all(isinstance(text, str) and len(text) <= LONGEST_TEXT for text in texts):
        raise ValueError("no problem")
    asset, key = [*about, None, None][:2]
    return Problem(
        subject,
        code,
        message,
        remedy,
        None if asset is None else AssetId.from_json(asset),
        None if key is None else TargetKey.from_json(key),
    )


def encode_prerequisites(prerequisites: Sequence[Prerequisite]) -> str | None:
    """ASCII only, as `spell_problems`."""
    rows = [
        [
            each.target,
            each.destination,
            each.wave,
            each.operation,
            each.container,
            each.name,
            each.reason,
            each.body,
            each.digest,
            each.assets_total,
            [asset.to_json() for asset in each.assets],
        ]
        for each in prerequisites
    ]
    return json.dumps(rows, separators=(",", ":")) if rows else None


def decode_prerequisites(text: str | None) -> tuple[Prerequisite, ...]:
    return () if text is None else tuple(_prerequisite(*fields) for fields in decode_cell(text))


def _prerequisite(target: str, destination: str, wave: int, *rest: Any) -> Prerequisite:
    *texts, total, assets = rest
    operation, container, name, reason, body, digest = texts
    if not all(isinstance(text, str) for text in (target, destination, *texts)):
        raise ValueError("no prerequisite")
    if type(wave) is not int or type(total) is not int:
        raise ValueError("no prerequisite")
    return Prerequisite(
        target=TargetName(target),
        destination=DestinationName(destination),
        wave=wave,
        operation=operation,
        container=PhysicalName(container),
        name=PhysicalName(name),
        reason=reason,
        body=body,
        digest=Digest(digest),
        assets=tuple(AssetId.from_json(asset) for asset in assets),
        assets_total=total,
    )


def encode_counts(counts: Mapping[str, int] | Mapping[Action, int]) -> str:
    return canonical_json({str(key): value for key, value in counts.items()}).decode()


def decode_counts(text: str) -> dict[str, int]:
    counts: dict[str, int] = decode_cell(text)
    if not all(type(value) is int and -LARGEST_NUMBER <= value <= LARGEST_NUMBER for value in counts.values()):
        raise ValueError("no counts")
    return counts


def encode_fingerprints(prints: Fingerprints | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if prints is None else (prints.schema, prints.content, prints.metadata)


def decode_fingerprints(schema: str | None, content: str | None, metadata: str | None) -> Fingerprints | None:
    if schema is None or content is None or metadata is None:
        return None
    return Fingerprints(Digest(schema), Digest(content), Digest(metadata))


def decode_asset_id(row: Sequence[str]) -> AssetId:
    """Of a row whose first two columns are space and name."""
    return AssetId(SpaceName(row[0]), TechnicalName(row[1]))


def encode_entry(entry: AssetEntry) -> str:
    """ASCII only, as labels quote what came from outside."""
    fields = [
        entry.label,
        entry.relational_metadata_url,
        entry.analytical_metadata_url,
        entry.supports_analytical_queries,
        entry.has_parameters,
        *([entry.object_type] if entry.object_type is not None else []),
    ]
    return json.dumps(fields, separators=(",", ":"))


def decode_entry(asset: AssetId, text: str) -> AssetEntry:
    return AssetEntry(asset, *decode_entry_fields(text))


def decode_entry_fields(text: str) -> tuple[str, str | None, str | None, bool, bool, AssetKind | None]:
    label, relational, analytical, queries, parameters, *object_type = decode_cell(text)
    texts = (label, *(url for url in (relational, analytical) if url is not None))
    if not all(isinstance(text, str) and len(text) <= LONGEST_TEXT for text in texts):
        raise ValueError("no catalog entry")
    kind = AssetKind(object_type[0]) if object_type else None
    return label, relational, analytical, bool(queries), bool(parameters), kind


def decode_names(text: str) -> tuple[str, ...]:
    names = decode_cell(text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("no names")
    return tuple(names)


def encode_texts(texts: IndexedTexts) -> bytes:
    """What the search index holds of an asset."""
    return zlib.compress(json.dumps(texts, ensure_ascii=False).encode(), 1)


def decode_texts(body: bytes) -> IndexedTexts:
    found = decode_cell(decompressed(body))
    if not isinstance(found, list) or not all(type(each) is str for each in found):
        raise TypeError("a text of the search index is none")
    return IndexedTexts(*found)


def encode_context_texts(texts: ContextTexts) -> str:
    """What context files say of an asset, for searching; empty where they say nothing."""
    if texts == NO_CONTEXT_TEXTS:
        return ""
    return json.dumps([texts.owner, *texts.terms], ensure_ascii=False)


def decode_context_texts(text: str) -> ContextTexts:
    if not text:
        return NO_CONTEXT_TEXTS
    owner, *terms = decode_cell(text)
    if not (owner is None or isinstance(owner, str)) or not all(isinstance(term, str) for term in terms):
        raise ValueError("no texts")
    return ContextTexts(tuple(terms), owner)


def decode_again(text: str) -> dict[str, Any]:
    """What was asked of a job while it ran."""
    again: dict[str, Any] = decode_cell(text)
    words = (again["reason"], again["token"], again["not_before"])
    if type(again["priority"]) is not int or not all(isinstance(word, str) for word in words):
        raise ValueError("nothing that was asked of a job")
    return again


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
