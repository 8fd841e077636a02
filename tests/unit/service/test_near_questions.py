"""Other forms of words, by which a question without an answer finds one."""

from __future__ import annotations

import pytest

from spheresync.service.catalog.near_questions import is_one_slip, stems_of


@pytest.mark.parametrize(
    ("word", "stems"),
    [
        ("kunden", ["kunde", "kund"]),
        ("suppliers", ["supplier"]),
        ("deliveries", ["delivery", "deliverie", "deliveri"]),
        ("city", []),
        ("bus", []),
    ],
)
def test_endings_of_plurals_and_cases_are_taken_off_but_of_little_words(word: str, stems: list[str]) -> None:
    assert sorted(stems_of(word)) == sorted(stems)


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("sick", "stock", False),
        ("leave", "level", False),
        ("stoer", "store", True),
        ("stor", "store", True),
        ("stores", "store", True),
        ("storf", "store", True),
        ("store", "store", False),
    ],
)
def test_of_a_short_word_only_one_slip_is_taken_for_another_spelling(word: str, other: str, near: bool) -> None:
    assert is_one_slip(word, other) is near
