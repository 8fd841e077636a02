"""Types exactly or as string, texts within AWS's byte limits."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config.hive_types import parse_hive_type
from spheresync.mapping.texts import COMMENT_BYTES, cut, one_line, several_lines
from spheresync.model import SourceType
from spheresync.targets.glue.types import glue_type
from tests.unit.mapping.assets import TYPES

#: Glue's pattern of one line, surrogates left out (reference: aws-catalogs.md 1.1).
ONE_LINE = re.compile("[\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\t]*")
SEVERAL_LINES = re.compile("[\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\r\n\t]*")
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("source", "glue"),
    [
        (SourceType("Edm.Boolean"), "boolean"),
        (SourceType("Edm.Byte"), "smallint"),
        (SourceType("Edm.Int16"), "smallint"),
        (SourceType("Edm.SByte"), "tinyint"),
        (SourceType("Edm.Int32"), "int"),
        (SourceType("Edm.Int64"), "bigint"),
        (SourceType("Edm.Single"), "float"),
        (SourceType("Edm.Double"), "double"),
        (SourceType("Edm.Decimal", None, 18, 2), "decimal(18,2)"),
        (SourceType("Edm.Decimal", None, 38, 38), "decimal(38,38)"),
        (SourceType("Edm.Decimal", None, 39, 0), "string"),
        (SourceType("Edm.Decimal", None, 5, 6), "string"),
        (SourceType("Edm.Decimal", None, None, 2), "string"),
        (SourceType("Edm.Decimal", None, 34, "variable"), "string"),
        (SourceType("Edm.Decimal", None, 34, "floating"), "string"),
        (SourceType("Edm.Date"), "date"),
        (SourceType("Edm.DateTimeOffset"), "timestamp"),
        (SourceType("Edm.String", 1), "varchar(1)"),
        (SourceType("Edm.String", 65_535), "varchar(65535)"),
        (SourceType("Edm.String", 65_536), "string"),
        (SourceType("Edm.String", 0), "string"),
        (SourceType("Edm.String"), "string"),
        (SourceType("Edm.Binary", 16), "binary"),
        (SourceType("Edm.Stream"), "string"),
        (SourceType("Edm.Guid"), "string"),
        (SourceType("Edm.TimeOfDay"), "string"),
        (SourceType("Edm.Duration"), "string"),
        (SourceType("Edm.GeographyPoint"), "string"),
        (SourceType("Edm.Int32", collection=True), "string"),
        (SourceType("Complex.Thing"), "string"),
        (SourceType("cds.Integer64"), "bigint"),
        (SourceType("cds.Time"), "string"),
    ],
    ids=str,
)
def test_types(source: SourceType, glue: str) -> None:
    decision = glue_type(source)
    assert decision.glue == glue
    assert decision.reason


@pytest.mark.parametrize(
    ("source", "spelled", "because"),
    [
        (SourceType("Edm.Decimal", None, 15, 2), "Edm.Decimal(15,2)", "exact"),
        (SourceType("Edm.Decimal", None, 15, 0), "Edm.Decimal(15,0)", "exact"),
        (SourceType("Edm.Decimal", None, None, 2), "Edm.Decimal(*,2)", "without a precision"),
        (SourceType("Edm.Decimal", None, None, 0), "Edm.Decimal(*,0)", "without a precision"),
        (SourceType("Edm.Decimal"), "Edm.Decimal", "without a precision"),
        (SourceType("cds.Decimal", None, 15), "cds.Decimal(15)", "without a scale"),
        (SourceType("Edm.Decimal", None, 34, "variable"), "Edm.Decimal(34,variable)", "of variable scale"),
        (SourceType("Edm.Decimal", None, None, "floating"), "Edm.Decimal(floating)", "of floating scale"),
        (SourceType("Edm.Decimal", None, 40, 2), "Edm.Decimal(40,2)", "1 to 38 digits, not 40"),
        (SourceType("Edm.Decimal", None, 10, 12), "Edm.Decimal(10,12)", "a scale of 12"),
    ],
    ids=str,
)
def test_a_decimal_is_spelled_as_the_source_has_it_and_says_why_it_is_a_string(
    source: SourceType, spelled: str, because: str
) -> None:
    decision = glue_type(source)
    assert str(source) == spelled
    assert because in decision.reason
    assert (decision.glue == "string") == (because != "exact")


@given(st.lists(TYPES, min_size=2, max_size=2, unique=True))
def test_two_decimals_are_spelled_differently(types: list[SourceType]) -> None:
    first, second = (SourceType("Edm.Decimal", None, each.precision, each.scale) for each in types)
    assert (str(first) == str(second)) == (first == second)


@given(TYPES)
def test_every_type_is_one_that_hive_knows(source: SourceType) -> None:
    assert parse_hive_type(glue_type(source).glue) == glue_type(source).glue


@given(ANY_TEXT, st.integers(1, 300))
def test_one_line_fits_and_is_allowed(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line.encode()) <= limit
    assert ONE_LINE.fullmatch(line)


@given(ANY_TEXT, st.integers(1, 300))
def test_several_lines_fit_and_are_allowed(text: str, limit: int) -> None:
    lines = several_lines(text, limit)
    assert len(lines.encode()) <= limit
    assert SEVERAL_LINES.fullmatch(lines)


@given(st.text(st.sampled_from("aä\u0301€😀\u200d\U0001f3fd "), max_size=40), st.integers(0, 60))
def test_a_cut_is_a_beginning_and_leaves_no_mark_behind(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert text.startswith(kept)
    assert len(kept.encode()) <= limit
    if len(text.encode()) <= limit:
        assert kept == text
    elif kept and kept == kept.rstrip() and not text[len(kept)].isspace():
        assert not unicodedata.combining(text[len(kept)])
        assert text[len(kept)] not in "\u200d\U0001f3fd"


def test_a_plain_text_is_cut_at_the_last_byte() -> None:
    assert one_line("x" * 300) == "x" * COMMENT_BYTES
    assert one_line("ü" * 200) == "ü" * 127
    assert one_line("a\r\nb\tc\x00d") == "a b\tcd"
    assert several_lines(" a\nb ") == "a\nb"
