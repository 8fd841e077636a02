"""What our form keeps of the rest: read as it was written, and whatever somebody made of it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from spheresync.targets.annotations.content import Content, wanted
from spheresync.targets.annotations.written import Written

_PATHS = st.sampled_from(("form.kind", "description", "terms.A", "terms.B", "columns.x.terms.A", "columns.x.name"))
_TEXTS = st.dictionaries(_PATHS, st.sampled_from(("Words", "Others", "one")))
_CONTENTS = st.builds(
    lambda fields, found, ids: Content(wanted(fields).fields, fields, frozenset(found), ids=ids),
    _TEXTS,
    st.sets(_PATHS),
    _TEXTS,
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
_ANY = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["ours", "ids"]), inner))


@given(_CONTENTS)
def test_it_is_read_as_it_was_written(content: Content) -> None:
    written = Written.of(content)
    assert Written.read(written.text) == written
    assert not {path for path in written.ours if path.startswith("form.")}
    assert not written.ids.keys() & content.found


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("ours", "found", "ids"), _ANY)) | _ANY, st.text())
def test_whatever_somebody_made_of_it_is_read(edited: object, text: str) -> None:
    for each in (edited, text, json.dumps(edited), json.dumps(edited)[:-1]):
        read = Written.read(each)
        assert [*read.placed("terms.", ["1"], {"1": "A"}, "Words")] and isinstance(read.terms, dict)
        assert all(isinstance(value, str) for value in (*read.ours.values(), *read.ids.values(), *read.found))


def test_terms_are_those_that_it_names_whatever_they_are_called_now() -> None:
    written = Written({"terms.A": "Former"}, ids={"terms.A": "1", "columns.x.terms.A": "3"})
    placed = [*written.placed("terms.", ["2", "1", "4"], {"1": "Renamed", "2": "A", "3": "A"}, "Words")]
    assert [tuple(each) for each in placed] == [("terms.A", "Former", "1")]
    assert written.terms == {"1": "A", "3": "A"}
