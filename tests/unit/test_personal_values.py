"""Values of persons in free text: what is found, what is left alone, and that a mask leaves nothing of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.personal_values import find_personal_values, mask_personal_values


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Ask max.muster@firma.example.com first", "Ask [e-mail] first"),
        ("Tel. +49 (0) 89 123456-78, weekdays", "Tel. [phone], weekdays"),
        ("+4989123456", "[phone]"),
        ("Telefon: 089/1234567", "Telefon: [phone]"),
        ("to DE89 3704 0044 0532 0130 00.", "to [IBAN]."),
        ("GB82WEST12345698765432", "[IBAN]"),
        ("card 4111 1111 1111 1111", "card [card]"),
        ("378282246310005", "[card]"),
        ("WHERE SSN = '078-05-1120'", "WHERE SSN = '[id]'"),
        ("756.9217.0769.85", "[id]"),
        ("RSSMRA85T10A562S", "[id]"),
        ("65180539W001", "[id]"),
        ("1 85 05 78 006 084 91", "[id]"),
        ("111.444.777-35", "[id]"),
        ("85.07.30-033.28", "[id]"),
        ("Steuer-ID: 86095742719", "Steuer-ID: [id]"),
        ("PESEL 44051401359", "PESEL [id]"),
        ("BSN: 111222333", "BSN: [id]"),
        ("DNI 12345678Z", "DNI [id]"),
        ("hans.müller@exämple.de", "[e-mail]"),
        ('ask "Anna S"@example.com', "ask [e-mail]"),
        ("mailto:anna%40example.com", "mailto:[e-mail]"),
        ("anna&#64;example.com", "[e-mail]"),
        ("anna&#x40;example.com", "[e-mail]"),
        ("anna＠example.com", "[e-mail]"),
        ("SELECT A FROM T WHERE A = 'X@Y.COM'", "SELECT A FROM T WHERE A = '[e-mail]'"),
        ('ask "x@y.com" first', 'ask "[e-mail]" first'),
        ("de89 3704 0044 0532 0130 00", "[IBAN]"),
        ("DE89-3704-0044-0532-0130-00", "[IBAN]"),
        ("SSN 078051120", "SSN [id]"),
        ("SSN: 078-05-1120", "SSN: [id]"),
        ("social security no. 078-05-1120", "social security no. [id]"),
    ],
)
def test_values_are_masked_as_what_they_are(text: str, masked: str) -> None:
    assert mask_personal_values(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "GB82WEST12345698765433",  # the checksum is wrong
        "DE89 3704 0044 0532 0130",  # too short for its country
        "4111 1111 1111 1112",
        "756.9217.0769.86",
        "111.444.777-36",
        "Steuer-ID: 86095742718",
        "86095742719",  # a number like any other, where nothing says what it is
        "000000000000100042",  # a material
        "4006381333931",  # an EAN
        "2026-11-26T18:00:00.000000Z",
        "UTC+01:00",
        "0050568000001ED0A1B2C3D4E5F60718",
        "sha256 5f4dcc3b5aa765d61d8327deb882cf99",
        "SELECT SUM(NETWR) FROM VBAK WHERE VBELN BETWEEN 1 AND 4700001234",
        "a@b",
        "Ratio 123-45-6789",
        'SELECT "X@Y.COM", T."A@B.C" AS "C@D.E" FROM "S"."T@U.V"',
        "de89 3704 0044 0532 0130 01",
        "@EndUserText.label",
        "10.20.30.40:30015",
    ],
)
def test_other_figures_and_signs_stay(text: str) -> None:
    assert mask_personal_values(text) == text


@given(st.text(alphabet=st.sampled_from("0123456789 .-+/@aDEZ()'"), max_size=120))
def test_a_masked_text_holds_no_value_any_more(text: str) -> None:
    assert find_personal_values(mask_personal_values(text)) == []


@given(st.text(max_size=200))
def test_values_are_told_from_left_to_right_and_none_inside_another(text: str) -> None:
    found = find_personal_values(text)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(0 <= value.start < value.end <= len(text) for value in found)


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "+1",
        "a@",
        "a.",
        "0-",
        "tel ",
        "(1)",
        "DE11 ",
        "x@y.",
        '"',
        '"a',
        "%40",
        "a%40",
        "&#64;",
        "select ",
        "de11-",
    ],
)
def test_a_long_text_is_looked_through_in_one_go(piece: str) -> None:
    """The number of steps grows with the text and not with its square: 200,000 letters would never end else."""
    mask_personal_values(piece * (200_000 // len(piece)))
