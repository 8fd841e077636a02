"""The validator finds what AWS would refuse, before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.targets.aws.limits import validate


def _create(**table: Any) -> dict[str, Any]:
    return {"DatabaseName": "sales", "TableInput": {"Name": "orders", **table}}


def _columns(*columns: dict[str, Any]) -> dict[str, Any]:
    return _create(StorageDescriptor={"Columns": list(columns)})


def test_what_glue_takes_has_no_problems() -> None:
    params = _create(
        Description="Aufträge\nzweite Zeile 😀",
        TableType="EXTERNAL_TABLE",
        Retention=0,
        PartitionKeys=[],
        Parameters={"spheresync.label": "Größe", "spheresync.view-definition": "SELECT\n1"},
        StorageDescriptor={"Columns": [{"Name": "a", "Type": "decimal(38,2)", "Comment": "Wert\tin €"}]},
    )
    assert validate("glue", "CreateTable", params) == ()


@pytest.mark.parametrize(
    ("params", "path", "limit", "actual"),
    [
        (_create(Description="x" * 2049), "TableInput.Description", "at most 2048", "2049"),
        (_create(Description="ä" * 1025), "TableInput.Description", "at most 2048 bytes", "2050"),
        ({"DatabaseName": "", "TableInput": {"Name": "t"}}, "DatabaseName", "at least 1", "0"),
        (_columns({"Name": "c" * 256}), "TableInput.StorageDescriptor.Columns[0].Name", "at most 255", "256"),
        (_columns({"Name": "a"}, {"Name": "b", "Comment": "x" * 256}), "Columns[1].Comment", "at most 255", "256"),
        (_columns({"Name": "a", "Comment": "two\nlines"}), "Columns[0].Comment", "must match", "two\\nlines"),
        (_columns({"Name": "a", "Type": "x" * 131073}), "Columns[0].Type", "at most 131072", "131073"),
        (_create(Parameters={"k": "v" * 512_001}), "TableInput.Parameters['k']", "at most 512000", "512001"),
        (_create(Parameters={"k" * 256: "v"}), "(key)", "at most 255", "256"),
        (_create(Parameters={"k": "\ud800"}), "TableInput.Parameters['k']", "surrogate", "ud800"),
        (_create(Parameters={"k": 7}), "TableInput.Parameters['k']", "must be text", "int"),
        (_create(Retention=-1), "TableInput.Retention", "at least 0", "-1"),
        (_create(Retention=True), "TableInput.Retention", "whole number", "bool"),
        (_columns({"Type": "int"}), "Columns[0].Name", "required", "missing"),
        (_create(Nonsense="x"), "TableInput.Nonsense", "not a member", ""),
        (
            _create(ViewDefinition={"Representations": [{"Dialect": "HANA"}]}),
            "Representations[0].Dialect",
            "ATHENA, REDSHIFT, SPARK",
            "HANA",
        ),
        (_create(ViewDefinition={"Representations": []}), "ViewDefinition.Representations", "at least 1 items", "0"),
        (_create(StorageDescriptor=[]), "TableInput.StorageDescriptor", "structure", "list"),
    ],
)
def test_a_problem_names_member_limit_and_actual(params: dict[str, Any], path: str, limit: str, actual: str) -> None:
    (problem,) = validate("glue", "CreateTable", params)
    assert path in problem
    assert limit in problem
    assert actual in problem


def test_every_problem_of_a_request_is_named() -> None:
    problems = validate("glue", "CreateTable", _create(Description="x" * 3000, Owner="", Parameters={"": "v"}))
    assert len(problems) == 3


@given(st.text(max_size=400))
def test_a_comment_passes_exactly_when_its_bytes_and_characters_do(comment: str) -> None:
    try:
        size = len(comment.encode())
    except UnicodeEncodeError:
        size = 10_000
    allowed = all(c == "\t" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000" for c in comment)
    problems = validate("glue", "CreateTable", _columns({"Name": "a", "Comment": comment}))
    assert (problems == ()) == (size <= 255 and allowed)


TEXTS = st.one_of(
    st.text(alphabet="ab c", max_size=4), st.sampled_from(["ä", "x" * 256, "two\nlines", "\ud800", ""]), st.integers()
)
COLUMNS = st.dictionaries(
    st.sampled_from(["Name", "Type", "Comment", "Nonsense"]), TEXTS, max_size=4
) | st.sampled_from([7, []])


@given(
    st.lists(COLUMNS, max_size=4) | st.just("none"),
    st.dictionaries(TEXTS.map(str), TEXTS, max_size=3) | st.just([]),
    st.sampled_from([0, -1, True, "1"]),
)
def test_a_request_is_fine_exactly_when_a_look_at_each_of_its_values_finds_nothing(
    columns: Any, parameters: Any, retention: Any
) -> None:
    params = _create(StorageDescriptor={"Columns": columns}, Parameters=parameters, Retention=retention)
    parts = [_create(Parameters=parameters), _create(Retention=retention)]
    if isinstance(columns, list):
        parts += [_columns(column) for column in columns]
        for column in columns:
            named = {"Name": "a", **column} if isinstance(column, dict) else {}
            parts += [_columns({"Name": named["Name"], name: value}) for name, value in named.items()]
    else:
        parts.append(_create(StorageDescriptor={"Columns": columns}))
    assert bool(validate("glue", "CreateTable", params)) == any(validate("glue", "CreateTable", each) for each in parts)


def test_operations_of_other_services_compile_too() -> None:
    tag = {"TagKey": "sap_domain", "TagValues": ["x"]}
    assert validate("lakeformation", "CreateLFTag", tag) == ()
    assert validate("lakeformation", "CreateLFTag", {"TagKey": "k" * 129, "TagValues": []}) != ()
