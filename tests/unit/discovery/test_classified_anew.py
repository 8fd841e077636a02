"""A definition that is as it was is made anew where the normaliser or the vocabulary would make another one of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from spheresync.discovery import normalisation
from spheresync.discovery.normalisation import Normalised, normalise_all, reading_version, was_classified
from spheresync.model import Asset, Column, PersonalDataClass, RawDefinition, SourceType, TechnicalName
from spheresync.source.protocol import Normaliser
from spheresync.state.definitions import decode_asset
from tests.unit.mapping.assets import ORDERS


def people(_: RawDefinition) -> Asset:
    names = ("PERNR", "GBDAT", "WERKS")
    return replace(ORDERS, columns=tuple(Column(TechnicalName(name), SourceType("Edm.String")) for name in names))


NORMALISER = Normaliser(2, people)


@pytest.fixture
def other_vocabulary(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(normalisation, "CLASSIFIER_VERSION", normalisation.CLASSIFIER_VERSION + 1)
    yield


def test_a_stored_definition_tells_whether_personal_data_was_looked_for() -> None:
    assert was_classified(reading_version(NORMALISER))
    assert not was_classified(0), "never read"
    assert not was_classified(NORMALISER.version), "as former versions noted it"


def test_another_normaliser_or_vocabulary_reads_anew(request: pytest.FixtureRequest) -> None:
    before = reading_version(NORMALISER)
    assert reading_version(replace(NORMALISER, version=3)) != before
    request.getfixturevalue("other_vocabulary")
    assert reading_version(NORMALISER) != before


def test_what_is_kept_of_an_asset_tells_its_classes() -> None:
    (found,) = normalise_all(NORMALISER, (), [cast("RawDefinition", None)])
    assert isinstance(found, Normalised)
    assert found.personal_data == (PersonalDataClass.BIRTH, PersonalDataClass.IDENTIFIER)
    assert found.pii_columns == 2
    assert [column.pii for column in decode_asset(found.definition).columns] == ["identifier", "birth", None]
