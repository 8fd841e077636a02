"""Late tiers, paused ones and a schedule nobody keeps: each with its reason and remedy; only lateness is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.answers import SchedulerState, TierStatus
from spheresync.service.health.freshness import ago, freshness_of, lateness

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
AT = "2026-11-24T08:00:00.000000Z"


def tier(
    name: str = "critical",
    *,
    late: int = 0,
    overdue: int = 0,
    paused: bool = False,
    unlisted: int = 0,
    unreadable: int = 0,
) -> TierStatus:
    return TierStatus(
        tier=name,
        assets=72,
        interval="60s",
        next_run=None,
        paused=paused,
        freshness="5m" if late else None,
        late=late,
        overdue=overdue,
        unlisted=unlisted,
        unreadable=unreadable,
        paused_since=AT if paused else None,
    )


def test_a_command_line_that_is_in_time_needs_no_scheduler() -> None:
    fresh = freshness_of([tier()], SchedulerState.OFF, AT, NOW)
    assert fresh.problems == []
    (note,) = fresh.notes
    assert note.message == "nobody keeps the schedule; the last reading is 3 h old"
    assert "cron run `spheresync sync`" in note.remedy
    assert fresh.sentence == (
        "Datasphere was last read 3 h ago, at 2026-11-24T08:00:00Z, and nobody keeps the schedule."
    )


@pytest.mark.parametrize("scheduler", SchedulerState)
def test_late_assets_are_wrong_whoever_should_have_read_them(scheduler: SchedulerState) -> None:
    (problem,) = freshness_of([tier(late=72)], scheduler, AT, NOW).problems
    assert problem.code == "freshness_missed"
    assert problem.message.startswith("72 assets of tier critical not read within the objective of 5m")
    assert ("no process keeps the schedule" in problem.message) == (scheduler is SchedulerState.OFF)
    assert ("cron" in problem.remedy) == (scheduler is SchedulerState.OFF)


def test_a_tier_without_an_objective_is_judged_by_its_interval() -> None:
    (problem,) = freshness_of([tier("high", overdue=1)], SchedulerState.RUNNING, AT, NOW).problems
    assert (problem.code, problem.message) == (
        "interval_missed",
        "1 asset of tier high not read for four times its interval of 60s",
    )


def test_what_helps_is_named_by_what_is_in_the_way() -> None:
    """More requests help only where reads wait for them, and a longer interval only where that is what is missed."""

    def remedy(each: TierStatus, *, reads_wait: bool) -> str:
        (problem,) = freshness_of([each], SchedulerState.RUNNING, AT, NOW, reads_wait=reads_wait).problems
        return problem.remedy

    waits, rests = remedy(tier("high", overdue=9), reads_wait=True), remedy(tier("high", overdue=9), reads_wait=False)
    assert waits == remedy(tier(late=9), reads_wait=True) and "max_requests_per_minute" in waits
    assert "max_requests" not in rests and "the interval" not in rests
    assert "`spheresync schedule run-now high`" in rests and "`spheresync doctor`" in rests
    nightly = tier("high", overdue=9).model_copy(update={"window": "01:00-05:00 UTC"})
    assert "01:00-05:00 UTC" in remedy(nightly, reads_wait=False)
    rare = tier(late=9).model_copy(update={"interval": "1h"})
    for said in (remedy(rare, reads_wait=True), remedy(rare, reads_wait=False)):
        assert said.startswith("Set tiers.critical.interval to less than its freshness of 5m")
    alert = lateness(rare)
    assert alert is not None and alert.remedy == remedy(rare, reads_wait=False)


def test_a_paused_tier_is_told_with_since_when_and_is_wrong_once_it_is_late() -> None:
    fresh = freshness_of([tier(paused=True)], SchedulerState.RUNNING, AT, NOW)
    assert (fresh.problems, fresh.notes[0].code) == ([], "tier_paused")
    assert "at 2026-11-24T08:00:00Z" in fresh.notes[0].message and fresh.sentence.endswith("Paused: critical.")
    late = freshness_of([tier(late=2, paused=True)], SchedulerState.RUNNING, AT, NOW)
    assert late.notes == [] and late.problems[0].remedy == "`spheresync schedule resume critical` lets it go on."
    assert "2 assets" in late.problems[0].message and "paused the tier at 2026-11-24T08" in late.problems[0].message


def test_alerts_tell_of_objectives_and_of_no_pause() -> None:
    assert lateness(tier(late=2, paused=True)) is None and lateness(tier(overdue=2)) is None
    assert lateness(tier(late=2)) is not None


def test_what_was_never_read_has_no_age() -> None:
    fresh = freshness_of([], SchedulerState.OFF, None, NOW)
    assert (fresh.notes[0].message, fresh.sentence) == ("nobody keeps the schedule; Datasphere was never read", "")


@given(st.timedeltas(timedelta(seconds=-5), timedelta(days=900)))
def test_an_age_is_short_and_never_too_great(age: timedelta) -> None:
    number, unit = ago(age).split()
    length = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}[unit]
    assert int(number) * length <= max(0, age.total_seconds()) < (int(number) + 1) * length or age < timedelta(0)


@pytest.mark.parametrize("scheduler", SchedulerState)
def test_assets_of_a_space_that_is_not_listed_are_late_for_that_and_no_sync_helps(scheduler: SchedulerState) -> None:
    slow, unlisted = freshness_of([tier(late=72, unlisted=12)], scheduler, AT, NOW).problems
    assert slow.message.startswith("60 assets") and "access" not in slow.remedy
    assert unlisted.message == (
        "12 assets of tier critical not read within the objective of 5m, as their spaces could not be listed"
    )
    assert "access" in unlisted.remedy and "`scope:`" in unlisted.remedy
    assert not {"cron", "sync", "max_requests"} & {*unlisted.remedy.replace("`", " ").split()}
    (alone,) = freshness_of([tier("high", overdue=1, unlisted=1)], scheduler, AT, NOW).problems
    assert (alone.code, alone.remedy) == ("interval_missed", unlisted.remedy)
    assert "as its space could not be listed" in alone.message


def test_an_alert_about_late_assets_says_what_helps_them() -> None:
    mixed, alone = lateness(tier(late=3, unlisted=1)), lateness(tier(late=3, unlisted=3))
    assert mixed is not None and mixed.message.startswith("2 assets") and "max_requests" in mixed.remedy
    assert alone is not None and alone.message.startswith("3 assets") and "access" in alone.remedy


@pytest.mark.parametrize("scheduler", [SchedulerState.RUNNING, SchedulerState.OFF])
def test_assets_that_cannot_be_read_are_late_for_that_and_no_request_limit_helps(scheduler: SchedulerState) -> None:
    slow, unlisted, unread = freshness_of([tier(late=9, unlisted=2, unreadable=3)], scheduler, AT, NOW).problems
    assert [each.message.partition(" ")[0] for each in (slow, unlisted, unread)] == ["4", "2", "3"]
    assert unread.message.endswith("as they could not be read") and "--status failed" in unread.remedy
    assert "max_requests" not in unread.remedy and "cron" not in unread.remedy
    (alone,) = freshness_of([tier("high", overdue=1, unreadable=1)], scheduler, AT, NOW).problems
    assert alone.message.endswith("as it could not be read")
    mixed, only = lateness(tier(late=3, unreadable=1)), lateness(tier(late=3, unreadable=3))
    assert mixed is not None and mixed.message.startswith("2 assets")
    assert only is not None and only.remedy == unread.remedy


@pytest.mark.parametrize(
    ("oldest", "said"),
    [
        ("2026-11-24T07:00:00.000000Z", True),
        (AT, False),  # the whole was read then
        (None, False),
    ],
)
def test_a_reading_of_a_part_does_not_pass_for_one_of_the_whole(oldest: str | None, said: bool) -> None:
    tiers = [tier("critical").model_copy(update={"oldest": AT}), tier("high").model_copy(update={"oldest": oldest})]
    sentence = freshness_of(
        tiers, SchedulerState.RUNNING, AT, datetime.fromisoformat(AT) + timedelta(seconds=37)
    ).sentence
    assert sentence.startswith("Datasphere was last read 37 s ago, at 2026-11-24T08:00:00Z.")
    longest = "The asset that was read longest ago was read 60 min ago, at 2026-11-24T07:00:00Z."
    assert (longest in sentence) == said


def test_where_the_tenant_answers_badly_the_budget_is_not_named() -> None:
    (problem,) = freshness_of([tier(overdue=3)], SchedulerState.RUNNING, AT, NOW, reads_fail="server_error").problems
    assert "max_requests_per_minute" not in problem.remedy
    assert "server error" in problem.remedy and "spheresync doctor" in problem.remedy
    (problem,) = freshness_of([tier(overdue=3)], SchedulerState.RUNNING, AT, NOW).problems
    assert "max_requests_per_minute" in problem.remedy
