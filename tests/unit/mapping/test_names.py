"""Physical names: well-formed, one for each source, the same whoever else is there."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.mapping.names import allocate, derives, hashed_name, plain_name
from spheresync.model import PhysicalName

WELL_FORMED = re.compile(r"[a-z0-9_]{1,128}")
#: Few letters in every case, so that plain names collide all the time.
SOURCES = st.text(alphabet="aAbB_-.ä/ ", min_size=1, max_size=5)
GROUPS = st.sets(SOURCES | st.text(max_size=200), max_size=12)


def _give(sources: set[str] | list[str], held: dict[PhysicalName, str] | None = None) -> dict[str, PhysicalName]:
    return allocate([(source, plain_name(source)) for source in sources], held or {})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("V_ORDERS", "v_orders"),
        ("SAP.TIME.VIEW_DIMENSION_DAY", "sap_time_view_dimension_day"),
        ("Größe Übersicht", "groesse_uebersicht"),
        ("A\u0308RGER", "aerger"),
        ("Crème brûlée", "creme_brulee"),
        ("Łódź", "lodz"),
        ("A - B", "a_b"),
        ("ＡＢＣ①", "abc1"),
        ("x" * 200, "x" * 128),
        ("!", "_"),
    ],
)
def test_examples(text: str, name: str) -> None:
    assert plain_name(text) == name


@given(st.text())
def test_every_name_is_well_formed_and_its_own_name(text: str) -> None:
    name = plain_name(text)
    assert WELL_FORMED.fullmatch(name)
    assert plain_name(name) == name
    hashed = hashed_name(name, text)
    assert WELL_FORMED.fullmatch(hashed)
    assert derives(name, name, text)
    assert derives(hashed, name, text)


@given(GROUPS, st.randoms(use_true_random=False))
def test_names_differ_whatever_the_order(sources: set[str], chance: random.Random) -> None:
    given_names = _give(sources)
    assert given_names.keys() == sources
    assert len(set(given_names.values())) == len(sources)
    assert all(WELL_FORMED.fullmatch(name) for name in given_names.values())
    shuffled = sorted(sources)
    chance.shuffle(shuffled)
    assert _give(shuffled) == given_names


@given(GROUPS)
def test_the_smallest_source_by_code_point_gets_the_plain_name(sources: set[str]) -> None:
    names = _give(sources)
    for plain in {plain_name(source) for source in sources}:
        first = min(source for source in sources if plain_name(source) == plain)
        assert names[first] == plain
        assert all(derives(names[source], plain_name(source), source) for source in sources)


@given(GROUPS, GROUPS)
def test_holders_keep_their_names_when_others_come(first: set[str], later: set[str]) -> None:
    held = _give(first)
    names = _give(later - first, {name: source for source, name in held.items()})
    assert not set(names.values()) & set(held.values())


@given(GROUPS, SOURCES)
def test_a_name_with_a_hash_does_not_depend_on_who_else_is_there(others: set[str], source: str) -> None:
    plain = plain_name(source)
    held = {plain: "somebody else"}
    assert allocate([(source, plain)], held)[source] == hashed_name(plain, source)
    more = {other for other in others if plain_name(other) != plain}
    assert _give({*more, source}, held)[source] == hashed_name(plain, source)


def test_a_hashed_name_that_is_somebodys_plain_name_gets_longer() -> None:
    taken = hashed_name(PhysicalName("a"), "a")
    names = _give({"A", "a", taken.upper()})
    assert names == {"A": "a", taken.upper(): taken, "a": hashed_name(PhysicalName("a"), "a", digits=16)}


def test_long_names_that_differ_at_their_end_stay_apart() -> None:
    names = _give({"x" * 130 + "a", "x" * 130 + "b"})
    assert sorted(map(len, names.values())) == [128, 128]
