"""The EDMX that the embedded tenant writes has the structure of a recorded one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from spheresync.dog.edmx_writer import Surface, entity_set_name, property_names, write_edmx
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.objects import DogColumn, DogObject, DogParameter, parse_type
from spheresync.model import AssetKind, ColumnRole

EDMX = "{http://docs.oasis-open.org/odata/ns/edmx}"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def view(*columns: DogColumn, name: str = "V", parameters: tuple[DogParameter, ...] = ()) -> DogObject:
    return DogObject(AssetKind.VIEW, name, "A view", columns, analytical=True, parameters=parameters)


def schema_of(document: bytes) -> etree._Element:
    found = etree.fromstring(document).find(f"{EDMX}DataServices/{EDM}Schema")
    assert found is not None
    return found


def annotated(schema: etree._Element, target: str) -> dict[str, str | None]:
    found = schema.findall(f"{EDM}Annotations[@Target='{target}']/{EDM}Annotation")
    return {str(one.get("Term")): one.get("String") or one.get("Bool") for one in found}


def shape(element: etree._Element) -> object:
    """Tags and attributes of a tree, without white space."""
    return (element.tag, tuple(sorted(element.attrib.items())), tuple(shape(child) for child in element))


@pytest.mark.samples
def test_the_time_dimension_is_written_as_it_was_recorded(samples: Path) -> None:
    recorded = etree.parse(samples / "recorded-tenant/edmx/SAP.TIME.VIEW_DIMENSION_DAY.xml").getroot()
    sales = retailer_landscape().find("SALES")
    assert sales is not None
    day = sales.find("SAP.TIME.VIEW_DIMENSION_DAY")
    assert day is not None
    assert shape(etree.fromstring(write_edmx(day, Surface.RELATIONAL))) == shape(recorded)


def test_a_relational_document_has_a_key_and_an_analytical_one_has_none() -> None:
    item = view(DogColumn("ID", parse_type("Guid"), key=True, nullable=False))
    relational = schema_of(write_edmx(item, Surface.RELATIONAL))
    analytical = schema_of(write_edmx(item, Surface.ANALYTICAL))
    assert (relational.get("Namespace"), analytical.get("Namespace")) == ("StandaloneService", "InaApplicationService")
    assert len(relational.findall(f"{EDM}EntityType/{EDM}Key/{EDM}PropertyRef[@Name='ID']")) == 1
    assert analytical.find(f"{EDM}EntityType/{EDM}Key") is None


def test_terms_have_the_mixed_case_of_the_field() -> None:
    item = view(
        DogColumn("D", parse_type("String(2)"), role=ColumnRole.DIMENSION),
        DogColumn("M", parse_type("Decimal(15,0)"), role=ColumnRole.MEASURE),
    )
    analytical = schema_of(write_edmx(item, Surface.ANALYTICAL))
    assert annotated(analytical, "InaApplicationService.V/D") == {"Analytics.Dimension": "true"}
    assert annotated(analytical, "InaApplicationService.V/M") == {"Analytics.measure": "true"}
    relational = schema_of(write_edmx(item, Surface.RELATIONAL))
    assert annotated(relational, "StandaloneService.V/D") == {"Analytics.dimension": "true"}
    scales = [one.find(f"{EDM}EntityType/{EDM}Property[@Name='M']") for one in (analytical, relational)]
    assert [one.get("Scale") for one in scales if one is not None] == [None, "0"]


def test_odd_names_are_mangled_and_kept_as_original_name() -> None:
    item = view(
        DogColumn("/BIC/ZREGION", parse_type("String(4)")),
        DogColumn("Balance EUR", parse_type("Double")),
        DogColumn("Balance/EUR", parse_type("Double")),
        DogColumn("_LANGU", parse_type("String(2)")),
        name="SAP.TIME.V",
    )
    schema = schema_of(write_edmx(item, Surface.RELATIONAL))
    names = [one.get("Name") for one in schema.findall(f"{EDM}EntityType/{EDM}Property")]
    assert names == ["_BIC_ZREGION", "Balance_EUR", "Balance_EUR_1", "_LANGU"]
    entity = "StandaloneService.SAP_TIME_V"
    assert annotated(schema, entity)["DataIntegration.OriginalName"] == "SAP.TIME.V"
    assert annotated(schema, f"{entity}/Balance_EUR_1") == {"DataIntegration.OriginalName": "Balance/EUR"}
    assert annotated(schema, f"{entity}/_LANGU") == {}


def test_input_parameters_are_a_type_of_their_own() -> None:
    item = view(DogColumn("A", parse_type("Date")), parameters=(DogParameter("IP_DATE", parse_type("Date")),))
    schema = schema_of(write_edmx(item, Surface.RELATIONAL))
    parameters = schema.find(f"{EDM}EntityType[@Name='VParameters']")
    assert parameters is not None
    assert [one.get("Name") for one in parameters.iter(f"{EDM}PropertyRef")] == ["IP_DATE"]
    navigation = parameters.find(f"{EDM}NavigationProperty")
    assert navigation is not None
    assert navigation.get("Type") == "Collection(StandaloneService.V)"


def test_no_annotation_stands_inline() -> None:
    for space in retailer_landscape().spaces:
        for item in space.objects:
            if item.listed:
                schema = schema_of(write_edmx(item, Surface.RELATIONAL))
                assert {one.getparent().tag for one in schema.iter(f"{EDM}Annotation")} == {f"{EDM}Annotations"}  # type: ignore[union-attr]


XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).filter(
    lambda text: not set(text) & {"\ufffe", "\uffff"}
)


@given(names=st.lists(XML_TEXT, min_size=1, max_size=6, unique=True), label=XML_TEXT)
def test_any_name_and_label_gives_a_document_that_says_so(names: list[str], label: str) -> None:
    columns = tuple(DogColumn(name, parse_type("String(5)"), label) for name in names)
    properties = property_names(columns)
    assert len(set(properties)) == len(names)
    item = DogObject(AssetKind.VIEW, names[0], label, columns)
    schema = schema_of(write_edmx(item, Surface.RELATIONAL))
    for name, found in zip(names, properties, strict=True):
        said = annotated(schema, f"StandaloneService.{entity_set_name(names[0])}/{found}")
        assert said["Common.Label"] == label
        assert said.get("DataIntegration.OriginalName", found) == name
