"""Structured content: rows leave out keys without a value, and what is left still fits its model."""

from __future__ import annotations

from types import NoneType
from typing import get_args

import pytest
from pydantic import BaseModel, JsonValue

from spheresync import answers
from spheresync.answers import AssetRow, ChangeRow, FieldRow, Page
from spheresync_server.mcp_server.tool_results import document_of

MODELS = [each for name in answers.__all__ if issubclass(each := getattr(answers, name), BaseModel)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_may_have_no_value_may_be_left_out(model: type[BaseModel]) -> None:
    nullable = {
        name
        for name, field in model.model_fields.items()
        if field.annotation is not JsonValue and NoneType in get_args(field.annotation)
    }
    assert {name for name in nullable if model.model_fields[name].is_required()} == set()


def test_rows_leave_out_keys_without_a_value_and_null_values_stay() -> None:
    row = AssetRow(asset="S/A", kind="view", label="", tier="high", status="synced")
    document = document_of(Page[AssetRow](items=[row], total=1))
    assert document == {
        "items": [{"asset": "S/A", "kind": "view", "label": "", "tier": "high", "status": "synced", "problem": None}],
        "total": 1,
        "next_cursor": None,
    }
    assert Page[AssetRow].model_validate(document).items == [row]
    change = ChangeRow(
        asset="S/A",
        action="update",
        strategy="full",
        target="glue",
        object="s.a",
        severity="none",
        reason="",
        changes=[FieldRow(path="description", before=None, after="x")],
    )
    assert document_of(change)["changes"] == [{"path": "description", "before": None, "after": "x"}]
