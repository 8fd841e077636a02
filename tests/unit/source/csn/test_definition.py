"""What a definition says: types, labels, keys, hierarchies, models."""

from __future__ import annotations

from typing import Any

import pytest

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetKind, Column, ColumnRole, ForeignKey, Hierarchy
from tests.unit.source.csn.documents import csn, origins, read


def column(element: dict[str, Any], /, **roots: Any) -> Column:
    definitions = {"V": {"kind": "entity", "elements": {"A": element}}, **roots.pop("definitions", {})}
    return read(csn(definitions, **roots)).columns[0]


@pytest.mark.parametrize("label", ["{i18n>k}", "{ i18n > k }", "{bundle>k}"])
def test_labels_in_every_language(label: str) -> None:
    texts = {"de": {"k": "Umsatz"}, "en_US": {"k": "Revenue"}, "": {"k": "Rev"}, "fr": {}}
    found = column({"type": "cds.String", "@EndUserText.label": label}, i18n=texts)
    assert found.labels == (("", "Rev"), ("de", "Umsatz"), ("en-US", "Revenue"))
    keyed = read(csn({"V": {"kind": "entity", "elements": {"A": {"@EndUserText.label": label}}}}))
    assert keyed.columns[0].labels == (), "a key is no label"
    assert keyed.findings == ("k: the CSN has no text of the key in any language, so no label",)


@pytest.mark.parametrize("value", [{"#": "SUM"}, "SUM", "#SUM"])
@pytest.mark.parametrize("term", ["@Aggregation.default", "@aggregation.Default"])
def test_both_spellings_of_a_value_in_any_case_of_the_term(value: Any, term: str) -> None:
    found = column({"type": "cds.Integer", term: value})
    assert (found.aggregation, found.role) == ("SUM", ColumnRole.MEASURE)


@pytest.mark.parametrize("spelled", ["UserID", "USER_ID", {"#": "USER_ID"}])
def test_personal_data_in_old_and_new_spelling(spelled: Any) -> None:
    found = column({"@PersonalData": {"fieldSemantics": spelled, "IsPotentiallyPersonal": True}})
    assert ("potentially_personal", "true") in found.semantics
    assert [value.replace("_", "") for name, value in found.semantics if name == "personal_data"] == ["userid"]


def test_custom_types_give_what_an_element_lacks() -> None:
    definitions = {
        "Money": {"kind": "type", "type": "Amount", "@EndUserText.label": "Money"},
        "Amount": {"kind": "type", "type": "cds.Decimal", "precision": 15, "scale": 2},
        "Loop": {"kind": "type", "type": "Loop"},
    }
    found = column({"type": "Money", "scale": 3}, definitions=definitions)
    assert (str(found.type), found.label) == ("cds.Decimal(15,3)", "Money")
    assert str(column({"type": "Loop"}, definitions=definitions).type) == "unknown"
    of = {"T": {"kind": "entity", "elements": {"X": {"type": "cds.String", "length": 7, "key": True}}}}
    found = column({"type": {"ref": ["T", "X"]}}, definitions=of)
    assert (str(found.type), found.key) == ("cds.String(7)", False)


def test_structures_are_flattened_and_lists_are_collections() -> None:
    address = {"kind": "type", "elements": {"street": {"type": "cds.String"}, "tags": {"items": {"type": "cds.Int32"}}}}
    found = read(csn({"V": {"kind": "entity", "elements": {"home": {"type": "Address"}}}, "Address": address}))
    assert [(c.name, str(c.type)) for c in found.columns] == [
        ("home_street", "cds.String"),
        ("home_tags", "Collection(cds.Int32)"),
    ]


@pytest.mark.parametrize("long", [1, 2, 3], ids=["itself", "another", "a third"])
def test_a_structure_that_holds_itself_is_a_finding_and_no_column(long: int) -> None:
    types = {
        f"S{n}": {"kind": "type", "elements": {"x": {"type": "cds.Integer"}, "y": {"type": f"S{(n + 1) % long}"}}}
        for n in range(long)
    }
    elements = {"ID": {"type": "cds.Integer"}, "A": {"type": "S0"}, "Z": {"type": "cds.Integer"}}
    found = read(csn({"V": {"kind": "entity", "elements": elements}, **types}))
    assert [str(each.name) for each in found.columns] == ["ID", "Z"]
    assert found.findings == ("A: the structure holds itself or is nested too deep, so it has no columns",)


def test_a_structure_that_is_nested_too_deep_is_a_finding_and_no_column() -> None:
    types = {f"S{n}": {"kind": "type", "elements": {"x": {"type": f"S{n + 1}"}}} for n in range(50)}
    elements = {"ID": {"type": "cds.Integer"}, "A": {"type": "S0"}}
    found = read(csn({"V": {"kind": "entity", "elements": elements}, **types}))
    assert [str(each.name) for each in found.columns] == ["ID"] and len(found.findings) == 1


def test_one_structure_twice_is_no_circle() -> None:
    types = {"S": {"kind": "type", "elements": {"x": {"type": "cds.Integer"}}}}
    types["T"] = {"kind": "type", "elements": {"a": {"type": "S"}, "b": {"type": "S"}}}
    found = read(csn({"V": {"kind": "entity", "elements": {"A": {"type": "T"}, "B": {"type": "S"}}}, **types}))
    assert [str(each.name) for each in found.columns] == ["A_a_x", "A_b_x", "B_x"] and found.findings == ()


@pytest.mark.parametrize("odd", ["cds.Integer", None, 1, [], True])
def test_an_element_that_is_no_object_is_a_finding(odd: Any) -> None:
    found = read(csn({"V": {"kind": "entity", "elements": {"ID": {"type": "cds.Integer"}, "A": odd}}}))
    assert [str(each.name) for each in found.columns] == ["ID"]
    assert found.findings == ("A: the CSN describes the element by no JSON object, so it is no column",)


def test_facets_that_cannot_be_are_kept_as_spelled() -> None:
    assert str(column({"type": "cds.String", "length": -1}).type) == 'cds.String(length="-1")'
    assert str(column({"type": "cds.Decimal", "precision": 34, "scale": "floating"}).type) == "cds.Decimal(34,floating)"
    assert str(column({"type": "cds.String", "length": True}).type) == 'cds.String(length="True")'
    assert str(column({"type": "cds.String", "length": 1}).type) == "cds.String(1)"


def test_currencies_units_and_hierarchies_of_parents() -> None:
    elements = {
        "AMOUNT": {"type": "cds.Decimal", "@Semantics.amount.currencyCode": {"=": "CUR"}},
        "CUR": {"type": "cds.String", "@Semantics.currencyCode": True},
        "QTY": {"type": "cds.Integer", "@Semantics": {"quantity": {"unitOfMeasure": "UNIT"}}},
        "NODE": {"type": "cds.String", "key": True},
        "PARENT": {"type": "cds.String"},
    }
    tree = {"name": "H", "label": "Tree", "recurse": {"parent": [{"=": "PARENT"}], "child": [{"=": "NODE"}]}}
    found = read(csn({"V": {"kind": "entity", "elements": elements, "@Hierarchy.parentChild": [tree]}}))
    assert [c.semantics for c in found.columns[:3]] == [
        (("currency_column", "CUR"),),
        (("currency", "true"),),
        (("unit_column", "UNIT"),),
    ]
    assert found.hierarchies == (Hierarchy("H", (("", "Tree"),), parent=("PARENT",), child=("NODE",)),)


def test_a_foreign_key_of_two_columns_and_conditions_of_other_forms() -> None:
    def association(*on: Any) -> dict[str, Any]:
        return {"type": "cds.Association", "target": "S.T", "on": list(on), "cardinality": {"max": "*"}}

    both = association(
        {"ref": ["$self", "A"]}, "=", {"ref": ["_T", "X"]}, "and", {"xpr": [{"ref": ["_T", "Y"]}, "=", {"ref": ["B"]}]}
    )
    other = association({"ref": ["A"]}, "=", {"ref": ["_U", "X"]}, "or", {"ref": ["B"]}, "<", {"ref": ["_U", "Y"]})
    elements = {
        "A": {"type": "cds.String", "@ObjectModel.foreignKey.association": {"=": "_T"}},
        "B": {"type": "cds.String"},
        "_T": both,
        "_U": other,
    }
    found = read(csn({"V": {"kind": "entity", "elements": elements}}))
    assert found.foreign_keys == (ForeignKey("_T", "S.T", (("A", "X"), ("B", "Y"))),)
    assert [(a.name, a.exact, a.to_many, a.columns) for a in found.associations] == [
        ("_T", True, True, (("A", "X"), ("B", "Y"))),
        ("_U", False, True, (("A", "X"),)),
    ]


def test_the_measures_of_an_analytic_model() -> None:
    model = {
        "measures": {
            "NET": {"measureType": "AnalyticModelMeasureType.FactSourceMeasure", "key": "NET"},
            "NET_DE": {"measureType": "AnalyticModelMeasureType.RestrictedMeasure", "key": "NET"},
            "RATIO": {
                "measureType": "AnalyticModelMeasureType.CalculatedMeasure",
                "formula": "[NET_DE] / [NET]",
                "elements": {"0": {"key": "NET_DE"}, "1": {"key": "NET"}},
                "isAuxiliary": True,
            },
        },
        "variables": {"P_YEAR": {"text": "Year", "dataType": {"type": "cds.String", "length": 4}}},
        "version": "1.7.1",
    }
    query = {"SELECT": {"from": {"ref": ["F"]}, "columns": [{"ref": ["F", "NET"]}]}}
    elements = {"NET": {"type": "cds.Decimal"}, "NET_DE": {"type": "cds.Decimal"}, "RATIO": {"type": "cds.Double"}}
    found = read(
        csn({"V": {"kind": "entity", "elements": elements, "query": query}}, businessLayerDefinitions={"V": model})
    )
    assert found.kind is AssetKind.ANALYTIC_MODEL
    assert [(c.role, dict(c.semantics)) for c in found.columns] == [
        (ColumnRole.MEASURE, {"measure_type": "source"}),
        (ColumnRole.MEASURE, {"measure_type": "restricted"}),
        (ColumnRole.MEASURE, {"measure_type": "calculated", "formula": "[NET_DE] / [NET]", "auxiliary": "true"}),
    ]
    assert origins(found) == {
        ("NET", "F", "NET", "direct"),
        ("NET_DE", "F", "NET", "calculated"),
        ("RATIO", "F", "NET", "calculated"),
    }
    assert [(p.name, str(p.type), p.labels) for p in found.parameters] == [("P_YEAR", "cds.String(4)", (("", "Year"),))]


def test_access_controls_folder_and_exposure_are_facts() -> None:
    annotated = {
        "kind": "entity",
        "elements": {"A": {"type": "cds.String"}},
        "params": {"P": {"type": "cds.Date", "@EndUserText.label": "Day"}},
        "@DataWarehouse.dataAccessControl.usage": [{"target": "DAC_REGION", "on": []}, {"target": "DAC_REGION"}],
        "@DataWarehouse.consumption.external": True,
        "_meta": {"dependencies": {"folderAssignment": "Folder_A"}},
    }
    found = read(csn({"V": annotated}))
    assert found.facts == {"data_access_controls": '["DAC_REGION"]', "exposed": "true", "folder": "Folder_A"}
    assert [(p.name, str(p.type), p.labels) for p in found.parameters] == [("P", "cds.Date", (("", "Day"),))]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"definitions": {', SourceFault.TRUNCATED),
        (b"<html/>", SourceFault.TRUNCATED),
        (b"[]", SourceFault.WRONG_SHAPE),
        (b"{}", SourceFault.WRONG_SHAPE),
        (b'{"definitions": []}', SourceFault.WRONG_SHAPE),
        (b'{"definitions": {"V": 1}}', SourceFault.WRONG_SHAPE),
        (b'{"definitions": {"V": {}, "V": {}}}', SourceFault.WRONG_SHAPE),
        (b'{"definitions": {"V": ' + b"[" * 200 + b"]" * 200 + b"}}", SourceFault.TOO_LARGE),
    ],
)
def test_what_is_no_csn_is_refused(body: bytes, fault: SourceFault) -> None:
    with pytest.raises(SourceError) as caught:
        read(body)
    assert caught.value.fault is fault and caught.value.remedy
