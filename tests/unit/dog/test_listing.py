"""Listings: whatever the size and the page size, following the pages gives every record once."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.dog.listing import Query, QueryRefusedError, Record, next_query, page_of, parse_query
from spheresync.dog.objects import parse_type
from spheresync.errors import UsageError
from spheresync.model import SourceType


def records(count: int) -> list[Record]:
    return [{"name": f"A{number}", "spaceName": f"S{number % 2}", "label": None} for number in range(count)]


@given(count=st.integers(0, 40), page_size=st.integers(1, 15))
def test_following_the_pages_gives_every_record_once(count: int, page_size: int) -> None:
    everything = records(count)
    found: list[Record] = []
    query, number = "$select=name,spaceName,label", 1
    while True:
        page = page_of(everything, parse_query(query), page_size=page_size)
        assert page.number == number
        found += page.records
        if page.next_offset is None:
            break
        assert len(page.records) == page_size
        query, number = next_query(query, page.next_offset), number + 1
    assert found == everything


@given(count=st.integers(0, 40), top=st.integers(0, 60), skip=st.integers(0, 50), page_size=st.integers(1, 20))
def test_client_paging_is_a_slice_capped_at_the_page_size(count: int, top: int, skip: int, page_size: int) -> None:
    page = page_of(records(count), Query(top=top, skip=skip), page_size=page_size)
    assert list(page.records) == records(count)[skip : skip + min(top, page_size)]
    assert page.next_offset is None


@given(name=st.text(max_size=20), other=st.text(max_size=20))
def test_a_filter_finds_any_name(name: str, other: str) -> None:
    everything: list[Record] = [{"name": name}, {"name": other + "!"}]
    literal = name.replace("'", "''")
    query = parse_query("$filter=" + quote(f"name eq '{literal}'", safe=""))
    expected = [record for record in everything if record["name"] == name]
    assert list(page_of(everything, query, page_size=9).records) == expected


@pytest.mark.parametrize("text", ["name", "name eq", "name eq 'x' or name eq 'y'", "startswith(name,'x')", "x eq 'y'"])
def test_other_filters_are_refused(text: str) -> None:
    with pytest.raises(QueryRefusedError):
        page_of(records(2), Query(filter=text), page_size=5)


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("Decimal(15,2)", SourceType("Edm.Decimal", precision=15, scale=2)),
        ("Edm.String(40)", SourceType("Edm.String", length=40)),
        ("DateTimeOffset(7)", SourceType("Edm.DateTimeOffset", precision=7)),
        ("Date", SourceType("Edm.Date")),
    ],
)
def test_types_are_read_as_they_are_written(text: str, declared: SourceType) -> None:
    assert parse_type(text) == declared
    assert parse_type(str(declared)) == declared


@pytest.mark.parametrize("text", ["", "Decimal(a)", "String(", "9x"])
def test_other_types_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no column type"):
        parse_type(text)
