"""Rows of lists of runs."""

from __future__ import annotations

from spheresync.answers import RunRow
from spheresync.service import answer_rows
from spheresync.state.port import Store
from spheresync.state.records import RunRecord


async def listed_run(store: Store, run: RunRecord) -> RunRow:
    """A run of a list, with what it counts so far."""
    return answer_rows.run_row(run, None if run.state.ended else await store.runs.tally(run.id))
