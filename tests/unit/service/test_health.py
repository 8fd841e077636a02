"""The summary of a status: each sentence true of what it is about, and telling what to do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.answers import Finding
from spheresync.model import AssetStatus, ChangeSetId, Principal, RunId, RunState
from spheresync.service.health import health_of
from spheresync.state.drift_records import DriftStanding
from spheresync.state.records import RunRecord

AT = "2026-11-24T08:00:00.123456Z"
NEVER_LOOKED = DriftStanding(0, None)
LATE = Finding(subject="tier high", code="freshness_missed", message="1 asset late", remedy="")
WELL = "The last run, run_1, ended done at 2026-11-24T08:00:00Z."


def run(state: RunState = RunState.DONE, name: str = "run_1") -> RunRecord:
    queued = RunRecord.queued(RunId(name), "sync", b"{}", Principal("user", "anna"), owner=None, at=AT)
    return replace(queued, state=state, finished_at=AT)


@pytest.mark.parametrize(
    ("statuses", "state", "problems", "word", "summary"),
    [
        ({"synced": 3}, RunState.DONE, 0, "ok", f"3 of 3 assets in sync. {WELL}"),
        ({"synced": 1}, RunState.DONE, 0, "ok", f"1 of 1 asset in sync. {WELL}"),
        (
            {"synced": 1, "pending": 2, "held": 1, "excluded": 7, "retired": 1, "deleted": 1},
            RunState.DONE,
            0,
            "ok",
            (
                "1 of 4 assets in sync, 2 waiting for a sync, 1 held by an undo "
                f"(beside 7 excluded, 1 retired, 1 deleted). {WELL}"
            ),
        ),
        (
            {"synced": 1, "failed": 1},
            RunState.DONE,
            0,
            "degraded",
            f"1 of 2 assets in sync. {WELL} Needs attention: 1 asset could not be read or written.",
        ),
        ({"synced": 1}, RunState.DONE, 1, "degraded", f"1 of 1 asset in sync. {WELL} Needs attention: 1 problem."),
        (
            {"synced": 1, "conflict": 2},
            RunState.PARTLY_FAILED,
            2,
            "degraded",
            (
                "1 of 3 assets in sync. The last run, run_1, ended partly failed at 2026-11-24T08:00:00Z. "
                "Needs attention: 2 assets could not be read or written and run run_1 did not get through with "
                "everything (`spheresync runs run_1` says why) and 2 further problems."
            ),
        ),
        (
            {"synced": 1},
            RunState.FAILED,
            0,
            "degraded",
            (
                "1 of 1 asset in sync. The last run, run_1, ended failed at 2026-11-24T08:00:00Z. Needs attention: "
                "run run_1 failed (`spheresync runs run_1` says why)."
            ),
        ),
        (
            {"synced": 1},
            RunState.REFUSED,
            0,
            "degraded",
            (
                "1 of 1 asset in sync. The last run, run_1, ended refused at 2026-11-24T08:00:00Z. Needs attention: "
                "run run_1 was held back (`spheresync runs run_1` says why)."
            ),
        ),
        (
            {"pending": 1},
            RunState.CANCELLED,
            0,
            "ok",
            "0 of 1 asset in sync, 1 waiting for a sync. The last run, run_1, ended cancelled at 2026-11-24T08:00:00Z.",
        ),
    ],
)
def test_the_word_and_its_sentences(
    statuses: dict[str, int], state: RunState, problems: int, word: str, summary: str
) -> None:
    assert health_of(statuses, [run(state)], [LATE] * problems, NEVER_LOOKED) == (word, summary)


def test_a_state_that_was_never_synced_is_unknown_whatever_is_wrong() -> None:
    assert health_of({"pending": 3}, [], [], NEVER_LOOKED) == ("unknown", "Nothing has been synced yet.")
    word, summary = health_of({}, [], [LATE], NEVER_LOOKED)
    assert (word, summary) == ("unknown", "Nothing has been synced yet. Needs attention: 1 problem.")


def test_a_run_that_a_person_cancelled_does_not_hide_that_the_one_before_failed() -> None:
    word, summary = health_of({"synced": 1}, [run(RunState.CANCELLED, "run_2"), run(RunState.FAILED)], [], NEVER_LOOKED)
    assert word == "degraded" and "run_2, ended cancelled" in summary and "run run_1 failed" in summary


def test_an_apply_counts_and_a_run_about_nothing_does_not() -> None:
    applied = replace(run(name="run_2"), kind="apply", change_set_id=ChangeSetId("cs_1"))
    refused = replace(run(RunState.REFUSED, "run_3"), kind="apply", change_set_id=None)
    assert "run_2" in health_of({"synced": 1}, [refused, applied], [], NEVER_LOOKED)[1]


@pytest.mark.parametrize(
    ("drifted", "said"), [(0, "nobody else had changed a table"), (1, "others have changed 1 table"), (2, "2 tables")]
)
def test_drift_is_told_and_is_nobodys_failure(drifted: int, said: str) -> None:
    word, summary = health_of({"synced": 3}, [run()], [], DriftStanding(drifted, AT))
    assert word == "ok" and "At 2026-11-24T08:00:00Z, the last look for drift" in summary and said in summary


def test_spaces_that_nobody_read_are_said_beside_what_is_known() -> None:
    word, summary = health_of({"synced": 3}, [run()], [], NEVER_LOOKED, never_read=["B", "C", "D", "E"])
    assert (
        word == "ok" and f"{WELL} 4 spaces never read, so nobody knows what they hold: B, C, D and 1 more." in summary
    )
    _, first = health_of({"pending": 3}, [], [], NEVER_LOOKED, never_read=["B"])
    assert first == "Nothing has been synced yet. 1 space never read, so nobody knows what it holds: B."


@given(st.dictionaries(st.sampled_from([*AssetStatus]), st.integers(1, 50)))
def test_what_is_counted_adds_up(statuses: dict[str, int]) -> None:
    """What is in sync, what is not and why, and what nobody wants to be: each asset is counted once."""
    troubled = statuses.get("failed", 0) + statuses.get("conflict", 0)
    told = re.findall(r"\d+", health_of(statuses, [run()], [], NEVER_LOOKED)[1].partition(". ")[0])
    synced, wanted, *rest = map(int, told)
    beside = sum(count for status, count in statuses.items() if status in {"excluded", "retired", "deleted"})
    assert synced + sum(rest) - beside + troubled == wanted == sum(statuses.values()) - beside


@given(
    st.dictionaries(st.sampled_from([*AssetStatus]), st.integers(0, 50)),
    st.lists(st.sampled_from([state for state in RunState if state.ended]), max_size=3),
    st.integers(0, 3),
    st.builds(DriftStanding, st.integers(0, 3), st.none() | st.just(AT)),
)
def test_ok_needs_no_attention_and_degraded_says_what_does(
    statuses: dict[str, int], states: list[RunState], problems: int, drift: DriftStanding
) -> None:
    runs = [run(state, f"run_{number}") for number, state in enumerate(states)]
    word, summary = health_of(statuses, runs, [LATE] * problems, drift)
    assert (word == "unknown") == (not runs)
    if runs:
        assert (word == "degraded") == ("Needs attention" in summary)
    assert "  " not in summary and summary.endswith(".") and "_failed" not in summary
