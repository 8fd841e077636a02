"""What counts as written of an object whose last writes failed half-way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import JsonValue, canonical_json
from spheresync.model.json_document import read_own_json
from spheresync.targets.tried_writes import MOST_TRIED, as_written, with_tried

VALUES = st.sampled_from(["a", "b", "c"])
OBJECTS = st.dictionaries(st.sampled_from("xyz"), VALUES)
BODIES = st.fixed_dictionaries(
    {"Name": VALUES, "Grants": OBJECTS},
    optional={
        "Topic": st.fixed_dictionaries({"Name": VALUES}, optional={"Text": VALUES}),
        "Columns": st.lists(
            st.fixed_dictionaries({"Name": st.sampled_from("pqr"), "Label": VALUES}),
            unique_by=lambda column: column["Name"],
        ),
    },
)


def body(**members: JsonValue) -> bytes:
    return canonical_json(members)


def read(said: bytes) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = read_own_json(said)
    return found


def test_what_stands_as_it_was_tried_counts_as_written_and_edits_of_others_do_not() -> None:
    last = with_tried(body(Name="a", Text="a", Kind="a"), body(Name="b", Text="b", Kind="a"))
    found = read(as_written(last, body(Name="b", Text="theirs", Kind="theirs")))
    assert found == {"Name": "b", "Text": "a", "Kind": "a"}


def test_members_that_no_object_holds_stay_as_they_were_written() -> None:
    last = with_tried(body(Name="a", Beside={"n": "x"}), body(Name="b"))
    assert read(as_written(last, body(Name="b"), noted=frozenset({"Beside"}))) == {"Name": "b", "Beside": {"n": "x"}}


def test_what_was_tried_to_be_put_there_is_whole_also_where_others_have_worked_on_it_since() -> None:
    last = with_tried(body(Name="a"), body(Name="a", Topic={"Name": "t", "Text": "ours"}))
    found = read(as_written(last, body(Name="a", Topic={"Name": "t", "Text": "theirs"})))
    assert found["Topic"] == {"Name": "t", "Text": "ours"}


def test_so_many_tries_are_remembered_and_none_twice() -> None:
    last = body(Name="0")
    for number in [*range(1, 12), 11, 11]:
        last = with_tried(last, body(Name=str(number)))
    tried = read(last)["Tried"]
    assert isinstance(tried, list) and len(tried) == MOST_TRIED and tried[-1] == {"Name": "11"}


@given(last=BODIES, tried=BODIES, live=BODIES)
def test_what_was_never_tried_is_as_written_and_a_whole_write_is_all_of_it(
    last: dict[str, JsonValue], tried: dict[str, JsonValue], live: dict[str, JsonValue]
) -> None:
    written = canonical_json(last)
    assert as_written(written, canonical_json(live)) is written
    known = with_tried(written, canonical_json(tried))
    assert read(as_written(known, written)) == last
    assert read(as_written(known, canonical_json(tried))) == tried
    assert read(as_written(known, canonical_json(live))).keys() <= last.keys() | tried.keys()
