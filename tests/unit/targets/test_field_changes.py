"""Field-level differences as a person reads them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import FieldChange, Severity
from spheresync.targets.field_changes import severity_of
from spheresync.targets.glue.design import GLUE_DESIGN


def table(*columns: tuple[str, str], **parameters: str) -> bytes:
    return json.dumps(
        {
            "Name": "orders",
            "Parameters": parameters,
            "StorageDescriptor": {"Columns": [{"Name": name, "Type": kind} for name, kind in columns]},
        }
    ).encode()


def test_a_changed_type_is_one_change_at_the_column_and_breaks_readers() -> None:
    changes = GLUE_DESIGN.changes(table(("id", "int"), ("amount", "int")), table(("id", "int"), ("amount", "bigint")))
    assert changes == (FieldChange("columns.amount.type", "int", "bigint"),)
    assert severity_of(changes) is Severity.BREAKING


def test_a_new_column_adds_and_a_lost_one_breaks() -> None:
    one, two = table(("id", "int")), table(("id", "int"), ("x", "int"))
    assert severity_of(GLUE_DESIGN.changes(one, two)) is Severity.ADDITIVE
    assert severity_of(GLUE_DESIGN.changes(two, one)) is Severity.BREAKING
    assert [change.path for change in GLUE_DESIGN.changes(two, one)] == ["columns.x"]


def test_a_moved_column_is_a_new_order_and_nothing_else() -> None:
    changes = GLUE_DESIGN.changes(table(("a", "int"), ("b", "int")), table(("b", "int"), ("a", "int")))
    assert changes == (FieldChange("columns.order", ["a", "b"], ["b", "a"]),)
    assert severity_of(changes) is Severity.COMPATIBLE


def test_a_label_is_compatible_and_the_digest_of_the_body_is_not_worth_a_line() -> None:
    before = table(**{"spheresync.label": "Orders", "spheresync.fingerprint": "1", "Owner": "x"})
    after = table(**{"spheresync.label": "Sales orders", "spheresync.fingerprint": "2", "Owner": "y"})
    changes = GLUE_DESIGN.changes(before, after)
    assert [change.path for change in changes] == ["parameters.Owner", "parameters.spheresync.label"]
    assert severity_of(changes) is Severity.COMPATIBLE


KEYS = st.text(min_size=1, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, JSON, max_size=4), st.dictionaries(KEYS, JSON, max_size=4))
def test_no_change_exactly_when_equal(before: dict[str, object], after: dict[str, object]) -> None:
    same = GLUE_DESIGN.changes(json.dumps(before).encode(), json.dumps(after).encode()) == ()
    # An absent member and one that is null say the same to the services.
    assert same == (_without_null(before) == _without_null(after))


def _without_null(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_null(inner) for key, inner in value.items() if inner is not None}
    return value
