"""Summaries of answers: the progress of a run, and what is created before the items of a change set."""

from __future__ import annotations

from datetime import timedelta

import pytest

from spheresync.answers import PrerequisiteRow, Progress
from spheresync.service.answer_rows import seconds_left
from spheresync_server.answer_summaries import prerequisite_summaries, progress_sentence


def test_what_is_left_is_told_at_the_pace_so_far() -> None:
    assert seconds_left(50, 200, timedelta(seconds=10)) == 30
    assert seconds_left(0, 200, timedelta(seconds=10)) is None
    assert seconds_left(200, 200, timedelta(seconds=10)) == 0
    assert seconds_left(5, 3, timedelta(seconds=10)) == 0
    told = progress_sentence("running", Progress(phase="applying", done=50, total=200, seconds_left=30))
    assert told == "Phase applying: 50 of 200, about 30 s left."
    assert progress_sentence("running", Progress(phase="planning", done=0, total=0)) == "Phase planning."


def rows(operation: str, *names: str) -> list[PrerequisiteRow]:
    return [
        PrerequisiteRow(
            target="glue",
            destination="default",
            wave=0,
            operation=operation,
            object=name,
            reason="missing",
            assets=["S/A"],
            assets_total=1,
        )
        for name in names
    ]


@pytest.mark.parametrize(
    ("prerequisites", "told"),
    [
        ([], []),
        (rows("glue:CreateDatabase", "a"), ["creates 1 database: a"]),
        (rows("glue:CreateDatabase", *"abc"), ["creates 3 databases: a, b, c"]),
        (rows("glue:CreateDatabase", *"abcde"), ["creates 5 databases: a, b, c and 2 more"]),
        (
            [*rows("glue:CreateDatabase", "a"), *rows("lakeformation:CreateLFTag", "k", "l")],
            ["creates 1 database: a", "creates 2 LFTags: k, l"],
        ),
        (rows("datazone:CreateGlossaryTerm", "t"), ["creates 1 glossary term: t"]),
        (rows("quicksight:UpdateFolder", "f"), ["calls quicksight:UpdateFolder 1 time: f"]),
        (rows("glue:CreateDatabase", "a\u202e"), ["creates 1 database: a\\u202e"]),
    ],
)
def test_what_is_created_first_is_named_in_short(prerequisites: list[PrerequisiteRow], told: list[str]) -> None:
    assert list(prerequisite_summaries(prerequisites)) == told
