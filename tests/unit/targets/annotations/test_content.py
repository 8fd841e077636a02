"""What is merged into what others say of an asset: settled after one write, and nothing of others is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import (
    DESCRIPTION,
    OWNER,
    SOURCE,
    Content,
    merged,
    wanted,
    without_ours,
)

PATHS = (DESCRIPTION, "terms.A", "terms.b.c", "columns.x.name", "columns.x.description", "columns.x.terms.A")
MARKS = {OWNER: "spheresync:here", SOURCE: "S/ONE"}
POLICIES = st.sampled_from(DriftPolicy).map(lambda each: DriftPolicies(description=each, comments=each))


def values(path: str) -> st.SearchStrategy[str]:
    return st.just("Words") if content.term_of(path) else st.sampled_from(("one", "two", "three"))


FIELDS = st.fixed_dictionaries({}, optional={path: values(path) for path in PATHS})
OURS = FIELDS.map(lambda fields: wanted({**MARKS, **fields}))


def edited(there: Content, fields: dict[str, str]) -> Content:
    """Somebody else makes the fields besides our form as these are."""
    form = {path: value for path, value in there.fields.items() if path.startswith("form.")}
    return Content({**form, **fields}, there.ours, there.found, there.asset)


@given(FIELDS, OURS, POLICIES)
def test_what_was_there_before_us_stays_and_a_second_merge_changes_nothing(
    before: dict[str, str], ours: Content, policies: DriftPolicies
) -> None:
    there, _ = merged(None, Content(before), ours, policies)
    assert {path: there.fields[path] for path in before} == before
    assert {**ours.fields, **before} == dict(there.fields)
    again, kept = merged(there, there, ours, policies)
    assert (again, kept) == (there, [])
    assert there.digest == ours.digest and there.is_intact


@given(FIELDS, OURS, OURS, POLICIES)
def test_taking_back_leaves_exactly_what_was_there_before(
    before: dict[str, str], first: Content, second: Content, policies: DriftPolicies
) -> None:
    there, _ = merged(None, Content(before), first, policies)
    there, _ = merged(there, there, second, policies)
    assert without_ours(there).fields == before


@given(FIELDS, OURS, FIELDS, OURS)
def test_an_edit_stays_where_the_policy_says_so_and_goes_where_it_says_overwrite(
    before: dict[str, str], first: Content, edit: dict[str, str], second: Content
) -> None:
    written, _ = merged(None, Content(before), first, DriftPolicies())
    there = edited(written, edit)
    kept, told = merged(written, there, second, DriftPolicies(description=DriftPolicy.KEEP, comments=DriftPolicy.KEEP))
    for path in told:
        assert kept.fields.get(path) == there.fields.get(path) and content.is_text(path)
    over, told = merged(
        written, there, second, DriftPolicies(description=DriftPolicy.OVERWRITE, comments=DriftPolicy.OVERWRITE)
    )
    assert not told
    for path in set(PATHS) - written.found - set(edit):
        assert over.fields.get(path) == second.fields.get(path)


@given(FIELDS, OURS)
def test_bodies_say_all_of_it(before: dict[str, str], ours: Content) -> None:
    there, _ = merged(None, Content(before), ours, DriftPolicies())
    assert Content.read(there.body) == there


@pytest.mark.parametrize(
    ("path", "term", "column"),
    [
        ("terms.a.b", "a.b", None),
        ("columns.x.y.name", None, ("x.y", "name")),
        ("columns.x.terms.a.b", "a.b", ("x", "terms.a.b")),
        ("description", None, None),
    ],
)
def test_paths_say_of_what_they_are(path: str, term: str | None, column: tuple[str, str] | None) -> None:
    assert (content.term_of(path), content.column_of(path)) == (term, column)
