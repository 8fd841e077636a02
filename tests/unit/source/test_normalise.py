"""Documents into one asset: expectation written by reading the XML, not by running the code."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from spheresync.errors import SourceError, SourceFault
from spheresync.model import Asset, AssetKind, Column, ColumnRole, Hierarchy, Parameter, RawDefinition, SourceType
from spheresync.source.datasphere.edmx import columns
from spheresync.source.datasphere.edmx.document import Annotations, EdmxDocument
from spheresync.source.datasphere.edmx.semantics import role_of
from spheresync.source.datasphere.normalise import normalise
from spheresync.source.datasphere.normaliser import NORMALISER_VERSION
from tests.unit.source.documents import about, edmx, entity, entry, raw


def column(properties: str, *blocks: str, key: str = "") -> Column:
    """The first column of a document."""
    return normalise(raw(edmx(entity(properties, key=key, more="".join(blocks))))).columns[0]


def fault_of(definition: RawDefinition) -> SourceError:
    with pytest.raises(SourceError) as caught:
        normalise(definition)
    assert "DEMO/" in caught.value.message
    return caught.value


@pytest.mark.samples
def test_the_recorded_time_dimension(samples: Path) -> None:
    name = "SAP.TIME.VIEW_DIMENSION_DAY"
    body = (samples / "recorded-tenant" / "edmx" / f"{name}.xml").read_bytes()
    asset = normalise(raw(body, name=name))

    def text(length: int) -> SourceType:
        return SourceType("Edm.String", length=length)

    assert [(c.name, c.type, c.label, c.role, c.semantics) for c in asset.columns] == [
        ("DATE_SQL", SourceType("Edm.Date"), "Date", ColumnRole.KEY, (("calendar", "date"),)),
        ("DATE_SAP", text(8), "Date (String)", ColumnRole.DIMENSION, (("calendar", "date"),)),
        ("DAY_OF_WEEK", text(2), "Day of Week", ColumnRole.DIMENSION, (("calendar", "day_of_year"),)),
        ("CALWEEK", text(6), "Calendar Week", ColumnRole.DIMENSION, (("calendar", "year_week"),)),
        ("CALMONTH", text(6), "Calendar Month", ColumnRole.DIMENSION, (("calendar", "year_month"),)),
        ("MONTH", text(2), "Month", ColumnRole.DIMENSION, (("calendar", "month"),)),
        ("CALQUARTER", text(5), "Calendar Quarter", ColumnRole.DIMENSION, (("calendar", "year_quarter"),)),
        ("QUARTER", text(2), "Quarter", ColumnRole.DIMENSION, ()),
        ("YEAR", text(4), "Year", ColumnRole.DIMENSION, (("calendar", "year"),)),
        ("DAY_INT", SourceType("Edm.Byte"), "Day (Number)", ColumnRole.ATTRIBUTE, ()),
    ]
    assert [c.name for c in asset.columns if c.key] == ["DATE_SQL"]
    assert [c.name for c in asset.columns if not c.nullable] == ["DATE_SQL"]
    assert asset.label == "Time Dimension - Day"
    assert asset.kind is AssetKind.VIEW
    assert asset.hierarchies == (
        Hierarchy("YQMD", (("", "Year, Quarter, Month, Day"),), ("YEAR", "CALQUARTER", "CALMONTH", "DATE_SQL")),
        Hierarchy("YMD", (("", "Year, Month, Day"),), ("YEAR", "CALMONTH", "DATE_SQL")),
        Hierarchy("YWD", (("", "Year, Week, Day"),), ("YEAR", "CALWEEK", "DATE_SQL")),
    )
    assert dict(asset.facts)["dimension_type"] == "TIME"
    assert dict(asset.facts)["entity_set"] == "SAP_TIME_VIEW_DIMENSION_DAY"
    assert asset.provenance == (("columns", "relational"), ("label", "relational"), ("roles", "relational"))


@pytest.mark.samples
def test_renamed_aliases_and_other_case_change_nothing(samples: Path) -> None:
    name = "SAP.TIME.VIEW_DIMENSION_DAY"
    body = (samples / "recorded-tenant" / "edmx" / f"{name}.xml").read_bytes()
    plain = normalise(raw(body, name=name))
    renamed = body
    for vocabulary in (b"Common", b"Analytics", b"Hierarchy", b"DataIntegration"):
        alias = b"SAP__" + vocabulary.lower()
        renamed = renamed.replace(b'Alias="' + vocabulary, b'Alias="' + alias)
        renamed = renamed.replace(b'Term="' + vocabulary, b'Term="' + alias)
    shouted = body.replace(b".dimension", b".DIMENSION").replace(b".Label", b".label").replace(b".leveled", b".Leveled")
    assert renamed != body != shouted
    assert normalise(raw(renamed, name=name)) == plain == normalise(raw(shouted, name=name))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('Type="Edm.String"', SourceType("Edm.String")),
        ('Type="Edm.String" MaxLength="20"', SourceType("Edm.String", length=20)),
        ('Type="Edm.String" MaxLength="max"', SourceType("Edm.String")),
        ('Type="Edm.String" MaxLength="Max"', SourceType("Edm.String")),
        ('Type="Edm.Decimal" Precision="15" Scale="2"', SourceType("Edm.Decimal", precision=15, scale=2)),
        ('Type="Edm.Decimal" Precision="15"', SourceType("Edm.Decimal", precision=15, scale=0)),
        ('Type="Edm.Decimal"', SourceType("Edm.Decimal")),
        ('Type="Edm.Decimal" Scale="2"', SourceType("Edm.Decimal", scale=2)),
        ('Type="Edm.Decimal" Scale="0"', SourceType("Edm.Decimal", scale=0)),
        ('Type="S.Money" Scale="0"', SourceType("Edm.Decimal", precision=15, scale=0)),
        ('Type="S.Money" Scale="variable"', SourceType("Edm.Decimal", precision=15, scale="variable")),
        (
            'Type="Edm.Decimal" Precision="34" Scale="variable"',
            SourceType("Edm.Decimal", precision=34, scale="variable"),
        ),
        ('Type="Edm.Decimal" Scale="Floating"', SourceType("Edm.Decimal", scale="floating")),
        ('Type="Edm.DateTimeOffset" Precision="7"', SourceType("Edm.DateTimeOffset", precision=7)),
        ('Type="Collection(Edm.Int32)"', SourceType("Edm.Int32", collection=True)),
        ('Type="S.Money"', SourceType("Edm.Decimal", precision=15, scale=2)),
        ('Type="Me.Money" Precision="20"', SourceType("Edm.Decimal", precision=20, scale=2)),
        ('Type="Collection(S.Money)"', SourceType("Edm.Decimal", precision=15, scale=2, collection=True)),
        ('Type="Me.Address"', SourceType("S.Address")),
        ('Type="S.Colour"', SourceType("S.Colour")),
    ],
)
def test_types_and_facets(attributes: str, expected: SourceType) -> None:
    more = (
        '<TypeDefinition Name="Money" UnderlyingType="Edm.Decimal" Precision="15" Scale="2"/>'
        '<ComplexType Name="Address"/><EnumType Name="Colour"/>'
    )
    body = edmx(entity(f'<Property Name="A" {attributes}/>', more=more), attributes='Namespace="S" Alias="Me"')
    assert normalise(raw(body)).columns[0].type == expected


@pytest.mark.parametrize(
    ("annotations", "key", "role"),
    [
        ((), "", ColumnRole.ATTRIBUTE),
        (('Term="Analytics.Dimension" Bool="true"',), "", ColumnRole.DIMENSION),
        (('Term="Analytics.dimension" Bool="true"',), "", ColumnRole.DIMENSION),
        (('Term="Analytics.dimension"',), "", ColumnRole.DIMENSION),
        (('Term="Analytics.DIMENSION" String="True"',), "", ColumnRole.DIMENSION),
        (('Term="Analytics.Dimension" Bool="false"',), "", ColumnRole.ATTRIBUTE),
        (('Term="Analytics.measure" Bool="true"',), "", ColumnRole.MEASURE),
        (('Term="Analytics.Measure" Bool="true"',), "", ColumnRole.MEASURE),
        (('Term="Analytics.measure" Bool="true"', 'Term="Analytics.Dimension" Bool="true"'), "", ColumnRole.MEASURE),
        (('Term="Analytics.measure" Bool="false"', 'Term="Analytics.Dimension" Bool="true"'), "", ColumnRole.DIMENSION),
        (('Term="Analytics.measure" Bool="true"',), "A", ColumnRole.KEY),
        (('Term="measure" Bool="true"',), "", ColumnRole.MEASURE),
        (('Term="com.acme.v1.measure" Bool="true"',), "", ColumnRole.ATTRIBUTE),
    ],
)
def test_roles(annotations: tuple[str, ...], key: str, role: ColumnRole) -> None:
    found = column('<Property Name="A" Type="Edm.Int32"/>', about("S.SALES/A", *annotations), key=key)
    assert found.role is role
    assert found.key is bool(key)


@pytest.mark.parametrize(
    ("form", "aggregation"),
    [
        ('String="#SUM"', "SUM"),
        ('String="max"', "MAX"),
        ('EnumMember="X/AVG"', "AVG"),
        ('String="#"', None),
        ("", None),
    ],
)
def test_aggregation_in_any_form(form: str, aggregation: str | None) -> None:
    found = column('<Property Name="A" Type="Edm.Int32"/>', about("S.SALES/A", f'Term="Aggregation.Default" {form}'))
    assert found.aggregation == aggregation


@pytest.mark.parametrize(
    ("attribute", "annotation", "key", "nullable"),
    [
        ("", "", "", True),
        ('Nullable="true"', "", "", True),
        ('Nullable="false"', "", "", False),
        ("", "", "A", False),
        ("", 'Term="Common.FieldControl" EnumMember="Common.FieldControlType/Mandatory"', "", False),
        ("", 'Term="Common.FieldControl" EnumMember="Common.FieldControlType/Optional"', "", True),
        ("", 'Term="Common.FieldControl" Path="A"', "", True),
    ],
)
def test_nullability(attribute: str, annotation: str, key: str, nullable: bool) -> None:
    block = about("S.SALES/A", annotation) if annotation else ""
    assert column(f'<Property Name="A" Type="Edm.Int32" {attribute}/>', block, key=key).nullable is nullable


def test_semantics_names_and_labels() -> None:
    properties = '<Property Name="AMT" Type="Edm.Decimal"/><Property Name="sold_to" Type="Edm.String"/>'
    asset = normalise(
        raw(
            edmx(
                entity(
                    properties,
                    more=about("S.SALES/AMT", 'Term="Measures.ISOCurrency" Path="sold_to"', 'Term="Core.Description"')
                    + about(
                        "S.SALES/sold_to",
                        'Term="DataIntegration.OriginalName" String="Sold to/party"',
                        'Term="Common.Label" String="  Customer "',
                        'Term="Common.IsCurrency" Bool="true"',
                        'Term="Common.IsUnit" Bool="false"',
                        'Term="Common.QuickInfo" String="Who buys"',
                        'Term="Common.IsFiscalYear"',
                    ),
                )
            )
        )
    )
    amount, sold_to = asset.columns
    assert amount.semantics == (("currency_column", "Sold to/party"),)
    assert (sold_to.name, sold_to.edm_property, sold_to.label) == ("Sold to/party", "sold_to", "Customer")
    assert sold_to.semantics == (("currency", "true"), ("fiscal", "year"), ("quick_info", "Who buys"))


def test_the_label_falls_back_to_the_catalog() -> None:
    asset = normalise(raw(edmx(entity('<Property Name="A" Type="Edm.Int32"/>'))))
    assert asset.labels == (("", "From the catalog"),)
    assert dict(asset.provenance)["label"] == "catalog"


def test_levels_are_columns_by_their_names_in_order() -> None:
    hierarchy = (
        '<Annotations Target="S.SALES"><Annotation Term="Hierarchy.Leveled"><Collection><Record>'
        '<PropertyValue Property="Name"><String>H</String></PropertyValue><PropertyValue Property="levels"><Collection>'
        '<Record><PropertyValue Property="element"><Path>B_</Path></PropertyValue></Record>'
        "<PropertyPath>A</PropertyPath></Collection></PropertyValue></Record></Collection></Annotation></Annotations>"
    )
    properties = '<Property Name="A" Type="Edm.Int32"/><Property Name="B_" Type="Edm.Int32"/>'
    named = about("S.SALES/B_", 'Term="DataIntegration.OriginalName" String="B/"')
    asset = normalise(raw(edmx(entity(properties, more=hierarchy + named))))
    assert asset.hierarchies == (Hierarchy("H", (), ("B/", "A")),)


def test_navigation_is_no_column() -> None:
    properties = '<Property Name="A" Type="Edm.Int32"/><NavigationProperty Name="_B" Type="S.SALES"/>'
    assert [found.name for found in normalise(raw(edmx(entity(properties)))).columns] == ["A"]


PARAMETERS = (
    '<EntityType Name="SALESParameters"><Key><PropertyRef Name="P_YEAR"/></Key>'
    '<Property Name="P_YEAR" Type="Edm.String" MaxLength="4" Nullable="false"/>'
    '<NavigationProperty Name="Set" Type="Collection(S.SALESType)" ContainsTarget="true"/></EntityType>'
    '<EntityType Name="SALESType"><Key><PropertyRef Name="ID"/></Key>'
    '<Property Name="ID" Type="Edm.Int64"/></EntityType>'
    + about("S.SALESParameters/P_YEAR", 'Term="Common.Label" String="Year"')
)


@pytest.mark.parametrize(
    "sets",
    [
        '<EntitySet Name="SALES" EntityType="S.SALESParameters"/>',
        '<EntitySet Name="SALES" EntityType="S.SALESParameters"/><EntitySet Name="SALESSet" EntityType="S.SALESType"/>',
        '<EntitySet Name="SALESSet" EntityType="S.SALESType"/><EntitySet Name="SALES" EntityType="S.SALESParameters"/>',
    ],
)
def test_parameters_are_no_columns(sets: str) -> None:
    asset = normalise(raw(edmx(f'<EntityContainer Name="C">{sets}</EntityContainer>{PARAMETERS}')))
    assert [found.name for found in asset.columns] == ["ID"]
    assert asset.parameters == (Parameter("P_YEAR", SourceType("Edm.String", length=4), (("", "Year"),)),)


def test_an_asset_that_is_called_parameters() -> None:
    body = edmx(entity('<Property Name="A" Type="Edm.Int32"/>', name="MyParameters"))
    asset = normalise(raw(body, name="MyParameters"))
    assert ([found.name for found in asset.columns], asset.parameters) == (["A"], ())


def several(*names: str, more: str = "") -> bytes:
    sets = "".join(f'<EntitySet Name="{name}" EntityType="S.{name}"/>' for name in names)
    types = "".join(
        f'<EntityType Name="{name}"><Property Name="OF_{name}" Type="Edm.Int32"/></EntityType>' for name in names
    )
    return edmx(f'<EntityContainer Name="C">{sets}</EntityContainer>{types}{more}')


@pytest.mark.parametrize(
    ("body", "name", "column_name"),
    [
        (several("A", "B"), "B", "OF_B"),
        (several("A_B", "B"), "A.B", "OF_A_B"),
        (several("A_B", "X", more=about("S.X", 'Term="DataIntegration.OriginalName" String="A.B"')), "A.B", "OF_X"),
        (several("A_B", "X", more=about("S.C/X", 'Term="DataIntegration.OriginalName" String="A.B"')), "A.B", "OF_X"),
        (several("RENAMED"), "Sales Orders", "OF_RENAMED"),
        (edmx('<EntityType Name="T"><Property Name="A" Type="Edm.Int32"/></EntityType>'), "T", "A"),
    ],
)
def test_the_entity_behind_the_asset(body: bytes, name: str, column_name: str) -> None:
    assert normalise(raw(body, name=name)).columns[0].name == column_name


def _called_sales(name: str) -> str:
    return about(f"S.{name}", 'Term="DataIntegration.OriginalName" String="SALES"')


@pytest.mark.parametrize(
    "definition",
    [
        raw(several("A", "B")),
        raw(several("SALES", "B", "C", more=_called_sales("B") + _called_sales("C"))),
        raw(several()),
        raw(edmx(entity(""))),
        raw(edmx(entity('<NavigationProperty Name="N" Type="S.SALES"/>'))),
        raw(edmx(entity('<Property Name="A" Type="Edm.Int32"/><Property Name="A" Type="Edm.Int32"/>'))),
        raw(
            edmx(
                entity(
                    '<Property Name="A" Type="Edm.Int32"/><Property Name="B" Type="Edm.Int32"/>',
                    more=about("S.SALES/B", 'Term="DataIntegration.OriginalName" String="A"'),
                )
            )
        ),
        raw(edmx('<EntityContainer Name="C"><EntitySet Name="SALES" EntityType="S.GONE"/></EntityContainer>')),
        raw(edmx(entity('<Property Name="A" Type="Edm.Int32"/>')), several("X", "Y")),
        raw(),
    ],
)
def test_never_a_thinner_schema(definition: RawDefinition) -> None:
    assert fault_of(definition).fault is SourceFault.WRONG_SHAPE


def test_both_documents_make_one_asset() -> None:
    relational = edmx(
        entity(
            '<Property Name="ID" Type="Edm.Int64"/><Property Name="AMT" Type="Edm.Decimal" Precision="15" Scale="2"/>'
            '<Property Name="REG" Type="Edm.String" MaxLength="3" Nullable="false"/>',
            key="ID",
            more=about("S.SALES/REG", 'Term="Common.Label" String="Region"'),
        )
    )
    analytical = edmx(
        entity(
            '<Property Name="CALC" Type="Edm.Double"/><Property Name="REG" Type="Edm.String"/>'
            '<Property Name="AMT" Type="Edm.Double"/><Property Name="ID" Type="Edm.Int64"/>',
            more=about(
                "S.SALES/AMT", 'Term="Analytics.measure" Bool="true"', 'Term="Aggregation.default" String="#SUM"'
            )
            + about("S.SALES/REG", 'Term="Analytics.Dimension" Bool="true"', 'Term="Common.Label" String="Other"')
            + about("S.SALES/ID", 'Term="Analytics.Dimension" Bool="true"', 'Term="Common.Label" String="Id"')
            + about("S.SALES/CALC", 'Term="Analytics.measure" Bool="true"')
            + about("S.SALES", 'Term="Common.Label" String="Sales"'),
        )
    )
    asset = normalise(raw(relational, analytical))
    assert [(c.name, c.type.name, c.role, c.nullable, c.label, c.aggregation) for c in asset.columns] == [
        ("ID", "Edm.Int64", ColumnRole.KEY, False, "Id", None),
        ("AMT", "Edm.Decimal", ColumnRole.MEASURE, True, "", "SUM"),
        ("REG", "Edm.String", ColumnRole.DIMENSION, False, "Region", None),
        ("CALC", "Edm.Double", ColumnRole.MEASURE, True, "", None),
    ]
    assert asset.columns[2].type.length == 3
    assert asset.label == "Sales"
    assert asset.provenance == (
        ("columns", "relational+analytical"),
        ("label", "analytical"),
        ("roles", "relational+analytical"),
    )


def test_an_analytic_model_has_only_the_analytical_document() -> None:
    body = edmx(
        entity(
            '<Property Name="M" Type="Edm.Decimal" Precision="9"/>',
            more=about("S.SALES/M", 'Term="Analytics.measure" Bool="true"'),
        )
    )
    model = entry(relational_metadata_url=None, analytical_metadata_url="u", supports_analytical_queries=True)
    asset = normalise(RawDefinition(model, (("analytical", body),), raw().digest))
    assert asset.kind is AssetKind.ANALYTIC_MODEL
    assert asset.columns[0].role is ColumnRole.MEASURE
    assert dict(asset.facts)["supports_analytical_queries"] == "true"


def test_the_same_document_in_other_order_is_the_same_asset() -> None:
    """White space, order of annotations and of blocks do not count; order of columns does."""
    blocks = [
        about(f"S.SALES/C{n}", f'Term="Common.Label" String="L{n}"', 'Term="Analytics.Dimension"') for n in range(9)
    ]
    properties = [f'<Property Name="C{n}" Type="Edm.String"/>' for n in range(9)]

    def asset(properties: list[str], blocks: list[str], gap: str) -> Asset:
        return normalise(raw(edmx(entity(gap.join(properties), more=gap.join(blocks)))))

    plain = asset(properties, blocks, "")
    shuffled = random.Random(7).sample(blocks, 9)
    assert asset(properties, shuffled, "\n  <!-- x -->") == plain
    assert asset(properties[::-1], blocks, "") != plain


def test_the_version_is_a_number() -> None:
    assert NORMALISER_VERSION >= 1


def test_of_columns_that_are_annotated_alike_the_annotations_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same columns stand in many assets."""
    read: list[object] = []

    def noted(annotations: Annotations) -> ColumnRole:
        read.append(annotations)
        return role_of(annotations)

    monkeypatch.setattr(columns, "role_of", noted)
    properties = "".join(f'<Property Name="C{number}" Type="Edm.String"/>' for number in range(20))
    for name in ("A", "B", "C"):
        blocks = (
            about(f"S.{name}/C{number}", f'Term="Common.Label" String="Read once {number}"') for number in range(20)
        )
        normalise(raw(edmx(entity(properties, name=name, more="".join(blocks))), name=name))
    assert len(read) == 20


def test_what_is_said_of_columns_by_the_paths_of_sets_is_looked_up_only_where_something_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = []

    def filled(document: EdmxDocument, own: Annotations, targets: Iterable[str]) -> Annotations:
        looked.append(own)
        return _FILLED(document, own, targets)

    monkeypatch.setattr(EdmxDocument, "_filled", filled)
    properties = "".join(f'<Property Name="C{number}" Type="Edm.String"/>' for number in range(20))
    label = 'Term="Common.Label" String="A label"'
    normalise(raw(edmx(entity(properties, more=about("S.SALES/C3", label)))))
    assert len(looked) == 1  # of the entity itself
    asset = normalise(raw(edmx(entity(properties, more=about("S.C/SALES/C3", label)))))
    assert len(looked) == 1 + 21
    assert asset.columns[3].label == "A label"


_FILLED = EdmxDocument._filled
