"""How well personal data is found, on columns that were labelled before there was a vocabulary."""

from __future__ import annotations

from collections import Counter

import pytest

from spheresync.model import PersonalDataClass
from tests.unit.mapping.personal_data.labelled import labelled_columns, score

COLUMNS = labelled_columns()


def test_the_set_is_large_and_says_nothing_twice() -> None:
    assert len(COLUMNS) >= 400
    assert len({(column.origin, column.name) for column in COLUMNS}) == len(COLUMNS)
    labels = Counter(column.label for column in COLUMNS)
    assert all(labels[each] for each in PersonalDataClass)
    assert labels[None] > len(COLUMNS) / 3, "what is easily taken for personal data is half the test"


def test_no_column_is_in_both_halves() -> None:
    halves = (
        {(c.name, c.labels) for c in COLUMNS if c.held_back},
        {(c.name, c.labels) for c in COLUMNS if not c.held_back},
    )
    assert not halves[0] & halves[1]
    assert abs(len(halves[0]) - len(halves[1])) < len(COLUMNS) / 10


@pytest.mark.parametrize("held_back", [False, True], ids=["tuned on", "held back"])
def test_precision_and_recall_stay_above_the_floor(held_back: bool) -> None:
    reached = score(column for column in COLUMNS if column.held_back is held_back)
    assert reached.precision >= 0.95, reached
    assert reached.recall >= 0.90, reached


@pytest.mark.parametrize(
    "name",
    ["BIC_Sector", "EmailCampaignID", "HealthCheckStatus", "HOSTNAME", "PHONE_TYPE", "ADDRESS_COUNT", "BIRTHDAY_FLAG"],
)
def test_what_only_sounds_personal_is_not_taken_for_it(name: str) -> None:
    [column] = [column for column in COLUMNS if column.name == name]
    assert column.found() is None
