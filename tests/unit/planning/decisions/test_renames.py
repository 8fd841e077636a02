"""What is paired as one asset under two names, proven or guessed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import (
    GONE_UNCONFIRMED,
    SPACE_UNREAD,
    AssetId,
    AssetKind,
    Digest,
    Fingerprints,
    Problem,
    SpaceName,
    TechnicalName,
    isoformat,
)
from spheresync.planning.decisions.renames import case_changes, case_key, is_listed, likely_renames
from spheresync.state.records import AssetRecord


def at(hour: int) -> str:
    return isoformat(datetime(2026, 11, 24, tzinfo=UTC) + timedelta(hours=hour))


def record(
    name: str,
    *,
    space: str = "S",
    seen: int = 0,
    listed: int = 1,
    missed: int | None = None,
    columns: str = "c",
    label: str = "",
    kind: AssetKind = AssetKind.VIEW,
) -> AssetRecord:
    """An asset seen first and listed last at these hours, and missed since, if at all."""
    return replace(
        AssetRecord.first_seen(AssetId(SpaceName(space), TechnicalName(name)), kind, at=at(seen)),
        entry_digest=Digest("listed"),
        listed_at=at(listed),
        label=label,
        misses=0 if missed is None else 1,
        first_missed_at=None if missed is None else at(missed),
        fingerprints=Fingerprints(Digest(columns), Digest(name), Digest(label)),
    )


OLD, NEW = record("Orders", missed=2), record("ORDERS", seen=2, listed=2)


def test_a_name_of_which_only_the_case_has_changed_is_the_same_asset() -> None:
    assert case_changes([OLD], [NEW]) == {NEW.id: OLD.id}


def test_one_that_only_a_target_knows_may_be_any() -> None:
    stub = AssetRecord.first_seen(OLD.id, OLD.kind, at=at(5))
    assert case_changes([replace(stub, misses=1, first_missed_at=at(6))], [NEW]) == {NEW.id: OLD.id}


@pytest.mark.parametrize(
    ("gone", "listed"),
    [
        ([OLD], [replace(NEW, first_seen_at=at(1))]),
        ([OLD], [replace(NEW, first_seen_at=at(0))]),
        ([OLD], [replace(NEW, kind=AssetKind.ANALYTIC_MODEL)]),
        ([OLD], [replace(NEW, included=False)]),
        ([OLD], [replace(NEW, id=AssetId(SpaceName("s"), NEW.id.name))]),
        ([OLD], [record("OTHER", seen=2, listed=2)]),
        ([OLD, record("oRDERS", missed=2)], [NEW]),
        ([OLD], [NEW, record("oRDERS", seen=2, listed=2)]),
        ([OLD], [NEW, replace(record("oRDERS"), included=False)]),
        ([], [NEW]),
    ],
    ids=["together", "long before", "kind", "left out", "space", "name", "two gone", "two new", "another", "none"],
)
def test_anything_else_proves_nothing(gone: list[AssetRecord], listed: list[AssetRecord]) -> None:
    assert case_changes(gone, listed) == {}


def test_whether_an_asset_is_listed_is_known_only_of_a_space_that_was_listed() -> None:
    def problem(code: str) -> Problem:
        return Problem.of(NEW.id, code, "why", "what to do")

    assert is_listed(NEW) and is_listed(replace(NEW, problem=problem("forbidden")))
    assert not is_listed(OLD)
    assert not is_listed(replace(NEW, problem=problem(SPACE_UNREAD)))
    assert not is_listed(replace(NEW, problem=problem(GONE_UNCONFIRMED)))
    assert not is_listed(AssetRecord.first_seen(NEW.id, NEW.kind, at=at(5))), "a target knows it, and no listing yet"


def test_the_nearest_likeness_decides() -> None:
    gone = [record("A", missed=2, label="Orders"), record("B", missed=2, label="Items")]
    new = [record("X", seen=2, listed=2, label="Items"), record("Y", seen=2, listed=2, label="Orders")]
    found = likely_renames([*gone, *new], {each.id for each in gone})
    assert found.former == {new[0].id: gone[1].id, new[1].id: gone[0].id}
    assert likely_renames([*gone, *(replace(each, label="") for each in new)], {each.id for each in gone}).former == {}


def test_one_that_moved_to_another_space_is_guessed_after_those_of_its_own() -> None:
    gone, moved = record("A", missed=2), record("A", space="T", seen=2, listed=2)
    assert likely_renames([gone, moved], {gone.id}).latter == {gone.id: moved.id}
    beside = record("B", seen=2, listed=2)
    assert likely_renames([gone, moved, beside], {gone.id}).latter == {gone.id: beside.id}


_NAMES = st.sampled_from(["Aa", "aA", "AA", "aa", "Bb", "BB", "bb", "Straße", "STRASSE"])
_RECORDS = st.lists(
    st.builds(
        record,
        _NAMES,
        space=st.sampled_from("ST"),
        seen=st.integers(0, 3),
        listed=st.integers(0, 3),
        missed=st.none() | st.integers(1, 3),
        columns=st.sampled_from("cd"),
        label=st.sampled_from(["", "L"]),
        kind=st.sampled_from([AssetKind.VIEW, AssetKind.ANALYTIC_MODEL]),
    ),
    unique_by=lambda each: each.id,
    max_size=12,
)


@given(_RECORDS, st.randoms(use_true_random=False))
def test_no_asset_is_in_two_pairs_and_the_order_says_nothing(records: list[AssetRecord], dice: random.Random) -> None:
    held = {each.id for each in records if dice.random() < 0.8}
    known = {each.id: each for each in records}
    gone, listed = [each for each in records if each.misses], [each for each in records if not each.misses]
    proven = case_changes(gone, listed)
    likely = likely_renames(records, held)
    dice.shuffle(gone)
    dice.shuffle(listed)
    assert case_changes(gone, listed) == proven
    assert likely_renames([*listed, *gone], held) == likely
    assert likely.former == {new: old for old, new in likely.latter.items()}
    for pairs in (proven, likely.former):
        assert len({*pairs, *pairs.values()}) == 2 * len(pairs)
        for new, old in pairs.items():
            assert known[old].misses and not known[new].misses
            assert known[old].kind is known[new].kind
            assert known[new].first_seen_at > known[old].listed_at or pairs is not proven
    assert all(case_key(new) == case_key(old) and new != old for new, old in proven.items())
    assert held.issuperset(likely.latter)
