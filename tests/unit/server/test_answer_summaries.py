"""Summaries of answers: the progress of a run, and what is created before the items of a change set."""

from __future__ import annotations

from datetime import timedelta

import pytest

from spheresync.answers import AssetPage, AssetRow, PrerequisiteRow, Progress
from spheresync.service.answer_rows import seconds_left
from spheresync_server.answer_summaries import asset_lines, prerequisite_summaries, progress_sentence, savings_line


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


def test_what_datasphere_lists_no_more_is_told_apart_from_what_it_lists() -> None:
    def said(**statuses: int) -> list[str]:
        total = sum(statuses.values())
        return [*asset_lines(AssetPage(items=[], total=total, kinds={"view": total}, statuses=statuses))]

    assert said(synced=11, deleted=1, missing=1) == [
        "13 assets in all: view 13; synced 11, deleted 1, missing 1.",
        "2 of these are kept though Datasphere lists them no more (deleted 1, missing 1). So Datasphere lists 11.",
    ]
    assert said(synced=2) == ["2 assets in all: view 2; synced 2."]
    assert said() == ["0 assets match."]
    row = AssetRow(asset="S/A", kind="view", label="", tier="high", status="retired")
    assert [*asset_lines(AssetPage(items=[row], total=1, first=1))] == [
        "1-1 of 1 asset.",
        "1 of these is kept though Datasphere lists it no more (retired 1).",
    ]


def test_why_savings_and_the_ledger_differ_is_said_where_something_was_saved() -> None:
    told = savings_line({"datasphere_requests_saved": 58, "runs": 1}, "2026-11-24")
    assert "of 1 ended run, the last ones" in told and "ledger counts all since 2026-11-24" in told
    assert savings_line({}, "2026-11-24") == ""
