"""The page for people: every line true, and none that nobody needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal

import pytest

from spheresync.answers import Finding, RunRow, SchedulerStatus, SyncStatus, TierStatus
from spheresync.model import AssetStatus
from spheresync_server.dashboard.status_page import render

TIERS = [
    TierStatus(tier="critical", assets=3, interval="1m", next_run=None, paused=False),
    TierStatus(tier="medium", assets=0, interval="1d", next_run=None, paused=False),
]
RUN = RunRow(
    run_id="run_1",
    state="queued",
    kind="sync",
    actor="anna",
    change_set_id=None,
    counts={"create": 0},
    created_at="2026-11-24T08:00:00.123456Z",
    finished_at=None,
)


def scheduler(state: Literal["running", "waiting", "off"], change_set_id: str | None = None) -> SchedulerStatus:
    return SchedulerStatus(state=state, change_set_id=change_set_id, listed_at=None, jobs={}, set_aside=[])


@dataclass(frozen=True)
class Page:
    text: str

    @property
    def lines(self) -> list[str]:
        body = self.text.partition("<body>")[2]
        return [unescape(line).strip() for line in re.split(r"<[^>]+>", body) if line.strip()]


def page(**changes: Any) -> Page:
    facts = {
        "health": "ok",
        "summary": "3 of 3 assets in sync.",
        "environment": "dog",
        "tenant": "dog",
        "assets": {"synced": 3},
        "tiers": TIERS,
        "queue": [],
        "last_runs": [],
        "savings": {},
        "problems": [],
        "scheduler": scheduler("off"),
        "ledger": {},
        "ledger_since": None,
    }
    return Page(render(SyncStatus.model_validate(facts | changes), [RUN]))


def test_what_there_is_nothing_to_say_of_is_left_out() -> None:
    lines = page().lines
    assert lines[:4] == [
        "Spheresync",
        "Nothing needs attention",
        "3 of 3 assets in sync.",
        "Environment dog: an embedded tenant and an embedded AWS.",
    ]
    assert not {"Problems", "Interval", "Next run", "1m", "medium"} & set(lines)
    assert "Nothing is scheduled: a sync runs when somebody asks for one." in lines
    assert "2026-11-24 08:00:00" in lines and "create 0" not in " ".join(lines)


def test_what_is_scheduled_is_shown_with_its_interval() -> None:
    planned = [TIERS[0].model_copy(update={"next_run": "2026-11-24T08:01:00.000000Z"}), TIERS[1]]
    lines = page(tiers=planned, scheduler=scheduler("running")).lines
    assert {"Interval", "1m", "2026-11-24 08:01:00", "medium"} <= set(lines)
    assert not any("Nothing is scheduled" in line for line in lines)


def test_a_first_change_set_that_waits_for_a_person_is_named() -> None:
    lines = page(scheduler=scheduler("waiting", "cs_1")).lines
    assert "spheresync apply cs_1" in lines
    assert "spheresync apply cs_1" not in page(scheduler=scheduler("running")).lines


def test_problems_come_first_with_what_to_do() -> None:
    finding = Finding(subject="HR", code="forbidden", message="Space HR answers 403.", remedy="Add the user to HR.")
    lines = page(health="degraded", environment="wolf", tenant="x.hcs.cloud.sap", problems=[finding]).lines
    assert lines[1] == "Something needs attention" and "Environment wolf, tenant x.hcs.cloud.sap." in lines
    assert lines.index("Problems") < lines.index("Assets") and "Add the user to HR." in lines


@pytest.mark.parametrize("status", AssetStatus)
def test_every_status_says_what_it_means(status: AssetStatus) -> None:
    lines = page(assets={str(status): 2}).lines
    at = lines.index(str(status))
    assert lines[at + 1] == "2" and " " in lines[at + 2]


def test_flows_are_not_told_to_be_left_out_by_the_configuration_alone() -> None:
    told = " ".join(page(assets={"excluded": 11}).lines)
    assert "left out by the configuration, or a flow or task chain, which holds no data" in told


def test_a_summary_of_several_sentences_is_shown_to_its_end() -> None:
    summary = "12 of 60 assets in sync. " + "The last run ended. " * 15 + "Nobody keeps the schedule."
    assert "Nobody keeps the schedule." in page(summary=summary).text
