"""Columns without a class that may lead to a person: what is without personal data is not without persons."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from spheresync.mapping.personal_data import NOT_PERSONAL, classify, identifying_columns, person_keys
from spheresync.mapping.personal_data.classification import Steward
from spheresync.mapping.references import with_whole_names
from spheresync.model import Asset, Association, Column, ColumnRole, ForeignKey, SourceType, SpaceName, TechnicalName
from tests.unit.mapping.personal_data.labelled import asset_of

_TEXT = SourceType("cds.String", length=40)


def columns(*names: str, key: str = "") -> Asset:
    return asset_of(*(Column(TechnicalName(name), _TEXT, key=name == key) for name in names))


def keys_of(
    asset: Asset, people: dict[str, frozenset[str]] | None = None, *, cleared: Collection[str] = ()
) -> dict[str, str]:
    steward: Steward = dict.fromkeys(cleared, NOT_PERSONAL)
    return person_keys(asset, classify(asset, steward), people or {}, steward)


def test_the_number_of_a_customer_has_no_class_and_may_lead_to_a_person() -> None:
    asset = columns("BELNR", "KUNNR", "AMOUNT", key="BELNR")
    assert classify(asset) == {}
    assert list(keys_of(asset)) == ["KUNNR"] and "customer" in keys_of(asset)["KUNNR"]
    assert keys_of(asset, cleared=["KUNNR"]) == {}, "a steward has cleared it"


def test_a_reference_to_what_identifies_persons_is_such_a_key_and_one_to_what_does_not_is_none() -> None:
    people = columns("NR", "VORNA", "GBDAT", key="NR")
    telling = identifying_columns(people, classify(people))
    assert telling == {"NR"}, "the key of an asset about persons"
    plain = columns("ID", "OWNER_REF", "PLANT", key="ID")
    for named, whole in (("PEOPLE", f"{plain.id.space}/PEOPLE"), ("HR.MASTER.PEOPLE", "HR.MASTER/PEOPLE")):
        told = replace(
            plain,
            associations=(Association("at", "PLANTS", (("PLANT", "ID"),)),),
            foreign_keys=(ForeignKey("to", named, (("OWNER_REF", "NR"),)),),
        )
        stored = with_whole_names(told, [plain.id.space, SpaceName("HR.MASTER")])
        assert keys_of(stored, {whole: telling}) == {"OWNER_REF": f"refers to {whole}.NR, which identifies persons"}


def test_the_key_of_persons_is_told_beside_what_has_a_class() -> None:
    people = columns("NR", "VORNA", "GBDAT", "WERKS", key="NR")
    assert keys_of(people) == {"NR": "key of an asset about persons"}
    named = columns("NR", "VORNA", "WERKS", key="NR")
    assert keys_of(named) == {}, "a name alone may be of who answers for it"


def test_what_tells_the_rows_of_a_person_apart_is_no_key_of_persons() -> None:
    accounts = asset_of(
        *(Column(TechnicalName(name), _TEXT, key=name in {"PERNR", "NO"}) for name in ("PERNR", "NO", "GBDAT"))
    )
    assert identifying_columns(accounts, classify(accounts)) == {"PERNR"}
    assert keys_of(accounts) == {}


def test_whom_the_label_names_as_a_partner_may_be_a_person_under_any_name() -> None:
    def told(name: str, label: str, role: ColumnRole = ColumnRole.ATTRIBUTE) -> dict[str, str]:
        return keys_of(asset_of(Column(TechnicalName(name), _TEXT, labels=(("en", label),), role=role)))

    for name, label in (("SOLD_TO", "Sold-to Party"), ("F1", "Kundennummer"), ("F1", "Auftraggeber"), ("Buyer_ID", "")):
        assert name in told(name, label), label
    for name, label in (("F1", "Customer group"), ("F1", "Supplier rating"), ("MANDT", "Client"), ("F1", "Date")):
        assert told(name, label) == {}, label
    assert told("F1", "Customers", ColumnRole.MEASURE) == {}, "how many they are"
