"""What an undo says before it deletes tables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import Problem, SpaceName
from spheresync.planning.undo.undo_findings import NO_GUARD, UNDO_DELETES, undo_deletes, unread_now


@given(st.lists(st.sampled_from(["FINANCE", "HR", "SALES"]), min_size=1, max_size=30))
def test_it_says_how_many_of_which_spaces_and_that_no_guard_stands_before_it(spaces: list[str]) -> None:
    told = undo_deletes(map(SpaceName, spaces), {"table": len(spaces)})
    assert told.code == UNDO_DELETES and NO_GUARD in told.message
    assert f"deletes {len(spaces)} table" in told.message
    assert all(f"{space} ({spaces.count(space)})" in told.message for space in set(spaces))
    assert "revert" in told.remedy


def test_a_space_that_cannot_be_read_is_named_with_the_reason() -> None:
    told = unread_now(SpaceName("HR"), Problem("HR", "forbidden", "Space HR answers 403.", "Add the user."))
    assert told.subject == "HR" and "HR answers 403" in told.message and told.remedy == "Add the user."
