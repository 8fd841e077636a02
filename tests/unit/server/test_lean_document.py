"""The structured part of a result: what says nothing is not there, what is too long is counted, all else is in both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from spheresync.answers import AssetRow, ChangeRow, ChangeSetAnswer, FieldRow, Page, RunAnswer
from spheresync_server.json_texts import Json
from spheresync_server.mcp_server.answer_text import content_lines
from spheresync_server.mcp_server.fitted_document import LEFT_OUT, fitted, length
from spheresync_server.mcp_server.lean_document import ZERO_SAYS, lean_document
from spheresync_server.mcp_server.schemas import model_in, named_fields
from spheresync_server.mcp_server.server import INSTRUCTIONS
from spheresync_server.mcp_server.tools.registry import answer_of, tool_entries

MODELS = sorted({answer_of(each.work) for each in tool_entries(cast("Any", None))}, key=lambda model: model.__name__)
TOLD_BY_NAME = frozenset(
    {"action", "actor", "actor_kind", "actor_roles", "aggregation", "asset", "association", "at"}
    | {"attempts"}
    | {"change_set_id", "changed_at", "class", "code", "column", "columns", "compared", "confidence", "differ_by_case"}
    | {"created_at", "database", "depth", "destination", "direction", "done", "drifted", "edges", "entries"}
    | {"environment", "evidence", "expires_at", "failures", "findings", "finished_at", "from", "from_column"}
    | {
        "intact",
        "interval",
        "seen_in_aws",
        "items",
        "key",
        "kind",
        "kinds",
        "label",
        "language",
        "last_runs",
        "last_sync",
    }
    | {"ledger_since", "listed_at", "looked_at", "may_be_renamed_from", "may_be_renamed_to", "message"}
    | {"name", "next_cursor", "next_run", "nodes", "not_compared", "nullable", "ok", "origin", "outcome"}
    | {"path", "paused", "paused_since", "phase", "policy", "problems", "progress", "queue", "reason"}
    | {
        "remedy",
        "renamed_from",
        "renamed_to",
        "run_id",
        "seconds_left",
        "seq",
        "since",
        "space",
        "released",
        "paused_by",
        "actors",
        "actions",
        "outcomes",
        "runs",
        "roles",
        "may_not",
        "deletion",
        "drift",
        "four_eyes",
        "effect",
    }
    | {
        "cancelled_by",
        "planned_at",
        "read_at",
        "started_at",
        "state",
        "status",
        "strategy",
        "summary",
        "synced_at",
        "table",
        "target",
        "tenant",
    }
    | {"text", "tier", "tiers", "to", "to_column", "total", "type", "version", "wave"}
)
"""Words of CONTRACT.md, and names that say what they are."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=6), JSON, max_size=6)


def published(model: type[BaseModel]) -> Iterator[tuple[str, str, bool]]:
    """Each field that an answer may hold, with its owner, and whether a description says what it means."""
    for name, field in named_fields(model):
        yield model.__name__, name, field.description is not None
        if (inner := model_in(field.annotation)) is not None:
            yield from published(inner)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_that_its_name_does_not_explain_is_described(model: type[BaseModel]) -> None:
    unexplained = {
        f"{owner}.{name}"
        for owner, name, described in published(model)
        if not described and name not in TOLD_BY_NAME and not name.endswith("_total") and name not in INSTRUCTIONS
    }
    assert unexplained == set()


def test_what_says_nothing_is_left_out_and_values_from_outside_stay() -> None:
    row = AssetRow(asset="S/A", kind="view", label="", tier="high", status="synced", columns=0)
    assert lean_document(Page[AssetRow](items=[row], total=1)) == {
        "items": [{"asset": "S/A", "kind": "view", "tier": "high", "status": "synced"}],
        "total": 1,
    }
    assert lean_document(Page[AssetRow](items=[], total=0)) == {"total": 0}
    change = ChangeRow(
        asset="S/A",
        action="update",
        strategy="full",
        target="glue",
        object="s.a",
        severity="none",
        reason="",
        changes=[FieldRow(path="description", before=None, after=""), FieldRow(path="columns", before=0, after=[])],
    )
    assert lean_document(change)["changes"] == [
        {"path": "description", "after": ""},
        {"path": "columns", "before": 0, "after": []},
    ]


def empties(value: Json, at: str = "") -> Iterator[str]:
    """Where a document holds null, something empty or a zero that is no answer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if inner is None or (not inner and not isinstance(inner, bool) and name not in ZERO_SAYS):
                yield f"{at}.{name}"
            yield from empties(inner, f"{at}.{name}")
    if isinstance(value, list):
        for inner in value:
            yield from empties(inner, at)


def test_no_answer_holds_a_null_an_empty_field_or_a_count_of_zero() -> None:
    run = RunAnswer(
        run_id="run_1", state="done", kind="sync", actor="anna", progress={"phase": "done", "done": 0, "total": 0},
        counts={"create": 0, "update": 2}, failures=[], failures_total=0, findings=[], usage={"aws_calls": 0},
        created_at="2026-11-24T08:00:00Z",
    )  # fmt: skip
    document = lean_document(run)
    assert list(empties(document)) == []
    assert document["counts"] == {"update": 2} and "usage" not in document and "failures" not in document
    change_set = ChangeSetAnswer(
        change_set_id="cs_1", digest="ab", created_at="x", expires_at="y", state="open", summary={"create": 0},
        blocked=0, findings=[], problems=[], problems_total=0, items=[], total=0,
    )  # fmt: skip
    assert list(empties(lean_document(change_set))) == []


@given(OBJECTS, st.integers(min_value=10, max_value=400))
def test_a_document_fits_its_budget_or_has_no_list_left_to_cut(document: dict[str, Json], budget: int) -> None:
    before = json.dumps(document)
    cut, left_out = fitted(document, budget)
    assert json.dumps(document) == before, "what it was given stays as it is"
    if not left_out:
        assert cut == document
    else:
        assert cut[LEFT_OUT] == left_out and all(count > 0 for count in left_out.values())


def test_the_longest_list_is_cut_first_and_counted() -> None:
    document: dict[str, Json] = {"id": "x", "short": ["a", "b"], "long": [{"text": "t" * 50} for _ in range(100)]}
    cut, left_out = fitted(document, 1_000)
    assert length(cut) <= 1_000 + len('"left_out":{"long":99},') and cut["short"] == ["a", "b"]
    kept = cut["long"]
    assert isinstance(kept, list) and left_out == {"long": 100 - len(kept)}


def test_what_was_not_there_before_is_counted_as_left_out_too() -> None:
    rows: list[Json] = [{"text": "t" * 50} for _ in range(50)]
    cut, left_out = fitted({"failures": rows, "failures_total": 56}, 2_000)
    kept = cut["failures"]
    assert isinstance(kept, list) and 0 < len(kept) < 50 and left_out == {"failures": 56 - len(kept)}


@given(OBJECTS)
def test_the_text_holds_every_name_and_every_plain_word_of_the_document(document: dict[str, Json]) -> None:
    text = "\n".join(content_lines(document))
    for word in _words(document):
        assert word in text


def _words(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.isascii() and name.isalnum():
                yield name
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str) and value.isascii() and value.isalnum():
        yield value
    elif isinstance(value, bool | int):
        yield json.dumps(value)


def test_texts_from_outside_stand_in_quotes_and_our_own_do_not() -> None:
    document: dict[str, Json] = {
        "asset": "S/A B\u200b",
        "label": 'say "x"\u202e\nand go',
        "items": [{"remedy": "Run it again.", "kind": "view", "names": ["a", "b c"], "text": "stop"}],
    }
    assert list(content_lines(document)) == [
        'asset "S/A B\\u200b"; label "say \\"x\\"\\u202e and go"',
        "items:",
        '- remedy Run it again.; kind view; names [a, b c]; text "stop"',
    ]


def test_fields_that_all_rows_have_are_named_once() -> None:
    rows: list[Json] = [{"asset": "S/A", "kind": "view", "problem": "It is gone."}, {"asset": "S/B", "kind": "view"}]
    assert list(content_lines({"items": rows})) == [
        "items (asset; kind):",
        "- S/A; view; problem It is gone.",
        "- S/B; view",
    ]
