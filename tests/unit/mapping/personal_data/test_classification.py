"""The layers that tell personal data, one by one and against each other."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.mapping.personal_data import NOT_PERSONAL, PersonalDataFinding, classify, with_personal_data
from spheresync.model import (
    Column,
    ColumnOrigin,
    Derivation,
    Origins,
    PersonalDataClass,
    PersonalDataSource,
    SourceType,
    TechnicalName,
)
from tests.unit.mapping.personal_data.labelled import asset_of

_TEXT = SourceType("cds.String", length=40)


def column(name: str, label: str = "", **semantics: str) -> Column:
    labels = (("", label),) if label else ()
    return Column(TechnicalName(name), _TEXT, labels=labels, semantics=tuple(sorted(semantics.items())))


def found_of(*columns: Column) -> PersonalDataFinding | None:
    """What is found of the first of the columns."""
    return classify(asset_of(*columns)).get(columns[0].name)


@pytest.mark.parametrize(
    ("of", "personal_class", "source"),
    [
        (column("C1", personal_data="data_subject_id"), PersonalDataClass.IDENTIFIER, PersonalDataSource.ANNOTATION),
        (column("C1", personal_data="UserID"), PersonalDataClass.IDENTIFIER, PersonalDataSource.ANNOTATION),
        (column("GBDAT"), PersonalDataClass.BIRTH, PersonalDataSource.DICTIONARY),
        (column("KNA1~TELF1"), PersonalDataClass.CONTACT, PersonalDataSource.DICTIONARY),
        (column("/BIC/ZVORNA"), PersonalDataClass.NAME, PersonalDataSource.DICTIONARY),
        (column("Geburtsdatum_Kunde"), PersonalDataClass.BIRTH, PersonalDataSource.VOCABULARY),
        (column("F7", "Wohnanschrift"), PersonalDataClass.ADDRESS, PersonalDataSource.VOCABULARY),
        (column("F7", "z. B. max.muster@example.com"), PersonalDataClass.CONTACT, PersonalDataSource.PATTERN),
        (column("F7", "wie DE89 3704 0044 0532 0130 00"), PersonalDataClass.FINANCIAL, PersonalDataSource.PATTERN),
    ],
)
def test_each_layer_tells_what_it_knows(
    of: Column, personal_class: PersonalDataClass, source: PersonalDataSource
) -> None:
    finding = found_of(of)
    assert finding is not None
    assert (finding.personal_class, finding.source) == (personal_class, source)
    assert finding.evidence
    assert 0 < finding.confidence <= 1


def test_evidence_repeats_no_value_of_a_person() -> None:
    finding = found_of(column("F7", "ask max.muster@example.com"))
    assert finding is not None
    assert "max" not in finding.evidence


def test_an_annotation_says_that_and_the_words_say_which() -> None:
    finding = found_of(column("WERKS", "Plant", potentially_personal="true"))
    assert finding is not None, "SAP's word is above the dictionary's"
    assert finding.source is PersonalDataSource.ANNOTATION
    finding = found_of(column("F1", "Blutgruppe", potentially_sensitive="true"))
    assert finding is not None
    assert (finding.personal_class, finding.confidence) == (PersonalDataClass.HEALTH, 1.0)
    assert "isPotentiallySensitive" in finding.evidence
    assert "blutgruppe" in finding.evidence


@pytest.mark.parametrize("word", ["data_subject_id_type", "PurposeID", "END_OF_BUSINESS_DATE"])
def test_semantics_that_tell_of_the_data_and_of_no_person_are_no_finding(word: str) -> None:
    assert found_of(column("C1", personal_data=word)) is None


def test_the_steward_overrules_every_finding() -> None:
    asset = asset_of(column("VORNA"), column("C1", personal_data="user_id"), column("QTY"))
    said = classify(asset, {"VORNA": NOT_PERSONAL, "C1": PersonalDataClass.HEALTH, "QTY": PersonalDataClass.IDENTIFIER})
    assert {name: finding.personal_class for name, finding in said.items()} == {
        "C1": PersonalDataClass.HEALTH,
        "QTY": PersonalDataClass.IDENTIFIER,
    }
    assert {finding.source for finding in said.values()} == {PersonalDataSource.STEWARD}


def test_the_steward_says_nothing_of_columns_that_are_not_there() -> None:
    assert classify(asset_of(column("QTY")), {"VORNA": PersonalDataClass.NAME}) == {}


def test_a_customer_number_identifies_only_where_people_are_told_of() -> None:
    assert found_of(column("KUNNR"), column("NETWR")) is None
    assert found_of(column("KUNNR"), column("TELF1")) is None, "companies have telephones"
    finding = found_of(column("KUNNR"), column("NAME1"))
    assert finding is not None
    assert finding.personal_class is PersonalDataClass.IDENTIFIER


@pytest.mark.parametrize(
    "name", ["KUNNR", "LIFNR", "BSEG_KUNNR", "Kundennummer", "DEBITOR", "Kreditor", "ADDRNUMBER", "PARTNER_GUID"]
)
@pytest.mark.parametrize(
    ("beside", "identifies"), [("PERNR", True), ("GBDAT", True), ("ERNAM", False), ("NETWR", False)]
)
def test_every_number_of_a_partner_is_decided_by_the_same_evidence(name: str, beside: str, identifies: bool) -> None:
    finding = found_of(column(name), column(beside))
    assert (finding is not None and finding.personal_class is PersonalDataClass.IDENTIFIER) is identifies


def test_what_is_sensitive_for_an_unknown_reason_says_so() -> None:
    finding = found_of(column("F1", potentially_sensitive="true"))
    assert finding is not None
    assert finding.personal_class is PersonalDataClass.DEMOGRAPHIC
    assert "not said" in finding.evidence


def test_a_bare_name_counts_only_among_other_columns_of_people() -> None:
    assert classify(asset_of(column("Name"), column("City"), column("AirportID"))) == {}
    assert set(classify(asset_of(column("Name"), column("City"), column("Street")))) == {"Name", "City", "Street"}


@pytest.mark.parametrize("word", ["DATA_SUBJECT", "DataSubjectDetails"])
def test_where_sap_says_that_rows_are_people_no_other_column_has_to(word: str) -> None:
    asset = asset_of(column("Name"), column("KUNNR"), column("NETWR"))
    assert classify(asset) == {}
    assert set(classify(replace(asset, facts=(("personal_data_entity", word),)))) == {"Name", "KUNNR"}


@pytest.mark.parametrize(
    ("name", "label"),
    [("ART", "Abwesenheitsart"), ("AWART", ""), ("GRUND", "Fehlzeitengrund"), ("TYPE", "Type of illness")],
)
def test_kinds_of_absence_are_of_health_among_people_and_a_list_of_them_tells_of_nobody(name: str, label: str) -> None:
    finding = found_of(column(name, label), column("PERNR"))
    assert finding is not None and finding.personal_class is PersonalDataClass.HEALTH
    assert found_of(column(name, label), column("TEXT", "Text")) is None


@pytest.mark.parametrize(
    ("name", "label"), [("ART", "Art"), ("VON", "Beginn der Abwesenheit"), ("STATUS", "Genehmigungsstatus Abwesenheit")]
)
def test_a_mere_kind_and_when_somebody_was_absent_are_not_of_health(name: str, label: str) -> None:
    assert found_of(column(name, label), column("PERNR")) is None


def test_umlauts_count_however_they_are_written() -> None:
    for label in ("Straße", "Strasse", "STRASSE", unicodedata.normalize("NFD", "Staatsangehörigkeit")):
        assert found_of(column("F1", label)) is not None, label


def test_classes_are_put_on_columns_and_taken_off_again() -> None:
    asset = asset_of(column("VORNA"), column("QTY"))
    marked = with_personal_data(asset, classify(asset))
    assert [each.pii for each in marked.columns] == ["name", None]
    assert with_personal_data(marked, {}) == asset


@given(name=st.text(max_size=80), label=st.text(max_size=200))
def test_any_text_is_classified_alike_each_time(name: str, label: str) -> None:
    assert found_of(column(name, label)) == found_of(column(name, label))


@given(st.text(alphabet="abdefghiklmnorstuz", min_size=40, max_size=400))
def test_a_long_word_costs_no_more_than_a_short_one(label: str) -> None:
    found_of(column("F1", label))


@pytest.mark.parametrize("how", Derivation)
def test_a_column_that_is_another_one_renamed_has_its_class(how: Derivation) -> None:
    origin = ColumnOrigin("D2", ("PATIENTS",), ("DIAGNOSE",), how)
    asset = replace(asset_of(column("D2"), column("QTY")), origins=Origins(columns=(origin,)))
    found = classify(asset)
    if how is not Derivation.DIRECT:
        assert found == {}
        return
    assert found["D2"].personal_class is PersonalDataClass.HEALTH
    assert "DIAGNOSE" in found["D2"].evidence


@pytest.mark.parametrize("name", ["RESUME", "CV", "VITA", "ZEUGNIS", "APPRAISAL"])
def test_what_is_written_about_a_person_is_of_them_among_people_only(name: str) -> None:
    finding = found_of(column(name), column("FULL_NAME"))
    assert finding is not None and finding.personal_class is PersonalDataClass.DEMOGRAPHIC
    assert classify(asset_of(column(name), column("MATNR"))) == {}


@pytest.mark.parametrize(
    ("name", "label", "expected"),
    [
        ("MAIL", "Mail", "contact"),
        ("READER_NAME", "Name of Meter Reader", "name"),
        ("BETREIBER_NAME", "Name des Betreibers", "name"),
        ("GEB_TAG", "Geb.-Tag", "birth"),
        ("GEB", "geb. am", "birth"),
        ("MAILING_FLAG", "Mailing flag", None),
        ("MAIL_SERVER", "Mail server", None),
        ("MAIL_DATE", "Date of mail", None),
        ("GEB_RATE", "Geburtenrate", None),
        ("GEB_LAGE", "Geb. am Markt", None),
        ("GEB", "Geb.", None),
        ("PRODUCT_NAME", "Name of product", None),
        ("READER_NAME", "Name of card reader", None),
        ("TAG", "Tag", None),
    ],
)
def test_short_and_composed_labels_of_people_are_found_and_what_stands_near_them_is_not(
    name: str, label: str, expected: str | None
) -> None:
    finding = found_of(column(name, label), column("QTY", "Quantity"))
    assert (None if finding is None else finding.personal_class) == expected
