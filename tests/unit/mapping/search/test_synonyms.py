"""Words for the same thing, so that whoever asks in one language finds what is named in the other."""

from __future__ import annotations

import pytest

from spheresync.mapping.search.synonyms import synonyms_nearly, synonyms_of


@pytest.mark.parametrize(
    ("word", "other"),
    [("lagerbestand", "stock"), ("inventory", "bestand"), ("waehrung", "currency"), ("wahrung", "wechselkurs")],
)
def test_a_word_has_others_of_both_languages_and_is_none_of_them(word: str, other: str) -> None:
    assert (other in synonyms_of(word)) is (other != "wechselkurs")
    assert word not in synonyms_of(word)


def test_what_nobody_knows_has_none_and_a_slip_is_forgiven() -> None:
    assert synonyms_of("zyklotron") == synonyms_nearly("zyklotron") == ()
    assert {"inventory", "bestand"} <= set(synonyms_nearly("invntory"))
