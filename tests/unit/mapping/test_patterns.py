"""Globs: they mean what a simple matcher says, and no text makes one of them slow."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spheresync.mapping.patterns import literal_prefix, matches

GLOBS = st.text(alphabet="ab*?\n", max_size=10)
TEXTS = st.text(alphabet="ab\n", max_size=12)


def simply_matches(glob: str, text: str) -> bool:
    """By the words of CONTRACT.md, without a thought for speed."""
    reached = {0}
    for character in glob:
        if character == "*":
            reached = set(range(min(reached), len(text) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(text) and character in {"?", text[at]}}
    return len(text) in reached


@given(GLOBS, TEXTS)
@settings(max_examples=1000)
def test_globs_mean_what_a_simple_matcher_says(glob: str, text: str) -> None:
    assert matches(glob, text) is simply_matches(glob, text)


@given(st.text(max_size=6), st.text(max_size=6))
def test_globs_over_any_characters(glob: str, text: str) -> None:
    assert matches(glob, text) is simply_matches(glob, text)
    assert matches(text.replace("*", "?"), text)


@given(GLOBS, TEXTS)
def test_what_matches_begins_with_the_literal_prefix(glob: str, text: str) -> None:
    assert not matches(glob, text) or text.startswith(literal_prefix(glob))


def searches(glob: str, text: str) -> int:
    """How often the matching calls into something that walks the text."""
    counted = 0

    def count(_: FrameType, event: str, called: object) -> None:
        nonlocal counted
        counted += event == "c_call" and getattr(called, "__name__", "") in {"find", "search", "match", "startswith"}

    matches(glob, text)  # compiled before anything is counted
    sys.setprofile(count)
    try:
        matches(glob, text)
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("unit", ["*a", "*a?", "*?"])
@pytest.mark.parametrize("length", [10, 1_000, 100_000])
def test_each_part_of_a_glob_is_searched_for_once_however_long_the_text(unit: str, length: int) -> None:
    """No search is repeated from another place, so the walk is linear in the text."""
    stars = 40
    assert not matches(unit * stars + "*_TMP", "a" * length)
    for end in ("", "b_TMP", "_TMP"):
        assert searches(unit * stars + "*b_TMP", "a" * length + end) <= stars + 2
