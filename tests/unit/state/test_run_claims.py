"""Whose turn it is, fencing, the journal, leases."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import (
    Principal,
    PrincipalKind,
    RunId,
    RunKind,
    RunState,
)
from spheresync.state.records import (
    RunRecord,
)
from spheresync.state.run_claims import may_claim

pytestmark = pytest.mark.anyio
ANNA = Principal(PrincipalKind.USER, "anna", frozenset({"admin", "viewer"}))


RUN_STATES = st.tuples(st.sampled_from([RunState.QUEUED, RunState.RUNNING]), st.sampled_from(["a", "b"]), st.booleans())


@given(rows=st.lists(RUN_STATES, min_size=1, max_size=6), owner=st.sampled_from(["a", "b", "c"]))
def test_of_any_queue_never_two_are_driven_and_somebody_always_can(
    rows: list[tuple[RunState, str, bool]], owner: str
) -> None:
    runs, live = [], set()
    for n, (state, held_by, alive) in enumerate(rows):
        run = RunRecord.queued(RunId(str(n)), RunKind.SYNC, b"", ANNA, owner=held_by, at="")
        runs.append(replace(run, state=state))
        if alive:
            live.add(run.id)
    driven = [run for run in runs if run.state is RunState.RUNNING and run.id in live]
    claimable = [run for run, who in itertools.product(runs, ("a", "b", "c")) if may_claim(run, who, runs, live)]
    if driven:
        assert not [run for run in claimable if run not in driven]
    else:
        assert claimable, "nobody could ever go on"
    for run in runs:
        if run.id in live and run.owner != owner:
            assert not may_claim(run, owner, runs, live)
