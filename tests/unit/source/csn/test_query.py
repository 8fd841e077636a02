"""What a query reads, form by form (https://cap.cloud.sap/docs/cds/cqn)."""

from __future__ import annotations

from typing import Any

from tests.unit.source.csn.documents import csn, objects, origins, read, view


def select(source: Any, *columns: Any, **more: Any) -> dict[str, Any]:
    named = {"columns": list(columns)} if columns else {}
    return {"SELECT": {"from": {"ref": [source]} if isinstance(source, str) else source, **named, **more}}


def ref(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"ref": list(steps), **more}


def test_a_column_keeps_its_own_name_or_gets_another() -> None:
    found = view(select("T", ref("A"), ref("T", "B", **{"as": "C"})), "A", "C")
    assert origins(found) == {("A", "T", "A", "direct"), ("C", "T", "B", "direct")}
    assert objects(found) == {("T", "query")}


def test_all_columns_but_some() -> None:
    found = view(select("T", "*", {"func": "UPPER", "args": [ref("A")], "as": "B"}, excluding=["D"]), "A", "B", "D")
    assert origins(found) == {("A", "T", "A", "direct"), ("B", "T", "A", "calculated")}


def test_without_a_list_of_columns_all_are_meant() -> None:
    assert origins(view(select("T"), "A")) == {("A", "T", "A", "direct")}


def test_a_name_without_its_table_may_be_of_each_that_is_joined() -> None:
    joined = {"join": "left", "args": [ref("T", **{"as": "x"}), ref("U")], "on": [ref("x", "K"), "=", ref("U", "K")]}
    found = view(select(joined, ref("A"), ref("x", "B")), "A", "B")
    assert origins(found) == {("A", "T|U", "A", "direct"), ("B", "T", "B", "direct")}
    assert objects(found) == {("T", "join"), ("U", "join")}


def test_a_subquery_hands_its_columns_on() -> None:
    inner = {**select("T", ref("A", **{"as": "X"}), {"func": "SUM", "args": [ref("Q")], "as": "S"}), "as": "i"}
    found = view(select(inner, ref("i", "X", **{"as": "Y"}), {"xpr": [ref("S"), "*", {"val": 2}], "as": "Z"}), "Y", "Z")
    assert origins(found) == {("Y", "T", "A", "direct"), ("Z", "T", "Q", "aggregated")}


def test_a_union_takes_columns_by_their_place() -> None:
    parts = [select("T", ref("A"), ref("B")), select("U", ref("C"), ref("D"))]
    found = view({"SET": {"op": "union", "all": True, "args": parts}}, "A", "B")
    assert origins(found) == {
        ("A", "T", "A", "direct"),
        ("A", "U", "C", "direct"),
        ("B", "T", "B", "direct"),
        ("B", "U", "D", "direct"),
    }
    assert objects(found) == {("T", "union"), ("U", "union")}


def test_what_only_removes_rows_gives_no_column() -> None:
    found = view({"SET": {"op": "except", "args": [select("T", ref("A")), select("U", ref("A"))]}}, "A")
    assert origins(found) == {("A", "T", "A", "direct")}
    assert objects(found) == {("T", "query"), ("U", "filter")}
    inside = [ref("A"), "in", select("W", ref("K"))]
    found = view(select("T", ref("A"), where=inside), "A")
    assert (origins(found), objects(found)) == ({("A", "T", "A", "direct")}, {("T", "query"), ("W", "filter")})


def test_an_association_is_followed_only_where_a_path_goes_along_it() -> None:
    mixin = {"_M": {"type": "cds.Association", "target": "M", "on": []}, "_N": {"target": "N"}}
    found = view(select("T", ref("_M", "X"), ref("_N"), ref("_own", "Y"), mixin=mixin), "X", "Y")
    assert origins(found) == {("X", "M", "X", "direct"), ("Y", "T", "_own.Y", "direct")}
    assert objects(found) == {("T", "query"), ("M", "association")}


def test_parameters_constants_and_the_user_come_from_nowhere() -> None:
    columns = [
        {"ref": ["P"], "param": True, "as": "A"},
        {"val": 1, "as": "B"},
        ref("$user", "id", **{"as": "C"}),
        {"xpr": ["case", "when", ref("X"), "=", {"val": 1}, "then", ref("Y"), "end"], "as": "D"},
    ]
    assert origins(view(select("T", *columns), "A", "B", "C", "D")) == {
        ("D", "T", "X", "calculated"),
        ("D", "T", "Y", "calculated"),
    }


def test_a_column_may_refer_to_another_of_the_same_query_and_not_to_itself() -> None:
    columns = [ref("A", **{"as": "X"}), ref("$self", "X", **{"as": "Y"}), ref("$projection", "Z", **{"as": "Z"})]
    assert origins(view(select("T", *columns), "X", "Y", "Z")) == {("X", "T", "A", "direct"), ("Y", "T", "A", "direct")}


def test_windows_named_arguments_and_scalar_subqueries() -> None:
    columns = [
        {"func": "ROW_NUMBER", "xpr": ["over", {"xpr": ["partition", "by", ref("G")]}], "as": "N"},
        {"func": "F", "args": {"in": ref("A")}, "as": "F"},
        {**select("W", {"func": "MAX", "args": [ref("M")], "as": "m"}), "as": "W"},
    ]
    found = view(select("T", *columns), "N", "F", "W")
    assert origins(found) == {
        ("N", "T", "G", "calculated"),
        ("F", "T", "A", "calculated"),
        ("W", "W", "M", "aggregated"),
    }


def test_a_shared_object_and_a_view_with_parameters() -> None:
    called = ref({"id": "FINANCE.SALES", "args": {"P": {"val": 1}}})
    found = view(select(called, ref("SALES", "A")), "A")
    assert (origins(found), objects(found)) == ({("A", "FINANCE.SALES", "A", "direct")}, {("FINANCE.SALES", "query")})


def test_what_nobody_knows_is_told() -> None:
    found = view(select({"func": "MY_FUNCTION", "args": []}, ref("A")), "A")
    assert (origins(found), len(found.origins.unknown)) == (set(), 1)
    text = {
        "V": {"kind": "entity", "elements": {"A": {"type": "cds.String"}}, "@DataWarehouse.sqlEditor.query": "SELECT"}
    }
    found = read(csn(text))
    assert found.view_definition == "SELECT" and "SQL" in found.origins.unknown[0]


def test_no_column_that_is_none_of_the_object_gets_an_origin() -> None:
    assert origins(view(select("T", ref("A"), ref("GONE")), "A")) == {("A", "T", "A", "direct")}
