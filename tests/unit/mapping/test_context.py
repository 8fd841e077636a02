"""What context files say of an asset: which entries are about it, and what they say together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import load_settings
from spheresync.config.context import BusinessContext, ContextAssets, ContextEntry
from spheresync.mapping.context import FIELDS, AssetContext, ContextEntries
from spheresync.mapping.matching import applies
from spheresync.mapping.rules import MappingRules
from spheresync.model import AssetId, AssetKind, ColumnRole
from tests.unit.mapping.assets import ORDERS, column


def entry(number: int, said: dict[str, Any]) -> ContextEntry:
    assets = ContextAssets.model_validate(said)
    return ContextEntry("context.yaml", number, assets.match, assets.set, assets.columns)


def compiled(*entries: dict[str, Any]) -> ContextEntries:
    return ContextEntries(BusinessContext(tuple(entry(at, said) for at, said in enumerate(entries, start=1))))


def said(*entries: dict[str, Any], label: str = "Orders") -> AssetContext:
    return compiled(*entries).of(ORDERS.id, ORDERS.kind, label)


def loaded(folder: Path, *files: object, rules: str = "") -> MappingRules:
    """The mapping of a configuration with these context files, and with these mapping rules."""
    (folder / "context").mkdir(exist_ok=True)
    for at, file in enumerate(files):
        (folder / "context" / f"{at}.yaml").write_text(yaml.safe_dump(file, sort_keys=False), "utf-8")
    (folder / "spheresync.yaml").write_text(f"context: context/*.yaml\n{rules}")
    return MappingRules.compile(load_settings("dog", None, {"HOME": str(folder)}, folder))


@pytest.mark.parametrize("field", FIELDS)
def test_a_later_entry_wins_key_by_key(field: str) -> None:
    value = {"retention": ("7y", "90d")}.get(field, ("one", "two"))
    found = said(
        {"set": {field: value[0], "terms": ["A"], "tags": {"layer": "silver", "a": "1"}}},
        {"match": {"name": "V_*"}, "set": {field: value[1], "tags": {"layer": "gold"}}},
        {"match": {"name": "nothing"}, "set": {field: value[0], "terms": []}},
    )
    assert found.said(field) == value[1]
    assert found.terms == ("A",)
    assert dict(found.tags) == {"layer": "gold", "a": "1"}
    assert [(fired.number, fired.overridden) for fired in found.fired] == [(1, (field, "tags.layer")), (2, ())]
    assert all(found.said(other) is None for other in FIELDS if other != field)


def test_an_empty_text_takes_back_what_was_said() -> None:
    found = said({"set": {"owner": "a", "terms": ["A"]}}, {"set": {"owner": "", "terms": []}})
    assert (found.said("owner"), found.terms) == ("", ())


def test_each_key_of_a_column_is_won_by_the_later_entry() -> None:
    found = said(
        {"columns": [{"match": {"name": "Am*"}, "set": {"personal_data": "financial", "terms": ["A"]}}]},
        {"columns": [{"match": {"role": "measure"}, "set": {"personal_data": "none"}}]},
    )
    amount = replace(column("Amount"), role=ColumnRole.MEASURE)
    assert (found.of_column(amount).personal_data, found.of_column(amount).terms) == ("none", ("A",))
    assert found.of_column(column("Amount")).personal_data == "financial"
    assert found.of_columns([column("Other")]) == {}


def test_files_count_in_the_order_of_their_names_and_places_say_file_and_line(tmp_path: Path) -> None:
    mapping = loaded(
        tmp_path,
        {"assets": [{"match": {"space": "SALES"}, "set": {"domain": "Sales", "owner": "a@example.com"}}]},
        {"assets": [{"match": {"name": "V_*"}, "set": {"owner": "b@example.com"}}]},
    )
    found = mapping.context_of(ORDERS.id, ORDERS.kind, "")
    assert dict(found.fields) == {"owner": "b@example.com", "domain": "Sales"}
    assert found.places == {"domain": "context/0.yaml, line 5", "owner": "context/1.yaml, line 5"}
    assert [fired.place for fired in found.fired] == ["context/0.yaml, line 2", "context/1.yaml, line 2"]
    assert mapping.decide(ORDERS.id, ORDERS.kind, "").context == found


NAMES = st.text("AB_", min_size=1, max_size=3)
GLOBS = st.lists(st.text("AB_*?", min_size=1, max_size=3), min_size=1, max_size=2)
MATCHES = st.fixed_dictionaries({}, optional={"space": GLOBS, "name": GLOBS, "label": GLOBS})
SETS = st.dictionaries(st.sampled_from(["owner", "domain"]), st.sampled_from(["x", "y", ""]), min_size=1)
ENTRIES = st.lists(st.fixed_dictionaries({"match": MATCHES, "set": SETS}), max_size=6)


@given(ENTRIES, NAMES, NAMES, NAMES)
def test_entries_are_found_as_if_each_was_tried_in_order(
    entries: list[dict[str, Any]], space: str, name: str, label: str
) -> None:
    asset = AssetId.parse(f"{space}/{name}")
    expected: dict[str, str] = {}
    numbers = []
    for number, each in enumerate(entries, start=1):
        if applies(entry(number, each).match, asset, AssetKind.VIEW, label):
            expected |= each["set"]
            numbers.append(number)
    found = compiled(*entries).of(asset, AssetKind.VIEW, label)
    assert dict(found.fields) == expected
    assert [fired.number for fired in found.fired] == numbers


@given(ENTRIES, st.integers(0, 6), NAMES, NAMES)
def test_what_two_files_say_is_what_one_says_with_both_together(
    entries: list[dict[str, Any]], at: int, space: str, name: str
) -> None:
    """Only the order counts, not where one file ends; so asking twice is asking the merged one."""
    asset = AssetId.parse(f"{space}/{name}")
    first = compiled(*entries[:at]).of(asset, AssetKind.VIEW, "")
    second = compiled(*entries[at:]).of(asset, AssetKind.VIEW, "")
    both = compiled(*entries).of(asset, AssetKind.VIEW, "")
    assert dict(both.fields) == {**dict(first.fields), **dict(second.fields)}
