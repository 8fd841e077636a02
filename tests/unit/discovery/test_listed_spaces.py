"""What a pass says of spaces and of assets that it did not list: known, told as not read, and never missed for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from spheresync.discovery.listed_spaces import ListedSpaces, SpacesSeen
from spheresync.errors import SourceFault
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    SPACE_GONE,
    SPACE_UNREAD,
    AssetEntry,
    AssetId,
    AssetKind,
    Listing,
    Problem,
    SpaceEntry,
    SpaceName,
)
from spheresync.runtime.unread import is_unread
from spheresync.state.records import AssetRecord, SpaceRecord
from tests.unit.mapping.assets import settings

BEFORE, NOW = "2026-11-24T08:00:00.000000Z", "2026-11-24T09:00:00.000000Z"
NAMES = ("HR", "SALES")
BROKEN = Problem("tenant", SourceFault.SERVER_ERROR, "Page 2 answers 500.", "Try again.")
REFUSED = Problem("SALES", SourceFault.FORBIDDEN, "Space SALES answers 403.", "Add the user.")


def asset(name: str) -> AssetRecord:
    return AssetRecord.first_seen(AssetId.parse(name), AssetKind.VIEW, at=BEFORE)


def entry(record: AssetRecord) -> AssetEntry:
    return AssetEntry(record.id, "", None, None, supports_analytical_queries=False, has_parameters=False)


ASSETS = {SpaceName(space): [asset(f"{space}/A"), asset(f"{space}/B")] for space in NAMES}
SPACES = [SpaceRecord(SpaceName(space), space, BEFORE, True, None, present=True) for space in NAMES]


def listing(space: str, *names: str, problem: Problem | None = None) -> Listing[AssetEntry]:
    items = tuple(entry(each) for each in ASSETS[SpaceName(space)] if each.id.name in names)
    return Listing(space, items, problem is None, () if problem is None else (problem,))


def compare(
    listings: Mapping[str, Listing[AssetEntry]],
    *,
    whole: bool = True,
    exclude: tuple[str, ...] = (),
    listed: tuple[str, ...] = NAMES,
) -> SpacesSeen:
    spaces = Listing(
        "tenant",
        tuple(SpaceEntry(SpaceName(name), name) for name in listed),
        whole,
        () if whole else (BROKEN,),
    )
    mapping = MappingRules.compile(settings(scope={"exclude": [*exclude]}))
    by_name = {SpaceName(name): found for name, found in listings.items()}
    return ListedSpaces(SPACES, ASSETS, mapping, now=NOW).compare(spaces, by_name, set(ASSETS))


def unread(seen: SpacesSeen) -> list[str]:
    return sorted(str(each.id) for each in seen.assets if is_unread(each))


def test_a_space_that_a_whole_list_lacks_is_gone_since_it_was_listed_last() -> None:
    seen = compare({"HR": listing("HR", "A", "B")}, listed=("HR",))
    assert unread(seen) == ["SALES/A", "SALES/B"]
    (gone,) = seen.gone
    assert (gone.subject, gone.code, seen.problems) == ("SALES", SPACE_GONE, [])
    assert "last listed at 2026-11-24T08:00:00Z" in gone.message and "2 known assets" in gone.message
    assert {space.name: (space.present, space.listed_at) for space in seen.spaces} == {
        "HR": (True, NOW),
        "SALES": (False, BEFORE),
    }


def test_a_space_that_a_broken_list_lacks_was_not_read_and_is_not_gone() -> None:
    seen = compare({"HR": listing("HR", "A", "B")}, listed=("HR",), whole=False)
    assert (unread(seen), seen.gone) == (["SALES/A", "SALES/B"], [])
    assert [(each.subject, each.code) for each in seen.problems] == [("SALES", SPACE_UNREAD)]
    assert all(space.present for space in seen.spaces)


def test_where_no_list_came_nothing_is_said() -> None:
    assert compare({}, listed=(), whole=False) == SpacesSeen()


def test_a_listing_that_broke_off_leaves_out_what_it_did_not_get_to() -> None:
    seen = compare({"HR": listing("HR", "A", "B"), "SALES": listing("SALES", "A", problem=REFUSED)})
    assert unread(seen) == ["SALES/B"]
    (problem,) = seen.problems
    assert (
        problem.code == SourceFault.FORBIDDEN and "403; what else space SALES may hold was not read" in problem.message
    )
    assert "1 known asset counts as not read, and what AWS holds of it stays" in problem.message
    (sales,) = [space for space in seen.spaces if space.name == "SALES"]
    assert (sales.complete, sales.listed_at, sales.problem) == (False, BEFORE, problem)


def test_a_look_at_one_space_forgets_nothing_of_another() -> None:
    known = [replace(each, problem=REFUSED if each.name == "SALES" else None) for each in SPACES]
    mapping = MappingRules.compile(settings())
    spaces = Listing("tenant", tuple(SpaceEntry(SpaceName(name), name) for name in NAMES), True)
    compared = ListedSpaces(known, ASSETS, mapping, now=NOW)
    seen = compared.compare(spaces, {SpaceName("HR"): listing("HR", "A", "B")}, {SpaceName("HR")})
    assert [space.problem for space in seen.spaces if space.name == "SALES"] == [REFUSED]


def test_a_space_that_is_back_and_was_not_asked_for_is_not_read_yet() -> None:
    gone = compare({"HR": listing("HR", "A", "B")}, listed=("HR",))
    spaces = Listing("tenant", tuple(SpaceEntry(SpaceName(name), name) for name in NAMES), True)
    compared = ListedSpaces(gone.spaces, ASSETS, MappingRules.compile(settings()), now=NOW)
    seen = compared.compare(spaces, {SpaceName("HR"): listing("HR", "A", "B")}, {SpaceName("HR")})
    (sales,) = [space for space in seen.spaces if space.name == "SALES"]
    assert sales.present and sales.problem is not None and sales.problem.code == SPACE_UNREAD
    assert "listed again" in sales.problem.message
    broken = Listing("tenant", (SpaceEntry(SpaceName("HR"), "HR"),), False, (BROKEN,))
    seen = ListedSpaces(gone.spaces, ASSETS, MappingRules.compile(settings()), now=NOW).compare(broken, {}, set(ASSETS))
    assert [each.code for each in seen.gone] == [SPACE_GONE], "a broken list says nothing new of it"


def test_a_space_that_the_scope_leaves_out_troubles_nobody() -> None:
    seen = compare({"HR": listing("HR", "A", "B")}, listed=("HR",), exclude=("SALES/*",))
    assert (unread(seen), seen.gone, seen.problems) == ([], [], [])
    assert [(str(each.id), each.included) for each in seen.assets] == [("SALES/A", False), ("SALES/B", False)]
    assert all(space.problem is None for space in seen.spaces)


@given(
    st.sets(st.sampled_from(NAMES)),
    st.booleans(),
    st.sets(st.sampled_from(("A", "B"))),
    st.booleans(),
)
def test_each_known_asset_is_listed_missed_or_told_as_not_read(
    listed: set[str], whole: bool, here: set[str], refused: bool
) -> None:
    problem = REFUSED if refused else None
    listings = {name: listing(name, *here, problem=problem and replace(problem, subject=name)) for name in listed}
    seen = compare(listings, listed=tuple(sorted(listed)), whole=whole)
    told = set(unread(seen))
    for space, records in ASSETS.items():
        for record in records:
            found = space in listed and record.id.name in here
            missed = space in listed and not refused and not found
            nothing_known = not listed and not whole
            assert [found, missed, str(record.id) in told, nothing_known].count(True) == 1
    assert all(each.problem is None or "2026-11-24T08:00:00Z" in each.problem.message for each in seen.assets)
