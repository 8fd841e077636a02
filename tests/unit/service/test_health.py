"""The summary of a status: each sentence true of what it is about, and telling what to do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.answers import Finding
from spheresync.model import (
    GLUE,
    AssetStatus,
    ChangeSetId,
    Principal,
    PrincipalKind,
    Problem,
    RunId,
    RunKind,
    RunState,
    TargetKey,
)
from spheresync.service.health.health_level import NEVER_LOOKED_AT, health_of
from spheresync.state.records import DriftLook, DriftSummary, RunRecord

AT = "2026-11-24T08:00:00.123456Z"
NEVER_LOOKED = DriftSummary({})
DENIED = Problem("database hr", "denied", "hr: denied", "Grant it.")
LATE = Finding(subject="tier high", code="freshness_missed", message="1 asset late", remedy="")
WELL = "The last run, run_1, ended done at 2026-11-24T08:00:00Z."


def standing(
    now: int, compared: int = 3, drifted: int | None = None, not_compared: int = 0, *problems: Problem
) -> DriftSummary:
    summary = {"compared": compared, "not_compared": not_compared, "drifted": now if drifted is None else drifted}
    look = DriftLook("drift_1", AT, "anna", b"{}", GLUE, summary, problems, (), None)
    return DriftSummary({TargetKey(GLUE): now}, look)


def run(state: RunState = RunState.DONE, name: str = "run_1") -> RunRecord:
    queued = RunRecord.queued(
        RunId(name), RunKind.SYNC, b"{}", Principal(PrincipalKind.USER, "anna"), owner=None, at=AT
    )
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
    looked = f" {NEVER_LOOKED_AT}" if statuses.get("synced") else ""
    assert health_of(statuses, [run(state)], [LATE] * problems, NEVER_LOOKED) == (word, f"{summary}{looked}")


def test_a_state_that_was_never_synced_is_unknown_whatever_is_wrong() -> None:
    assert health_of({"pending": 3}, [], [], NEVER_LOOKED) == ("unknown", "Nothing has been synced yet.")
    word, summary = health_of({}, [], [LATE], NEVER_LOOKED)
    assert (word, summary) == ("unknown", "Nothing has been synced yet. Needs attention: 1 problem.")


def test_a_run_that_a_person_cancelled_does_not_hide_that_the_one_before_failed() -> None:
    word, summary = health_of({"synced": 1}, [run(RunState.CANCELLED, "run_2"), run(RunState.FAILED)], [], NEVER_LOOKED)
    assert word == "degraded" and "run_2, ended cancelled" in summary and "run run_1 failed" in summary


def test_an_apply_counts_and_a_run_about_nothing_does_not() -> None:
    applied = replace(run(name="run_2"), kind=RunKind.APPLY, change_set_id=ChangeSetId("cs_1"))
    refused = replace(run(RunState.REFUSED, "run_3"), kind=RunKind.APPLY, change_set_id=None)
    assert "run_2" in health_of({"synced": 1}, [refused, applied], [], NEVER_LOOKED)[1]


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        (standing(0), "compared 3 objects: nobody else had changed one of them."),
        (standing(0, compared=1), "compared 1 object: nobody else had changed it."),
        (standing(2), "compared 3 objects: others had changed 2 of them."),
        (standing(0, drifted=2), "others had changed 2 of them. By now none are known to be changed by others."),
        (standing(1, drifted=2), "others had changed 2 of them. By now 1 object is known to be changed by others."),
        (standing(0, 3, 0, 2, DENIED), "nobody else had changed one of them; 2 could not be compared (denied)."),
        (standing(0, 3, 1, 2), "2 could not be compared."),
        (standing(0, compared=0), "the last look for drift, there was nothing to compare."),
        (standing(0, 0, 0, 4, DENIED), "compared nothing; 4 could not be compared (denied)."),
    ],
)
def test_drift_is_told_as_of_the_look_and_is_nobodys_failure(drift: DriftSummary, said: str) -> None:
    word, summary = health_of({"synced": 3}, [run()], [], drift)
    assert word == "ok" and "At 2026-11-24T08:00:00Z, the last look for drift" in summary and said in summary


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_nobody_changed_a_table_is_said_of_those_only_that_were_compared(
    now: int, compared: int, drifted: int, left: int
) -> None:
    drift = standing(now, compared, min(drifted, compared), left, *([DENIED] if left else []))
    said = health_of({"synced": 3}, [run()], [], drift)[1].partition("the last look for drift")[2]
    assert ("nobody else had changed" in said) == (compared > 0 and min(drifted, compared) == 0)
    assert (f"{left} could not be compared" in said) == (left > 0)
    assert (f"compared {compared} object" in said) == (compared > 0)


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
    st.builds(standing, st.integers(0, 3), st.integers(0, 3)) | st.just(NEVER_LOOKED),
)
def test_ok_needs_no_attention_and_degraded_says_what_does(
    statuses: dict[str, int], states: list[RunState], problems: int, drift: DriftSummary
) -> None:
    runs = [run(state, f"run_{number}") for number, state in enumerate(states)]
    word, summary = health_of(statuses, runs, [LATE] * problems, drift)
    assert (word == "unknown") == (not runs)
    if runs:
        assert (word == "degraded") == ("Needs attention" in summary)
    assert "  " not in summary and summary.endswith(".") and "_failed" not in summary


def test_held_assets_without_a_table_are_told_as_that() -> None:
    _, summary = health_of({"held": 62}, [run()], [], NEVER_LOOKED, held_without_table=62)
    assert summary.startswith("0 of 62 assets in sync, 62 held by an undo, which have no table since it deleted them.")
    _, summary = health_of({"held": 3, "synced": 1}, [run()], [], NEVER_LOOKED, held_without_table=2)
    assert "3 held by an undo, 2 of which have no table since it deleted them" in summary


def test_changed_tables_of_assets_that_are_counted_otherwise_are_told() -> None:
    told = "1 failed (HR/A)"
    _, summary = health_of({"failed": 1, "drifted": 1}, [run()], [], standing(2), drifted_otherwise=told)
    assert "Others changed objects of these too, which count under another status: 1 failed (HR/A)." in summary
    _, summary = health_of({"drifted": 2}, [run()], [], standing(2))
    assert "another status" not in summary
