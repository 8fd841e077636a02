"""Values of persons at the doors of the server: which callers see them, and what is never touched."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.alerts.messages import Notice
from spheresync.answers import AssetRow, FieldRow, MatchRow, Page
from spheresync.config import AlertKind
from spheresync.model.principals import CallerRole
from spheresync.observe.logs import LineFormatter, LogStyle
from spheresync.personal_values import find_personal_values
from spheresync_server.dashboard import status_page
from spheresync_server.json_texts import Json
from spheresync_server.masking import NEVER_MASKED, mask_answer, mask_json, masks_for

VALUE = "max.muster@example.com"
_TEXTS = st.sampled_from([VALUE, "DE89370400440532013000", "+49 89 12345678", "plain"]) | st.text(max_size=20)
_DOCUMENTS: st.SearchStrategy[Json] = st.recursive(
    _TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "label", "text"]), inner),
    max_leaves=12,
)


@pytest.mark.parametrize("role", CallerRole)
def test_stewards_and_administrators_read_values_and_others_do_not(role: CallerRole) -> None:
    on, off = (cast("Any", SimpleNamespace(personal_data=SimpleNamespace(mask=mask))) for mask in (True, False))
    may_read = role in {CallerRole.STEWARD, CallerRole.ADMIN}
    assert masks_for([role], on) is not may_read
    assert masks_for([role], None) is not may_read, "before the settings are known"
    assert not masks_for([role], off)


@given(_DOCUMENTS)
def test_a_masked_document_holds_no_value_wherever_it_stood(document: Json) -> None:
    assert not find_personal_values(json.dumps(mask_json(document), ensure_ascii=False))


@pytest.mark.parametrize("field", sorted(NEVER_MASKED))
def test_names_and_people_who_act_here_stay_as_they_are(field: str) -> None:
    assert mask_json({field: [VALUE]}) == {field: [VALUE]}


@pytest.mark.parametrize("field", ["owner", "steward", "label"])
def test_whom_to_ask_is_no_free_text_in_a_change_either(field: str) -> None:
    change = FieldRow(path=f"parameters.spheresync.{field}", before=VALUE, after=None)
    seen = "[e-mail]" if field == "label" else VALUE
    assert mask_answer(change).before == seen
    assert mask_json({"changes": [change.model_dump()]}) == {"changes": [{**change.model_dump(), "before": seen}]}


@pytest.mark.parametrize("field", ["owner", "steward", "label"])
def test_whom_to_ask_is_no_free_text_where_a_search_finds_it_either(field: str) -> None:
    match = MatchRow(field=field, text=VALUE)
    seen = "[e-mail]" if field == "label" else VALUE
    assert mask_answer(match).text == seen
    assert mask_json({"matched": [{"field": field, "text": VALUE}]}) == {"matched": [{"field": field, "text": seen}]}


def test_an_answer_keeps_its_type_and_its_names() -> None:
    row = AssetRow(asset=f"S/{VALUE}", kind="view", label=f"ask {VALUE}", tier="high", status="synced")
    page = mask_answer(Page[AssetRow](items=[row], total=1))
    assert isinstance(page.items[0], AssetRow)
    assert (page.items[0].asset, page.items[0].label) == (f"S/{VALUE}", "ask [e-mail]")
    assert row.label == f"ask {VALUE}", "what was asked for stays whole for others"


def _logged(text: str, style: LogStyle) -> str:
    return LineFormatter(style).format(logging.LogRecord("spheresync", logging.WARNING, "f", 1, "%s", (text,), None))


def _alerted(text: str, form: str) -> str:
    at = "2026-11-24T08:00:00.000000Z"
    return json.dumps(Notice("i", "wolf", AlertKind.GUARD, "S/A", "began", text, text, at, at).payload(form))


#: Where texts leave for readers of whom nobody knows what they may read: nobody sees a value there.
OPEN_DOORS: dict[str, Callable[[str], str]] = {
    **{f"log, {style}": partial(_logged, style=style) for style in LogStyle},
    **{f"alert, {form}": partial(_alerted, form=form) for form in ("slack", "teams", "json")},
    "status page": status_page._text,
}


@pytest.mark.parametrize("door", OPEN_DOORS)
def test_logs_alerts_and_the_status_page_show_no_value_to_anybody(door: str) -> None:
    text = OPEN_DOORS[door](f"row of {VALUE}: 4111 1111 1111 1111")
    assert "row of" in text
    assert VALUE not in text
    assert "4111" not in text
