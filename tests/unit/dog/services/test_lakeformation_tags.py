"""Properties of LF-Tags on resources: each key for itself, the nearest value counts, nothing is left behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spheresync.dog.services.lakeformation.tags import AssignedTags

KEYS = st.sampled_from(["k1", "k2", "k3"])
TAGS = st.dictionaries(KEYS, st.sampled_from(["v", "w"]), min_size=1)
PLACES = st.sampled_from(
    [
        ("d", None, None),
        ("d", "t", None),
        ("d", "t", ("a",)),
        ("d", "t", ("a", "b")),
        ("d", "u", None),
        ("e", "t", None),
    ]
)


@given(st.lists(st.tuples(PLACES, TAGS), max_size=8), PLACES, TAGS)
def test_putting_touches_no_other_key_and_no_other_place(before, place, tags) -> None:
    assigned = AssignedTags()
    for where, put in before:
        assigned.put(*where, put)
    earlier = AssignedTags.of(assigned.dump())
    assigned.put(*place, tags)
    for was, now in zip(earlier.on(*place), assigned.on(*place), strict=True):
        assert now == was | tags
    assigned.put(*place, tags)
    assigned.remove(*place, tags)
    for was, now in zip(earlier.on(*place), assigned.on(*place), strict=True):
        assert now == {key: value for key, value in was.items() if key not in tags}
    for other in [("d", None, None), ("d", "u", None), ("e", "t", None)]:
        if other != place:
            assert assigned.on(*other) == earlier.on(*other)


@given(st.lists(st.tuples(PLACES, TAGS), max_size=8))
def test_what_holds_nothing_leaves_nothing(puts) -> None:
    assigned = AssignedTags()
    for where, put in puts:
        assigned.put(*where, put)
    for where, put in puts:
        assigned.remove(*where, put)
    assert assigned == AssignedTags()


@given(st.lists(st.tuples(PLACES, TAGS), max_size=8), KEYS)
def test_a_key_that_is_forgotten_is_used_nowhere(puts, key) -> None:
    assigned = AssignedTags()
    for where, put in puts:
        assigned.put(*where, put)
    assigned.forget_key(key)
    assert assigned.used_values(key) == set()
