"""What is indexed and what is asked is folded alike, and the words of a question say why an asset answers."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.mapping.search import texts
from spheresync.mapping.search.fields import Field, SearchedText, indexed_texts
from spheresync.mapping.search.folding import as_one_word, asked_words, fold, from_one_word, spellings, words_of
from spheresync.mapping.search.question import Question, names_matched, reasons
from spheresync.model import Asset, AssetId, AssetKind, Column, SourceType, SpaceName, TechnicalName

TEXTS = st.text(max_size=40) | st.sampled_from(
    ['a"b', "x AND y", "NEAR(a b)", "{name} : a", "*", "a*", "-a", "^a", "'", "\0"]
)


@given(TEXTS)
def test_words_hold_nothing_at_which_sqlite_would_cut_them(text: str) -> None:
    words = [*words_of(text), *(part for word in asked_words(text) for parts in word for part in parts)]
    for word in [*words, *Question.of(text).wholes]:
        assert all(char.isascii() is False or char.isalnum() for char in word), repr(word)
        word.encode()  # no half of a pair
    entry = indexed_texts([SearchedText(Field.NAME, text), SearchedText(Field.COLUMN, text)]).entry
    assert "\0" not in entry


@given(TEXTS)
def test_every_word_of_a_text_is_found_in_any_case_and_composition(text: str) -> None:
    indexed = set(words_of(text))
    for asked in (text, text.upper(), unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text)):
        if fold(asked) == fold(text):
            for alternatives in asked_words(asked):
                assert any(set(parts) <= indexed for parts in alternatives), (asked, alternatives, indexed)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_a_name_as_one_word_is_the_name(text: str) -> None:
    folded = fold(text)
    assert from_one_word(as_one_word(folded)) == folded or any(0xE000 <= ord(char) < 0xE080 for char in folded)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("ORDER_QTY", "QTY"),
        ("ORDER_QTY", "order"),
        ("orderQty", "qty"),
        ("SAPOrderItem", "order"),
        ("QTY2", "qty"),
        ("Umsätze 2026", "umsatze"),
        ("Umsätze 2026", "umsaetze"),
        ("Umsaetze", "Umsätze"),
        ("Müller", "mueller"),
        ("Straße", "STRASSE"),
        ("Café", "cafe"),
        ("Køge", "koge"),
        ("MENGE", "menge"),
        ("NET_VALUE", "netValue"),
    ],
)
def test_a_text_is_found_by_what_people_type(text: str, asked: str) -> None:
    found = reasons(Question.of(asked), [SearchedText(Field.COLUMN, text, column=text)])
    assert [each.text for each in found] == [text]


def test_umlauts_have_two_spellings_and_other_marks_one() -> None:
    assert spellings("Größe") == ("grosse", "groesse")
    assert spellings("Café") == ("cafe",)


def test_the_best_reasons_come_first_and_together_have_every_word() -> None:
    texts = [
        SearchedText(Field.NAME, "V_ORDERS"),
        SearchedText(Field.LABEL, "Aufträge", "de"),
        SearchedText(Field.COLUMN, "QTY", column="QTY"),
        SearchedText(Field.COLUMN_LABEL, "Qty of orders", "en", "ORDER_QTY"),
        SearchedText(Field.DESCRIPTION, "nothing of it"),
    ]
    assert [each.text for each in reasons(Question.of("orders qty"), texts)] == ["Qty of orders"]
    assert [each.text for each in reasons(Question.of("aufträge qty"), texts[:3])] == ["Aufträge", "QTY"]
    assert [each.text for each in reasons(Question.of("qty"), texts)] == ["QTY", "Qty of orders"]
    assert reasons(Question.of("zzz"), texts) == []


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("qty", ["QTY"]),
        ("QTY*", ["QTY", "QTY_NET"]),
        ("*qty*", ["QTY", "ORDER_QTY", "QTY_NET"]),
        ("Q?Y", ["QTY"]),
        ("[Q]TY", []),
    ],
)
def test_names_are_matched_by_themselves_or_as_globs(pattern: str, matched: list[str]) -> None:
    assert names_matched(pattern, ["QTY", "ORDER_QTY", "QTY_NET"]) == matched


def test_a_column_that_stands_in_many_assets_is_put_into_words_once(monkeypatch: pytest.MonkeyPatch) -> None:
    masked: list[str] = []
    monkeypatch.setattr(texts, "without_personal_values", lambda text: masked.append(text) or text)
    label = (("", "Phone, such as +49 6227 747474, seen here first"),)
    column = Column(TechnicalName("PHONE"), SourceType("Edm.String"), "PHONE", labels=label)
    for name in ("FIRST", "SECOND"):
        asset = Asset(AssetId(SpaceName("S"), TechnicalName(name)), AssetKind.VIEW, (("", name),), (column,))
        assert "phone" in texts.texts_to_index(name, name, asset).column_label.split()
    assert masked == ["FIRST", label[0][1], "SECOND"]
