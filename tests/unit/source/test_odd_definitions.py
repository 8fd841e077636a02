"""Documents that others write otherwise: what the asset needs is read, and what is odd is its column's own matter."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from spheresync.errors import SourceError
from spheresync.mapping.fingerprints import fingerprints
from spheresync.model import Asset, ColumnRole, PhysicalName, SourceType
from spheresync.source.datasphere.normalise import normalise
from spheresync.state.definitions import decode_asset, encode_asset
from spheresync.targets.glue.explain import explain
from spheresync.targets.glue.table_input import physical_columns
from tests.unit.mapping.assets import decide
from tests.unit.source.documents import about, edmx, entity, raw

REPORTS = Path(__file__).resolve().parents[4] / "shared" / "samples" / "reports"
ID = '<Key><PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.String" Nullable="false" MaxLength="10"/>'
LABEL = 'Term="Common.Label" String="Amount"'
MEASURE = 'Term="Analytics.Measure"'


def asset_of(schema: str, *, attributes: str = 'Namespace="S"', name: str = "V") -> Asset:
    return normalise(raw(edmx(schema, attributes=attributes), name=name))


def reported(name: str) -> Asset:
    path = REPORTS / name
    if not path.is_file():
        pytest.skip("the reported documents are not here")
    return normalise(raw(path.read_bytes(), name="V"))


@pytest.mark.samples
def test_the_reported_documents() -> None:
    amount = reported("annotations-by-entity-set-path.xml").columns[1]
    assert (amount.label, amount.role) == ("Amount", ColumnRole.MEASURE)
    assert [column.name for column in reported("unrelated-type-with-foreign-base.xml").columns] == ["ID"]
    parameters = reported("parameters-with-results-set.xml")
    assert ([c.name for c in parameters.columns], [p.name for p in parameters.parameters]) == (["ID"], ["P_D"])
    text = reported("max-length-minus-one.xml").columns[1].type
    assert (text.length, str(text)) == (None, 'Edm.String(MaxLength="-1")')


def view(blocks: str) -> str:
    return (
        f'<EntityType Name="VType">{ID}<Property Name="AMT" Type="Edm.Decimal"/></EntityType>'
        f'<EntityContainer Name="EC"><EntitySet Name="V" EntityType="S.VType"/></EntityContainer>{blocks}'
    )


@pytest.mark.parametrize("start", ["S.", "Me.", ""])
@pytest.mark.parametrize("path", ["VType/AMT", "EC/V/AMT"])
def test_a_column_is_addressed_by_its_type_and_by_its_entity_set(start: str, path: str) -> None:
    schema = view(about(f"{start}{path}", LABEL, MEASURE))
    amount = asset_of(schema, attributes='Namespace="S" Alias="Me"').columns[1]
    assert (amount.label, amount.role) == ("Amount", ColumnRole.MEASURE)


@pytest.mark.parametrize("target", ["S.VType", "S.EC/V", "Me.EC/V", "EC/V"])
def test_an_asset_is_addressed_by_its_type_and_by_its_entity_set(target: str) -> None:
    schema = view(about(target, 'Term="Common.Label" String="Sales"'))
    assert asset_of(schema, attributes='Namespace="S" Alias="Me"').label == "Sales"


def test_the_type_says_first_and_the_set_what_is_left() -> None:
    more = about("S.EC/V/AMT", 'Term="Common.Label" String="Other"', MEASURE)
    amount = asset_of(view(about("S.VType/AMT", LABEL) + more)).columns[1]
    assert (amount.label, amount.role) == ("Amount", ColumnRole.MEASURE)


def test_another_set_says_nothing_of_the_asset() -> None:
    both = view(about("S.EC/W/AMT", LABEL) + about("T.EC/V/AMT", LABEL)).replace(
        "</EntityContainer>", '<EntitySet Name="W" EntityType="S.VType"/></EntityContainer>'
    )
    assert asset_of(both).columns[1].label == ""


def with_parameters(navigation: str, far: str = "VResult", back: str = "", *, sets: str = "") -> str:
    return (
        '<EntityType Name="VParameters"><Key><PropertyRef Name="P_D"/></Key>'
        f'<Property Name="P_D" Type="Edm.Date" Nullable="false"/>{navigation}</EntityType>'
        f'<EntityType Name="{far}">{ID}{back}</EntityType><EntityType Name="Other">{ID}</EntityType>'
        f'<EntityContainer Name="EC"><EntitySet Name="V" EntityType="S.VParameters"/>{sets}</EntityContainer>'
    )


RESULTS = '<NavigationProperty Name="Results" Type="Collection(S.VResult)"/>'
BACK = '<NavigationProperty Name="Parameters" Type="S.VParameters"/>'


@pytest.mark.parametrize(
    "schema",
    [
        with_parameters(RESULTS),
        with_parameters(RESULTS, back=BACK, sets='<EntitySet Name="VResults" EntityType="S.VResult"/>'),
        with_parameters(RESULTS.replace("Results", "Set")),
        with_parameters(RESULTS.replace("Results", "_Data"), back=BACK),
        with_parameters(RESULTS.replace("Results", "_Data")),
        with_parameters(RESULTS + '<NavigationProperty Name="_Other" Type="Collection(S.Other)"/>'),
        with_parameters("", "VType"),
    ],
)
def test_the_data_behind_parameters_is_the_asset(schema: str) -> None:
    asset = asset_of(schema)
    assert ([c.name for c in asset.columns], [p.name for p in asset.parameters]) == (["ID"], ["P_D"])


@pytest.mark.parametrize("target", ["S.VResult/ID", "S.EC/V/Results/ID", "S.EC/VResults/ID"])
def test_data_behind_parameters_is_addressed_by_every_way_to_it(target: str) -> None:
    sets = '<EntitySet Name="VResults" EntityType="S.VResult"/>'
    said = about(target, LABEL) + about("S.EC/V/P_D", 'Term="Common.Label" String="Day"')
    asset = asset_of(with_parameters(RESULTS, sets=sets) + said)
    assert (asset.columns[0].label, asset.parameters[0].labels) == ("Amount", (("", "Day"),))


def test_an_asset_whose_name_ends_in_parameters_keeps_its_associations() -> None:
    far = f'<EntityType Name="Other">{ID}</EntityType>'
    way = '<NavigationProperty Name="_Other" Type="Collection(S.Other)"/>'
    schema = entity(f"{ID}{way}", name="MyParameters", more=far)
    asset = asset_of(schema, name="MyParameters")
    assert (len(asset.columns), asset.parameters) == (1, ())


@pytest.mark.parametrize(
    "other",
    [
        '<EntityType Name="Far" BaseType="other.Thing"><Property Name="Z" Type="Edm.Int32"/></EntityType>',
        '<EntityType Name="A" BaseType="S.B"/><EntityType Name="B" BaseType="S.A"/>',
        '<EntityType Name="Far"/><EntityType Name="Far"/>',
        "<EntityType/>",
        '<EntityType Name="Far"><Property Type="Edm.String"/></EntityType>',
        '<TypeDefinition Name="Money"/>',
        '<TypeDefinition Name="Money" UnderlyingType="S.Money"/>',
        '<Annotations><Annotation Term="Common.Label" String="x"/></Annotations>',
        '<Annotations Target="S.Gone/X/Y/Z"><Annotation/></Annotations>',
        '<EntityContainer Name="D"><EntitySet Name="X"/><EntitySet EntityType="other.Thing"/></EntityContainer>',
        '<ComplexType Name="V"/><EnumType Name="V"/><Function Name="V"/><Action/><Term Name="V"/>',
    ],
)
def test_what_is_wrong_elsewhere_is_no_matter_of_the_asset(other: str) -> None:
    plain = asset_of(entity(ID, name="V"))
    assert asset_of(entity(ID, name="V", more=other)) == plain
    assert asset_of(other + entity(ID, name="V")) == plain


@pytest.mark.parametrize(
    "own",
    [
        f'<EntityType Name="V" BaseType="other.Thing">{ID}</EntityType>',
        f'<EntityType Name="V" BaseType="S.V">{ID}</EntityType>',
        f'<EntityType Name="V">{ID}</EntityType><EntityType Name="V">{ID}</EntityType>',
    ],
)
def test_a_type_of_the_asset_that_is_not_whole_gives_no_thinner_asset(own: str) -> None:
    container = '<EntityContainer Name="EC"><EntitySet Name="V" EntityType="S.V"/></EntityContainer>'
    with pytest.raises(SourceError):
        asset_of(own + container)


ODD = [
    ('Type="Edm.String" MaxLength="-1"', SourceType("Edm.String", odd='MaxLength="-1"'), "string"),
    ('Type="Edm.String" MaxLength=""', SourceType("Edm.String", odd='MaxLength=""'), "string"),
    ('Type="Edm.String" MaxLength="٣"', SourceType("Edm.String", odd='MaxLength="٣"'), "string"),
    ('Type="Edm.String" MaxLength="1e3"', SourceType("Edm.String", odd='MaxLength="1e3"'), "string"),
    ('Type="Edm.String" MaxLength=" Max "', SourceType("Edm.String"), "string"),
    (
        'Type="Edm.String" MaxLength="5" Precision="ten"',
        SourceType("Edm.String", length=5, odd='Precision="ten"'),
        "varchar(5)",
    ),
    ('Type="Edm.Decimal" Precision="-5" Scale="2"', SourceType("Edm.Decimal", scale=2, odd='Precision="-5"'), "string"),
    (
        'Type="Edm.Decimal" Precision="15" Scale="1.5"',
        SourceType("Edm.Decimal", precision=15, odd='Scale="1.5"'),
        "string",
    ),
    ('Type="Edm.Decimal" Precision="floating"', SourceType("Edm.Decimal", odd='Precision="floating"'), "string"),
    ('Type="Edm.Decimal" Precision="39" Scale="2"', SourceType("Edm.Decimal", precision=39, scale=2), "string"),
    ('Type="Edm.Decimal" Precision="5" Scale="9"', SourceType("Edm.Decimal", precision=5, scale=9), "string"),
    (
        f'Type="Edm.Decimal" Precision="{"9" * 4400}"',
        SourceType("Edm.Decimal", odd=f'Precision="{"9" * 40}"'),
        "string",
    ),
    ('Type="Edm.Int32" Nullable="maybe"', SourceType("Edm.Int32", odd='Nullable="maybe"'), "int"),
    ("", SourceType("Edm.String", odd="no Type"), "string"),
    ('Type=""', SourceType("Edm.String", odd="no Type"), "string"),
    ('Type="Edm.Unheard"', SourceType("Edm.Unheard"), "string"),
    ('Type="S.Colour"', SourceType("S.Colour"), "string"),
    ('Type="S.Round"', SourceType("S.Round"), "string"),
    ('Type="S.Twice" Scale="2"', SourceType("Edm.Decimal", precision=7, scale=2), "decimal(7,2)"),
    ('Type="Collection(Edm.Decimal)" Scale="x"', SourceType("Edm.Decimal", collection=True, odd='Scale="x"'), "string"),
]
DEFINITIONS = (
    '<EnumType Name="Colour"/><TypeDefinition Name="Round" UnderlyingType="S.Round"/>'
    '<TypeDefinition Name="Twice" UnderlyingType="S.Once"/>'
    '<TypeDefinition Name="Once" UnderlyingType="Edm.Decimal" Precision="7"/>'
)


@pytest.mark.parametrize(("attributes", "expected", "glue"), ODD)
def test_an_odd_column_is_a_finding_of_its_own(attributes: str, expected: SourceType, glue: str) -> None:
    asset = asset_of(entity(f'<Property Name="A" {attributes}/>{ID}', name="V", more=DEFINITIONS))
    odd, sound = asset.columns
    assert odd.type == expected
    assert sound.type == SourceType("Edm.String", length=10)
    decision = decide(asset)
    assert [column.type for column in physical_columns(asset, decision)] == [glue, "varchar(10)"]
    told = explain(
        asset.id,
        asset.kind,
        asset.label,
        asset=asset,
        decision=decision,
        database=PhysicalName("d"),
        table=PhysicalName("v"),
    ).findings
    assert any(expected.odd in finding for finding in told) or not expected.odd
    assert expected.odd in str(odd.type)
    assert decode_asset(encode_asset(asset)) == asset


def test_an_odd_facet_that_is_mended_changes_the_schema() -> None:
    odd, mended = (asset_of(entity(f'<Property Name="A" Type="Edm.String" {f}/>')) for f in ('MaxLength="-1"', ""))
    assert fingerprints(odd).schema != fingerprints(mended).schema


FACET = st.none() | st.text(alphabet="0123456789-+.eE maxvribl٣", max_size=12)


@given(FACET, FACET, FACET, st.sampled_from(["Edm.String", "Edm.Decimal", "S.Own", "", "Collection(Edm.Int32)"]))
@settings(max_examples=200)
def test_no_facet_fails_the_asset(length: str | None, precision: str | None, scale: str | None, name: str) -> None:
    given_facets = {"Type": name, "MaxLength": length, "Precision": precision, "Scale": scale}
    spelled = " ".join(f'{facet}="{value}"' for facet, value in given_facets.items() if value is not None)
    asset = asset_of(entity(f"<Property Name='A' {spelled}/>{ID}", name="V"))
    assert [column.name for column in asset.columns] == ["A", "ID"]


def test_names_that_differ_in_case_only_stay_two_columns() -> None:
    asset = asset_of(entity(f'{ID}<Property Name="id" Type="Edm.Int32"/>', name="V"))
    decision = decide(asset)
    assert len({column.name for column in physical_columns(asset, decision)}) == 2


def test_a_key_that_names_no_property_is_no_column() -> None:
    schema = entity(f'<Key><PropertyRef Name="GONE"/><PropertyRef/></Key>{ID}', name="V")
    assert [column.name for column in asset_of(schema).columns] == ["ID"]
