"""The queue in words for people."""

from __future__ import annotations

import pytest

from spheresync.answers import ScheduleAnswer, SchedulerStatus
from spheresync_server.cli.output.schedule import show_schedule


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ({"list_queued": 1, "write_queued": 1}, "Queued: 1 listing, 1 asset to write."),
        ({"read_queued": 1, "sweep_queued": 2}, "Queued: 1 definition to read, 2 looks for drift."),
        ({"read_queued": 2, "write_queued": 60}, "Queued: 2 definitions to read, 60 assets to write."),
    ],
)
def test_one_job_is_one(jobs: dict[str, int], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = SchedulerStatus(state="running", change_set_id=None, listed_at=None, jobs=jobs, set_aside=[])
    show_schedule(ScheduleAnswer(tiers=[], scheduler=status, note=""))
    assert said in capsys.readouterr().out
