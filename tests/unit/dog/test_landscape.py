"""What the built-in landscape shows through CSN: where everything comes from, and one view that is broken."""

from __future__ import annotations

from collections.abc import Iterator

from spheresync.dog.csn_writer import write_csn
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.objects import DogObject, DogSpace
from spheresync.model import OUTSIDE, AssetKind, ColumnRole, Reads
from spheresync.source.datasphere.csn.definition import CsnObject, read_object
from spheresync.source.datasphere.csn.document import parse_csn

LANDSCAPE = retailer_landscape()


def every_object() -> Iterator[tuple[DogSpace, DogObject, CsnObject]]:
    for space in LANDSCAPE.spaces:
        for item in space.objects:
            yield space, item, read_object(parse_csn(write_csn(item, space, LANDSCAPE)), item.name)


def named(space: DogSpace, name: str) -> DogObject | None:
    """An object as one of the space names it."""
    other = LANDSCAPE.find(name.partition(".")[0])
    return space.find(name) or (other.find(name.partition(".")[2]) if other is not None else None)


def object_of(space: str, name: str) -> CsnObject:
    return next(found for there, item, found in every_object() if (there.name, item.name) == (space, name))


def has(space: DogSpace, name: str, column: str) -> bool:
    found = named(space, name)
    return name.startswith(OUTSIDE) or (found is not None and found.column(column) is not None)


def test_only_the_broken_view_names_a_column_that_is_not_there() -> None:
    missing = [
        (item.name, origin.column)
        for space, item, found in every_object()
        for origin in found.origins.columns
        if not all(has(space, name, origin.path[-1]) for name in origin.objects)
    ]
    assert missing == [("WEB_SESSIONS", "CONVERTED")]


def test_every_relation_and_every_flow_leads_to_something_that_is_there() -> None:
    for space, item, found in every_object():
        for each in (*found.origins.objects, *found.origins.writes):
            assert each.object.startswith(OUTSIDE) or named(space, each.object) is not None, (item.name, each)
        for name in found.origins.runs:
            assert named(space, name) is not None, (item.name, name)
        for association in found.associations:
            assert association.exact, (item.name, association)
            for own, far in association.columns:
                assert has(space, item.name, own), (item.name, association)
                assert has(space, association.target, far), (item.name, association)
        for written in found.origins.written:
            assert has(space, written.object, written.column), (item.name, written)
            assert all(has(space, name, written.path[-1]) for name in written.objects), (item.name, written)


def test_every_column_of_a_view_that_reads_something_comes_from_somewhere() -> None:
    for _, item, found in every_object():
        if item.design.reads:
            assert {origin.column for origin in found.origins.columns} == {column.name for column in item.columns}


def test_it_shows_what_there_is_to_show() -> None:
    found = [(item, read) for _, item, read in every_object()]
    columns = [column for _, read in found for column in read.columns]
    facts = {pair for column in columns for pair in column.semantics}
    assert {read.kind for _, read in found} == set(AssetKind)
    assert {each.how for _, read in found for each in read.origins.objects} >= {
        *(Reads.QUERY, Reads.JOIN, Reads.UNION, Reads.ASSOCIATION, Reads.FLOW, Reads.REPLICATION, Reads.REMOTE),
    }
    hierarchies = [each for _, read in found for each in read.hierarchies]
    assert any(each.levels for each in hierarchies)
    assert any(each.parent for each in hierarchies)
    assert {language for column in columns for language, _ in column.labels} == {"", "de", "en"}
    assert {name for name, _ in facts} >= {"currency_column", "unit_column", "text_column", "language", "is_text"}
    assert {value for name, value in facts if name == "measure_type"} >= {"source", "restricted", "calculated"}
    assert any("data_access_controls" in read.facts for _, read in found)
    assert any(read.view_definition for _, read in found)
    assert any(key.target.startswith("SALES.") for _, read in found for key in read.foreign_keys)


def test_people_are_personal_data() -> None:
    expected = {
        ("SALES", "CUSTOMERS"): {"FIRST_NAME", "LAST_NAME", "EMAIL", "BIRTH_DATE"},
        ("HR", "EMPLOYEES"): {"FIRST_NAME", "LAST_NAME", "WORK_EMAIL", "BIRTH_DATE", "NATIONALITY"},
        ("HR", "PAYROLL"): {"IBAN", "STEUER_ID"},
        ("FINANCE", "BANK_ACCOUNTS"): {"IBAN", "ACCOUNT_HOLDER"},
    }
    for (space, name), columns in expected.items():
        found = object_of(space, name)
        personal = {str(c.name) for c in found.columns if ("potentially_personal", "true") in c.semantics}
        assert personal == columns
        assert "personal_data_entity" in found.facts


def test_a_model_is_followed_down_to_the_system_that_the_data_is_replicated_from() -> None:
    net = next(each for each in object_of("SALES", "AM_SALES").origins.columns if each.column == "NetAmount")
    assert (net.objects, net.path) == (("V_SALES_FACTS",), ("NetAmount",))
    facts = next(each for each in object_of("SALES", "V_SALES_FACTS").origins.columns if each.column == "NetAmount")
    assert (facts.objects, facts.path) == (("ORDER_ITEMS",), ("NET_AMOUNT",))
    (items,) = object_of("SALES", "ORDER_ITEMS").origins.objects
    flow = object_of("SALES", "RF_S4_SALES").origins
    task = next(each.task for each in flow.writes if each.object == items.object)
    assert [each.object for each in flow.objects if each.task == task] == [f"{OUTSIDE}S4H_PROD/CDS/I_SalesDocumentItem"]


def test_measures_of_the_profit_and_loss_statement() -> None:
    model = object_of("FINANCE", "AM_GUV")
    kinds = {str(c.name): dict(c.semantics)["measure_type"] for c in model.columns if c.role is ColumnRole.MEASURE}
    assert kinds == {"ERGEBNIS": "source", "ERLÖSE": "restricted", "AUFWAND": "calculated"}
    made = {(each.column, *each.objects, *each.path) for each in model.origins.columns if each.column in kinds}
    assert made == {(name, "ACDOCA", "HSL") for name in kinds}


def test_what_is_not_a_view_or_a_model_stays_out_of_the_catalog() -> None:
    listed = [item for space in LANDSCAPE.spaces for item in space.objects if item.listed]
    assert len(listed) == 62
    assert {item.kind for item in listed} == {AssetKind.VIEW, AssetKind.ANALYTIC_MODEL}
