"""How a run that is under way is told."""

from __future__ import annotations

from datetime import timedelta

from spheresync.answers import Progress
from spheresync.service.rows import seconds_left
from spheresync_server.answer_summaries import progress_sentence


def test_what_is_left_is_told_at_the_pace_so_far() -> None:
    assert seconds_left(50, 200, timedelta(seconds=10)) == 30
    assert seconds_left(0, 200, timedelta(seconds=10)) is None
    assert seconds_left(200, 200, timedelta(seconds=10)) == 0
    assert seconds_left(5, 3, timedelta(seconds=10)) == 0
    told = progress_sentence("running", Progress(phase="applying", done=50, total=200, seconds_left=30))
    assert told == "Phase applying: 50 of 200, about 30 s left."
    assert progress_sentence("running", Progress(phase="planning", done=0, total=0)) == "Phase planning."
