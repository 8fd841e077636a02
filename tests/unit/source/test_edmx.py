"""Reading EDMX: safe on anything, and true to what the document says under any spelling."""

from __future__ import annotations

from pathlib import Path as FilePath

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from spheresync.errors import SourceError, SourceFault
from spheresync.source.datasphere.edmx.document import EdmxDocument
from spheresync.source.datasphere.edmx.document_budget import DocumentBudget
from spheresync.source.datasphere.edmx.document_reader import parse_edmx
from spheresync.source.datasphere.edmx.expressions import EnumMember, Path, Record
from spheresync.source.datasphere.edmx.xml import check_ended
from tests.unit.source.documents import VOCABULARIES, about, edmx, entity

ONE = '<Property Name="A" Type="Edm.String"/>'


def read_all(body: bytes, budget: DocumentBudget | None = None) -> None:
    """Every type of a document, as if each were the asset's."""
    document = parse_edmx(body, budget=budget)
    assert [found.qualified for found in document.types.values()] == list(document.declared)


def fault_of(body: bytes, budget: DocumentBudget | None = None) -> SourceFault:
    with pytest.raises(SourceError) as caught:
        read_all(body, budget)
    assert caught.value.remedy
    return caught.value.fault


def only_type(document: EdmxDocument):  # type: ignore[no-untyped-def]
    (found,) = document.types.values()
    return found


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", SourceFault.TRUNCATED),
        (b"  ", SourceFault.TRUNCATED),
        (b'{"error": 1}', SourceFault.WRONG_SHAPE),
        (b"<a/>", SourceFault.WRONG_SHAPE),
        (edmx(entity(ONE))[:-20], SourceFault.TRUNCATED),
        (edmx(entity(ONE))[:200], SourceFault.TRUNCATED),
        (edmx(entity(ONE)) + b"<more/>", SourceFault.TRUNCATED),
        (b'<!DOCTYPE Edmx SYSTEM "file:///etc/passwd">' + edmx(entity(ONE))[39:], SourceFault.WRONG_SHAPE),
        (BOMB.encode() + b"<x>&j;</x>", SourceFault.WRONG_SHAPE),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>', SourceFault.WRONG_SHAPE),
        ('<!DOCTYPE x [<!ENTITY e "1">]><x>&e;</x>'.encode("utf-16"), SourceFault.WRONG_SHAPE),
        (b"<a>" * 100_000, SourceFault.TOO_LARGE),
        (b"<a>" * 300 + b"</a>" * 300, SourceFault.TOO_LARGE),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', SourceFault.TRUNCATED),
        (edmx(entity('<Property Type="Edm.String"/>')), SourceFault.WRONG_SHAPE),
        (edmx("<EntityType/>"), SourceFault.WRONG_SHAPE),
        (edmx('<EntityType Name="A"/><EntityType Name="A"/>'), SourceFault.WRONG_SHAPE),
        (edmx('<EntityType Name="A" BaseType="S.B"/><EntityType Name="B" BaseType="S.A"/>'), SourceFault.WRONG_SHAPE),
        (edmx('<EntityType Name="A" BaseType="S.Gone"/>'), SourceFault.WRONG_SHAPE),
    ],
)
def test_what_is_no_edmx_is_told_apart(body: bytes, fault: SourceFault) -> None:
    assert fault_of(body) is fault


def test_what_a_doctype_points_to_is_not_opened(tmp_path: FilePath) -> None:
    """libxml2 would fail on the content of the file, if it read it."""
    subset = tmp_path / "outside.dtd"
    subset.write_text("root:x:0:0:root")
    document = edmx(entity(ONE)).partition(b"\n")[2]
    with pytest.raises(SourceError, match="DOCTYPE") as caught:
        parse_edmx(f'<!DOCTYPE Edmx SYSTEM "{subset.as_uri()}">'.encode() + document)
    assert caught.value.__cause__ is None


def test_the_byte_cap() -> None:
    body = edmx(entity(ONE))
    read_all(body, DocumentBudget(size=len(body)))
    assert fault_of(body, DocumentBudget(size=len(body) - 1)) is SourceFault.TOO_LARGE


@given(st.binary(max_size=300) | st.text(max_size=300).map(edmx))
@settings(max_examples=300)
def test_bytes_from_anywhere_give_a_document_or_a_fault(body: bytes) -> None:
    try:
        read_all(body)
    except SourceError as error:
        assert error.fault in {SourceFault.TRUNCATED, SourceFault.WRONG_SHAPE, SourceFault.TOO_LARGE}


@given(cut=st.integers(min_value=1))
@settings(max_examples=100)
def test_every_cut_is_noticed_early(cut: int) -> None:
    body = edmx(entity(ONE, more=about("S.SALES/A", 'Term="Common.Label" String="&lt;/Edm"')))
    check_ended(body)
    check_ended(body + b"\n<!-- generated -->\n")
    with pytest.raises(SourceError):
        check_ended(body[: len(body) - 1 - cut % (len(body) - 1)])


def test_comments_and_instructions_are_tolerated_anywhere() -> None:
    noise = "<!-- x --><?pi y?>"
    inside = entity(
        f'{noise}<Property Name="A" Type="Edm.String">{noise}'
        f'<Annotation Term="Common.Label">{noise}<String>La<!-- z -->bel</String></Annotation></Property>{noise}',
        more=f'{noise}<Annotations Target="S.SALES">{noise}<Annotation Term="Common.Label" String="L"/></Annotations>',
    )
    found = only_type(parse_edmx(edmx(noise + inside)))
    assert found.properties[0].annotations == {"common.label": "Label"}
    assert found.annotations == {"common.label": "L"}


@pytest.mark.parametrize(
    "term",
    [
        "Common.Label",
        "common.LABEL",
        "com.sap.vocabularies.Common.v1.Label",
        "COM.SAP.Vocabularies.common.V1.label",
        "SAP__common.Label",
        "Own.Label",
    ],
)
def test_terms_under_any_alias_and_case(term: str) -> None:
    aliases = {"SAP__common": VOCABULARIES["Common"]}
    schema = entity(ONE, more=about("S.SALES", f'Term="{term}" String="x"'))
    document = parse_edmx(
        edmx(schema, aliases=aliases, attributes=f'Namespace="S" Alias="{"Me"}"').replace(
            b"<edmx:DataServices>",
            f'<edmx:Reference Uri="u"><edmx:Include Alias="Own" Namespace="{VOCABULARIES["Common"]}"/></edmx:Reference>'
            "<edmx:DataServices>".encode(),
        )
    )
    assert only_type(document).annotations == {"common.label": "x"}


@pytest.mark.parametrize(
    ("term", "key"),
    [
        ("Label", ".label"),
        ("Nowhere.Label", ".label"),
        ("UI.Label", "ui.label"),
        ("com.acme.v1.Label", "com.acme.v1.label"),
        ("Acme.Label", "com.acme.v1.label"),
        ("Common.Label", "analytics.label"),
    ],
)
def test_terms_of_no_and_of_other_vocabularies(term: str, key: str) -> None:
    aliases = {"Acme": "com.acme.v1", "Common": VOCABULARIES["Analytics"]}
    schema = entity(ONE, more=about("S.SALES", f'Term="{term}" String="x"'))
    assert only_type(parse_edmx(edmx(schema, aliases=aliases))).annotations == {key: "x"}


@pytest.mark.parametrize("target", ["S.SALES", "Me.SALES", "SALES"])
def test_targets_by_namespace_alias_and_bare_name(target: str) -> None:
    schema = entity(
        '<Property Name="A" Type="Me.Money"/>',
        more=about(target, 'Term="Common.Label" String="E"') + about(f"{target}/A", 'Term="Common.Label" String="P"'),
    ).replace('EntityType="S.', 'EntityType="Me.')
    document = parse_edmx(edmx(schema, attributes='Namespace="S" Alias="Me"'))
    found = only_type(document)
    assert found.annotations == {"common.label": "E"}
    assert found.properties[0].annotations == {"common.label": "P"}
    assert found.properties[0].type.name == "S.Money"
    assert document.sets[0].type == "S.SALES"


def test_inline_wins_over_blocks_and_variants_do_not_count() -> None:
    schema = entity(
        '<Property Name="A" Type="Edm.String"><Annotation Term="Common.Label" String="in"/></Property>',
        more=about("S.SALES/A", 'Term="Common.Label" String="out"', 'Term="Common.Heading" String="h"')
        + about("S.SALES", 'Term="Common.Label" Qualifier="Short" String="q"')
        + '<Annotations Target="S.SALES" Qualifier="Short"><Annotation Term="Common.Label" String="q"/></Annotations>',
    )
    found = only_type(parse_edmx(edmx(schema)))
    assert found.properties[0].annotations == {"common.label": "in", "common.heading": "h"}
    assert found.annotations == {}


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        ("/>", True),
        (' Bool="true"/>', True),
        (' Bool="false"/>', False),
        ("><Bool>false</Bool></Annotation>", False),
        (' String="#TIME"/>', "#TIME"),
        ("><String> x </String></Annotation>", " x "),
        (' Int="7"/>', "7"),
        (' Path="A"/>', Path("A")),
        ("><PropertyPath>A</PropertyPath></Annotation>", Path("A")),
        (' EnumMember="Common.FieldControlType/Mandatory"/>', EnumMember("Mandatory")),
        ("><EnumMember>X/A X/B</EnumMember></Annotation>", EnumMember("A")),
        ("><Null/></Annotation>", None),
        ('><Apply Function="odata.concat"/></Annotation>', None),
        ("><Collection><String>a</String><Path>b</Path></Collection></Annotation>", ("a", Path("b"))),
        ("><Collection/></Annotation>", ()),
        (
            '><Record><PropertyValue Property="Name" String="n"/><PropertyValue Property="On"/></Record></Annotation>',
            Record({"name": "n", "on": True}),
        ),
        ('><Annotation Term="UI.Importance"/></Annotation>', True),
    ],
)
def test_values_in_every_form(xml: str, value: object) -> None:
    block = f'<Annotations Target="S.SALES"><Annotation Term="Common.Label"{xml}</Annotations>'
    assert only_type(parse_edmx(edmx(entity(ONE, more=block)))).annotations == {"common.label": value}


def test_inheritance_gives_keys_properties_and_what_the_heir_says() -> None:
    schema = (
        '<EntityType Name="Sub" BaseType="S.Base"><Property Name="B" Type="Edm.Int32"/></EntityType>'
        '<EntityType Name="Base" Abstract="true"><Key><PropertyRef Name="Id/Part" Alias="p"/></Key>'
        '<Property Name="Id" Type="S.Complex" Nullable="false"/></EntityType>'
        + about("S.Base/Id", 'Term="Common.Label" String="base"', 'Term="Common.Heading" String="h"')
        + about("S.Sub/Id", 'Term="Common.Label" String="sub"')
    )
    document = parse_edmx(edmx(schema))
    assert list(document.types) == ["S.Sub", "S.Base"]
    sub, base = document.types.values()
    assert ([found.name for found in sub.properties], sub.key) == (["Id", "B"], ("Id",))
    assert sub.properties[0].annotations == {"common.label": "sub", "common.heading": "h"}
    assert base.properties[0].annotations["common.label"] == "base"
    assert not sub.properties[0].nullable


def test_older_edmx_and_types_in_another_schema() -> None:
    edm, old = "http://schemas.microsoft.com/ado/2008/09/edm", "http://schemas.microsoft.com/ado/2007/06/edmx"
    body = (
        f'<edmx:Edmx Version="1.0" xmlns:edmx="{old}"><edmx:DataServices>'
        f'<Schema Namespace="T" xmlns="{edm}"><EntityType Name="E">{ONE}</EntityType></Schema>'
        f'<Schema Namespace="U" xmlns="{edm}"><EntityContainer Name="C"><EntitySet Name="ES" EntityType="T.E"/>'
        "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
    )
    document = parse_edmx(body.encode())
    assert [(found.name, found.type) for found in document.sets] == [("ES", "T.E")]
    assert [found.name for found in document.types["T.E"].properties] == ["A"]


NAMES = st.from_regex(r"[A-Za-z_ÄÖÜäöüß][A-Za-z0-9_Ä]{0,12}", fullmatch=True)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=20
)
MODEL = st.dictionaries(
    NAMES,
    st.tuples(
        st.sampled_from(["Edm.String", "Edm.Decimal", "Edm.Date", "S.Own"]),
        st.booleans(),
        st.none() | st.integers(1, 5000),
        st.booleans(),
        st.none() | TEXTS,
        st.sampled_from(["block", "inline", "element"]),
    ),
    max_size=12,
)


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


@given(model=MODEL, alias=NAMES.filter(lambda name: name != "S"), key_count=st.integers(0, 3))
@settings(max_examples=150)
def test_what_is_written_is_what_is_read(model: dict, alias: str, key_count: int) -> None:  # type: ignore[type-arg]
    key = list(model)[:key_count]
    inside, blocks = "", ""
    for name, (kind, collection, length, nullable, label, where) in model.items():
        spelled = f"Collection({kind})" if collection else kind
        facet = f' MaxLength="{length}"' if length else ""
        form = f' String="{escape(label)}"/>' if label is not None else ""
        if label is not None and where == "element":
            form = f"><String>{escape(label)}</String></Annotation>"
        annotation = f'<Annotation Term="{alias}.Label"{form}' if label is not None else ""
        inside += f'<Property Name="{name}" Type="{spelled}"{facet} Nullable="{str(nullable).lower()}">'
        inside += f"{annotation if where != 'block' else ''}</Property>"
        blocks += f'<Annotations Target="S.SALES/{name}">{annotation}</Annotations>' if where == "block" else ""
    body = edmx(entity(inside, key=" ".join(key), more=blocks), aliases={alias: VOCABULARIES["Common"]})
    found = only_type(parse_edmx(body))
    assert found.key == tuple(key)
    assert {
        one.name: (
            one.type.name,
            one.type.collection,
            one.type.max_length and int(one.type.max_length),
            one.nullable,
            one.annotations.get("common.label"),
            model[one.name][5],
        )
        for one in found.properties
    } == model
    assert [one.name for one in found.properties] == list(model)


def test_elements_of_other_vendors_are_not_ours() -> None:
    schema = entity(f'{ONE}<x:Property xmlns:x="urn:x" Name="B" Type="Edm.String"/>')
    assert [found.name for found in only_type(parse_edmx(edmx(schema))).properties] == ["A"]
