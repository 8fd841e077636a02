"""What is written onto tables of others: whatever they look like, all but what is ours survives, byte by byte."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.mapping.rules import Decision
from spheresync.model import Asset, AssetId, DesiredObject, Digest, LiveObject, PhysicalName, canonical_json
from spheresync.targets.glue import bound_table
from spheresync.targets.glue.bound_columns import findings_of, match_columns
from spheresync.targets.glue.design import GLUE_DESIGN
from spheresync.targets.glue.table_input import fingerprint_of, physical_columns
from tests.unit.mapping.assets import ASSETS, MARKER, ORDERS, column, decide

Table = dict[str, Any]
POLICIES = DriftPolicies()
TEXT = st.text(alphabet="abÄ .", max_size=4)
FOREIGN = st.dictionaries(
    st.sampled_from(["table_type", "metadata_location", "comment", "classification", "spheresyncish"])
    | st.sampled_from(["spheresync.note", "spheresync.owner", "spheresync.label", "spheresync.role"]),
    TEXT,
    max_size=3,
)
NAMES = st.sampled_from(["a", "A", "b", "B", "a_b", "Other", "dot.ted", "id", "amount"])


@st.composite
def members(draw: st.DrawFn, **fixed: st.SearchStrategy[Any]) -> Table:
    """An object of which each member is there or not, so that an absent one is told from an empty one."""
    return {name: draw(values) for name, values in fixed.items() if draw(st.booleans())}


COLUMN = st.builds(
    lambda name, rest: {"Name": name, **rest},
    NAMES,
    members(
        Type=st.sampled_from(["string", "bigint", "decimal(10, 2)", ""]),
        Comment=TEXT,
        Parameters=FOREIGN | st.fixed_dictionaries({"spheresync.name": st.sampled_from(["a", "B", "nobody"])}),
    ),
)
COLUMNS = st.lists(COLUMN, max_size=4, unique_by=lambda each: each["Name"])
STORAGE = st.builds(
    lambda columns, rest: {**rest, "Columns": columns},
    COLUMNS,
    members(Location=TEXT, SerdeInfo=st.just({"Name": "s"}), Parameters=FOREIGN),
)
TABLES = st.builds(
    lambda rest: {"Name": "t", **rest},
    members(
        Description=TEXT,
        Owner=TEXT,
        Retention=st.integers(0, 3),
        TableType=st.sampled_from(["EXTERNAL_TABLE", "VIRTUAL_VIEW", "EXTERNAL", ""]),
        Parameters=FOREIGN,
        PartitionKeys=COLUMNS,
        StorageDescriptor=STORAGE,
        ViewOriginalText=TEXT,
        TargetTable=st.just({"DatabaseName": "d", "Name": "n"}),
    ),
)


def live(table: Table, version: str = "3") -> LiveObject:
    parameters = table.get("Parameters") or {}
    claimed = parameters.get("spheresync.fingerprint")
    return LiveObject(
        container=PhysicalName("lake"),
        name=PhysicalName("t"),
        version=version,
        body=canonical_json(table),
        owner=parameters.get("spheresync.managed-by"),
        source=parameters.get("spheresync.source"),
        digest=None if claimed is None else Digest(claimed),
        intact=claimed is not None and fingerprint_of(table) == claimed,
        bound_by=parameters.get("spheresync.bound-by"),
    )


def annotated(asset: Asset, table: Table, decision: Decision | None = None) -> DesiredObject:
    return bound_table.annotate(asset, decision or decide(asset), live(table), MARKER)


def bound(asset: Asset, table: Table, last: Table | None = None, policies: DriftPolicies = POLICIES) -> Table:
    """The table once what is known of the asset stands on it."""
    base = None if last is None else canonical_json(last)
    merged = bound_table.merge(base, canonical_json(table), annotated(asset, table).body, policies)
    body: Table = json.loads(merged.body)
    return body


def taken_back(table: Table, last: Table) -> Table:
    nothing = bound_table.nothing_of_ours(PhysicalName("lake"), PhysicalName("t"))
    body = bound_table.merge(canonical_json(last), canonical_json(table), nothing.body, POLICIES).body
    left: Table = json.loads(body)
    return left


def holders(table: Table) -> list[Table]:
    return [table, *(table.get("StorageDescriptor") or {}).get("Columns", [])]


@given(ASSETS, TABLES)
def test_binding_changes_nothing_that_is_not_ours(asset: Asset, table: Table) -> None:
    there = bound(asset, table)
    assert there.keys() <= {*table, "Description", "Parameters"}
    before = deepcopy(table)
    for holder, after in zip(holders(before), holders(there), strict=True):
        for name in ("Description", "Comment"):
            if holder.get(name):
                assert after[name] == holder[name], "a text of theirs stays"
        foreign = {k: v for k, v in (holder.get("Parameters") or {}).items() if not k.startswith("spheresync.")}
        assert {k: v for k, v in after.get("Parameters", {}).items() if not k.startswith("spheresync.")} == foreign
        untouched = {"Parameters", "Description", "Comment", "StorageDescriptor"}
        assert {k: v for k, v in after.items() if k not in untouched} == {
            k: v for k, v in holder.items() if k not in untouched
        }
    assert table == before, "what was handed in stays as it was"


@given(ASSETS, TABLES)
def test_what_was_bound_is_taken_back_whole(asset: Asset, table: Table) -> None:
    there = bound(asset, table)
    assert taken_back(there, there) == table


@given(ASSETS, ASSETS, TABLES)
def test_however_often_it_was_written_it_is_taken_back_whole(first: Asset, then: Asset, table: Table) -> None:
    once = bound(first, table)
    again = bound(replace(then, id=first.id), once, last=once)
    assert taken_back(again, again) == table


@given(ASSETS, TABLES)
def test_binding_twice_changes_nothing_more_and_the_table_proves_itself(asset: Asset, table: Table) -> None:
    once = bound(asset, table)
    assert bound(asset, once, last=once) == once
    assert fingerprint_of(once) == once["Parameters"]["spheresync.fingerprint"]
    assert live(once).intact


@given(ASSETS, TABLES, st.sampled_from(DriftPolicy))
def test_what_was_written_is_found_again_in_the_table_alone(asset: Asset, table: Table, policy: DriftPolicy) -> None:
    policies = DriftPolicies(description=policy, comments=policy)
    once = bound(asset, table)
    proof = GLUE_DESIGN.last_written(canonical_json(once), live(once).digest)
    assert proof.proven
    assert bound(asset, once, last=json.loads(proof.body), policies=policies) == once


@given(ASSETS, TABLES, TABLES)
def test_undo_puts_back_ours_and_keeps_what_the_owner_did_since(asset: Asset, table: Table, later: Table) -> None:
    once = bound(asset, table)
    before, after = canonical_json(table), canonical_json(once)
    assert json.loads(bound_table.restored(before, after, after)) == table
    assert json.loads(bound_table.restored(after, before, before)) == once
    moved = deepcopy(once)
    moved["Parameters"] |= {"metadata_location": "s3://moved"}
    moved |= {name: value for name, value in later.items() if name in {"Owner", "Retention", "TableType"}}
    restored = json.loads(bound_table.restored(before, after, canonical_json(moved)))
    assert restored["Parameters"].pop("metadata_location") == "s3://moved"
    assert restored["Parameters"] == {
        name: value for name, value in (table.get("Parameters") or {}).items() if name != "metadata_location"
    }
    assert restored.get("Owner") == moved.get("Owner")
    assert bound_table.edited_since(before, after, canonical_json(moved)) == ()


TABLE: Table = {
    "Name": "t",
    "TableType": "EXTERNAL_TABLE",
    "Parameters": {"table_type": "ICEBERG", "metadata_location": "s3://m"},
    "PartitionKeys": [{"Name": "curr", "Type": "string"}],
    "StorageDescriptor": {
        "Columns": [
            {"Name": "ID", "Type": "bigint"},
            {"Name": "amount", "Type": "double", "Comment": "theirs"},
            {"Name": "mail", "Type": "string", "Parameters": {"spheresync.name": "Email"}},
        ]
    },
}


@pytest.mark.parametrize("policy", DriftPolicy)
def test_an_edit_of_our_text_follows_the_policy_and_theirs_is_never_overwritten(policy: DriftPolicy) -> None:
    once = bound(ORDERS, TABLE)
    edited = deepcopy(once)
    edited["Description"] = "by hand"
    edited["StorageDescriptor"]["Columns"][0]["Comment"] = "by hand"
    edited["StorageDescriptor"]["Columns"][1]["Comment"] = "theirs, changed"
    policies = DriftPolicies(description=policy, comments=policy)
    renamed = replace(ORDERS, labels=(("", "New"),))
    desired = bound_table.annotate(renamed, decide(renamed), live(edited), MARKER)
    merged = bound_table.merge(canonical_json(once), canonical_json(edited), desired.body, policies)
    body = json.loads(merged.body)
    first, second, _ = body["StorageDescriptor"]["Columns"]
    assert second["Comment"] == "theirs, changed"
    if policy is DriftPolicy.OVERWRITE:
        assert (body["Description"], first["Comment"], merged.kept) == ("New", "Label of ID", ())
    else:
        assert (body["Description"], first["Comment"]) == ("by hand", "by hand")
        assert {change.path for change in merged.kept} == {"description", "columns.ID.comment"}
        assert body["Parameters"]["spheresync.own-description"] == "New"
    assert {change.path for change in merged.ours_moved} == {"description", "columns.ID.comment"}
    back = taken_back(body, body)
    assert back["StorageDescriptor"]["Columns"][1]["Comment"] == "theirs, changed"
    assert back.get("Description") == (None if policy is DriftPolicy.OVERWRITE else "by hand")


def test_an_emptied_text_is_filled_again_whoever_it_was_of() -> None:
    once = bound(ORDERS, TABLE)
    emptied = deepcopy(once)
    emptied["Description"] = ""
    for each in emptied["StorageDescriptor"]["Columns"]:
        each["Comment"] = ""
    again = bound(ORDERS, emptied, last=once)
    assert again["Description"] == "Orders"
    assert [each["Comment"] for each in again["StorageDescriptor"]["Columns"]] == [
        "Label of ID",
        "Label of Amount",
        "E-mail",
    ]
    changed = GLUE_DESIGN.own_changes(canonical_json(emptied), canonical_json(again))
    assert "columns.amount.comment" in {each.path for each in changed}


def test_what_a_rewrite_of_the_columns_took_is_written_again_and_a_text_that_came_with_it_stays() -> None:
    once = bound(ORDERS, TABLE)
    rewritten = deepcopy(once)
    rewritten["StorageDescriptor"]["Columns"] = [
        {"Name": "id", "Type": "bigint", "Comment": "from the schema"},
        {"Name": "amount", "Type": "double", "Comment": "theirs"},
    ]
    again = bound(ORDERS, rewritten, last=once, policies=DriftPolicies(comments=DriftPolicy.REPORT))
    first, second = again["StorageDescriptor"]["Columns"]
    assert first["Parameters"]["spheresync.name"] == "ID", "the same column in another case"
    assert (first["Comment"], second["Comment"]) == ("from the schema", "theirs")
    assert "spheresync.beside-comment" in second["Parameters"]


def test_columns_match_by_name_in_any_case_and_then_by_our_parameter_each_once() -> None:
    asset = replace(
        ORDERS, columns=(column("A"), column("B"), column("C"), column("D", "Edm.Int32"), column("E", length=3))
    )
    table: Table = {
        "Name": "t",
        "PartitionKeys": [{"Name": "E", "Type": "string"}],
        "StorageDescriptor": {
            "Columns": [
                {"Name": "A", "Type": "STRING"},
                {"Name": "a", "Type": "string"},
                {"Name": "x", "Type": "string", "Parameters": {"spheresync.name": "B"}},
                {"Name": "y", "Type": "string", "Parameters": {"spheresync.name": "A"}},
                {"Name": "d", "Type": "integer"},
            ]
        },
    }
    matched = match_columns(physical_columns(asset, decide(asset)), table)
    assert [(mine.column.name, there["Name"]) for mine, there in matched.pairs] == [("A", "A"), ("B", "x"), ("D", "d")]
    assert [each.column.name for each in matched.only_in_asset] == ["C"]
    assert [each.column.name for each in matched.partition_keys] == ["E"]
    assert matched.only_in_table == ("a", "y")
    assert len([*findings_of(matched)]) == 3, "integer is int, and case is no type"


def renamed_there(name: str, new: str, *more: Table) -> Table:
    """`TABLE` bound, after its owner gave a column another name, as consoles do: all else of it goes along."""
    table = bound(ORDERS, TABLE)
    columns = table["StorageDescriptor"]["Columns"]
    next(each for each in columns if each["Name"] == name)["Name"] = new
    table["StorageDescriptor"]["Columns"] = [*more, *columns]
    return table


@pytest.mark.parametrize("more", [[], [{"Name": "ID", "Type": "int", "Comment": "new"}]], ids=["alone", "replaced"])
def test_a_column_that_its_owner_renames_takes_our_text_along_and_gives_it_back(more: list[Table]) -> None:
    once, moved = bound(ORDERS, TABLE), renamed_there("ID", "key", *more)
    back = taken_back(moved, once)
    assert {"Name": "key", "Type": "bigint"} in back["StorageDescriptor"]["Columns"]
    assert [each for each in more if each not in back["StorageDescriptor"]["Columns"]] == []
    assert bound_table.moved_fields(once, moved) == ()
    again = bound(ORDERS, moved, last=once, policies=DriftPolicies(comments=DriftPolicy.REPORT))
    columns = {each["Name"]: each for each in again["StorageDescriptor"]["Columns"]}
    if not more:
        assert columns["key"]["Comment"] == "Label of ID"
        assert "spheresync.beside-comment" not in columns["key"]["Parameters"]
    else:
        assert columns["key"] == {"Name": "key", "Type": "bigint"}, "the new one has the name that counts"
        assert columns["ID"]["Comment"] == "new"


def test_columns_that_change_names_keep_what_is_known_of_each() -> None:
    once = bound(ORDERS, TABLE)
    moved = deepcopy(once)
    first, second, _ = moved["StorageDescriptor"]["Columns"]
    first["Name"], second["Name"] = second["Name"], first["Name"]
    back = taken_back(moved, once)["StorageDescriptor"]["Columns"]
    assert back[0] == {"Name": "amount", "Type": "bigint"}
    assert back[1] == {"Name": "ID", "Type": "double", "Comment": "theirs"}


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs", "ambiguous"),
    [
        (["a.b", "a_b"], ["a_b"], {"a_b": "a_b"}, ()),
        (["a.b", "A_B"], ["a_b"], {"A_B": "a_b"}, ()),
        (["a.b", "a_b"], ["a_b", "a.b"], {"a_b": "a_b", "a.b": "a.b"}, ()),
        (["Größe", "order date"], ["größe", "order date"], {"Größe": "größe", "order date": "order date"}, ()),
        (["Größe", "order date"], ["groesse", "ORDER_DATE"], {"Größe": "groesse", "order date": "ORDER_DATE"}, ()),
        (["a.b", "a/b"], ["a_b"], {}, ("a_b",)),
        (["a.b", "a/b"], ["a_b|a/b"], {"a/b": "a_b"}, ()),
        (["A_B", "A_b"], ["a_b"], {}, ("a_b",)),
        (["Id"], ["id", "ID"], {"Id": "id"}, ()),
        (["Id"], ["iD", "ID"], {}, ("iD", "ID")),
        (["ID", "id"], ["id", "ID"], {"ID": "ID", "id": "id"}, ()),
        (["A"], ["x|A", "y|A"], {}, ("x", "y")),
    ],
)
def test_a_name_that_is_equal_wins_over_one_that_is_folded_and_one_that_fits_several_is_nobodys(
    ours: list[str], theirs: list[str], pairs: dict[str, str], ambiguous: tuple[str, ...]
) -> None:
    asset = replace(ORDERS, columns=tuple(column(name) for name in ours))
    there = [each.partition("|") for each in theirs]
    said = [{"Name": name, **({"Parameters": {"spheresync.name": own}} if own else {})} for name, _, own in there]
    for order in (said, said[::-1]):
        table = {"Name": "t", "StorageDescriptor": {"Columns": order}}
        matched = match_columns(physical_columns(asset, decide(asset)), table)
        assert {mine.column.name: each["Name"] for mine, each in matched.pairs} == pairs
        assert {*matched.ambiguous} == {*ambiguous}
        assert {each.column.name for each in matched.only_in_asset} == {*ours} - {*pairs}
        assert any("fit several" in each for each in findings_of(matched)) is bool(ambiguous)


@pytest.mark.parametrize(
    ("there", "length", "told"),
    [
        ("string", 3, False),
        ("STRING", None, False),
        ("varchar(3)", 3, False),
        ("char(9)", 3, False),
        ("varchar(2)", 3, True),
        ("varchar(9)", None, True),
        ("int", 3, True),
    ],
)
def test_only_a_type_that_does_not_hold_what_the_asset_has_is_told(there: str, length: int | None, told: bool) -> None:
    asset = replace(ORDERS, columns=(column("A", length=length),))
    table = {"Name": "t", "StorageDescriptor": {"Columns": [{"Name": "a", "Type": there}]}}
    found = [*findings_of(match_columns(physical_columns(asset, decide(asset)), table))]
    assert any("another type" in each for each in found) is told


def test_a_column_that_only_its_owner_names_keeps_that_name() -> None:
    once = bound(ORDERS, TABLE)
    mail = once["StorageDescriptor"]["Columns"][2]
    assert (mail["Comment"], mail["Parameters"]["spheresync.pii"]) == ("E-mail", "email")
    assert taken_back(once, once)["StorageDescriptor"]["Columns"][2] == TABLE["StorageDescriptor"]["Columns"][2]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, None),
        ({"spheresync.bound-by": MARKER, "spheresync.source": str(ORDERS.id)}, None),
        ({"spheresync.bound-by": "spheresync:another"}, "is bound by spheresync:another"),
        ({"spheresync.bound-by": MARKER, "spheresync.source": "X/Y"}, "is bound to X/Y"),
        ({"spheresync.managed-by": MARKER}, f"is managed by {MARKER}"),
        ({"spheresync.managed-by": "spheresync:another"}, "is managed by spheresync:another"),
    ],
)
def test_whose_table_may_be_bound(marks: dict[str, str], expected: str | None) -> None:
    there = live(TABLE | {"Parameters": marks})
    assert GLUE_DESIGN.not_bindable_because(there, ORDERS.id, MARKER, None) == expected
    assert GLUE_DESIGN.foreign_because(there, ORDERS.id, MARKER, None) is not None or "spheresync.managed-by" in marks


def test_a_table_that_could_not_be_written_back_is_left_alone() -> None:
    there = replace(live(TABLE), unwritable="ViewDefinition.Representations.IsStale")
    assert "ViewDefinition" in str(GLUE_DESIGN.not_bindable_because(there, AssetId.parse("A/B"), MARKER, None))


@pytest.mark.parametrize("over", [0, 1])
def test_texts_are_cut_at_the_limits_of_aws_and_stay_whole_in_parameters(over: int) -> None:
    label, text = "ä" * (127 + over) + "x", "ä" * (1023 + over) + "xx"
    asset = replace(ORDERS, labels=(("", text),), columns=(column("ID", labels=(("", label),)),))
    once = bound(asset, TABLE)
    first = once["StorageDescriptor"]["Columns"][0]
    assert len(first["Comment"].encode()) == (255 if not over else 254)
    assert len(once["Description"].encode()) == 2048, "two bytes a letter: what would be the 2049th falls off"
    assert (first["Parameters"]["spheresync.label"], once["Parameters"]["spheresync.label"]) == (label, text)


@pytest.mark.parametrize("over", [0, 1])
def test_what_is_larger_than_a_parameter_may_be_is_noted_by_its_size(over: int) -> None:
    asset = replace(ORDERS, view_definition="x" * (512_000 + over))
    said = bound(asset, TABLE)["Parameters"]
    assert ("spheresync.view-definition" in said) is not bool(over)
    assert ("spheresync.view-definition-omitted" in said) is bool(over)


def test_nothing_of_a_managed_table_is_in_a_bound_one() -> None:
    said = bound(ORDERS, TABLE)["Parameters"]
    assert said["spheresync.bound-by"] == MARKER
    assert said["spheresync.queryable"] == "true"
    assert {"classification", "typeOfData", "spheresync.managed-by"}.isdisjoint(said)
