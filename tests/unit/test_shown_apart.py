"""Two long values are shown where they differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import FieldChange
from spheresync.model.shown_apart import shown_apart
from spheresync.planning.decisions.drift_findings import _values
from spheresync.service.answer_rows import _field_row

COLUMNS = "column, " * 200


def test_long_values_that_differ_late_are_not_told_alike() -> None:
    change = FieldChange("form.columns", f"[{COLUMNS}A]", f"[{COLUMNS}B]")
    row = _field_row(change)
    assert isinstance(row.before, str) and isinstance(row.after, str)
    assert "A]" in row.before and "B]" in row.after and len(row.before) < 300 and "characters)" in row.before
    assert _values(change) == (row.before, row.after)
    listed = _values(FieldChange("form.columns", [COLUMNS, "A"], [COLUMNS, "B"]))
    assert listed[0] != listed[1]


@given(st.text("ab", max_size=30), st.text("ab", max_size=30), st.integers(min_value=1, max_value=10))
def test_what_differs_is_seen_to_differ_within_what_is_shown(before: str, after: str, longest: int) -> None:
    one, other = shown_apart(f"{'a' * 60}{before}", f"{'a' * 60}{after}", 50 + longest)
    assert (one[:101] == other[:101]) is (before == after)
