"""Which types somebody means: as Datasphere calls them, as Glue does, with facets or without."""

from __future__ import annotations

import pytest

from spheresync.model import CSN_OF_EDM, SourceType, facets_named, types_named
from spheresync.service.catalog.typed_columns import TypedColumns
from spheresync.targets.glue.types import glue_type


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("bigint", {"Edm.Int64", "cds.Integer64"}),
        ("timestamp", {"Edm.DateTimeOffset", "cds.Timestamp", "cds.DateTime"}),
        ("DateTime", {"Edm.DateTimeOffset", "cds.Timestamp"}),
        ("decimal(15,2)", {"Edm.Decimal", "cds.Decimal"}),
        ("varchar(10)", {"Edm.String", "cds.String"}),
        ("Edm.TimeOfDay", {"Edm.TimeOfDay", "cds.Time"}),
    ],
)
def test_a_type_is_meant_by_each_of_its_names(asked: str, meant: set[str]) -> None:
    assert meant <= types_named(asked)


@pytest.mark.parametrize("asked", ["", "KUNNR", "order date", "*", "decimals", "(15,2)"])
def test_what_is_no_type_names_none(asked: str) -> None:
    assert not types_named(asked)


@pytest.mark.parametrize(
    ("asked", "found", "taken"),
    [
        ("decimal", SourceType("Edm.Decimal", precision=17, scale=2), True),
        ("decimal(15,2)", SourceType("cds.Decimal", precision=15, scale=2), True),
        ("decimal(15, 2)", SourceType("cds.Decimal", precision=17, scale=2), False),
        ("decimal(15,0)", SourceType("Edm.Decimal", precision=15), True),
        ("varchar(10)", SourceType("Edm.String", length=10), True),
        ("varchar(10)", SourceType("Edm.String", length=8), False),
        ("varchar(10)", SourceType("Edm.Date"), False),
    ],
)
def test_facets_count_where_they_are_given(asked: str, found: SourceType, taken: bool) -> None:
    assert TypedColumns(types_named(asked), facets_named(asked)).take(found) is taken


@pytest.mark.parametrize("edm", ["Edm.String", *CSN_OF_EDM])
def test_a_type_is_also_meant_by_the_name_that_glue_gives_it(edm: str) -> None:
    for source in (SourceType(edm), SourceType(edm, length=10), SourceType(edm, precision=15, scale=2)):
        decided = glue_type(source)
        assert edm in types_named(decided.glue) or not decided.exact, decided
