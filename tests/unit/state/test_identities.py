"""States of former versions spelled identities SPACE/NAME: they open, and what they hold is found again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.execution.run_request import RunRequest
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.jobs.port import NewJob, subject_of
from spheresync.model import (
    AssetId,
    JobKind,
    Problem,
    SpaceName,
    TechnicalName,
    canonical_json,
    isoformat,
)
from spheresync.runtime.scope import Scope
from spheresync.state.cell_encoding import decode_problems, encode_problems
from spheresync.state.records import SpaceRecord
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.schema import shipped_migrations
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.state.conftest import StandingClock
from tests.unit.state.former_assets import put_assets_as_before

pytestmark = pytest.mark.anyio

BEFORE = shipped_migrations()[:8]
AT = "2026-11-24T08:00:00.000000Z"
NAMES = st.text(min_size=1, max_size=12)
IDS = st.builds(AssetId, NAMES.filter(lambda text: "/" not in text).map(SpaceName), NAMES.map(TechnicalName))
PLAIN = [
    AssetId(SpaceName("SALES"), TechnicalName(name))
    for name in ("ORDERS", "A/B", "/", 'say "x" \\ y', "a\x01\n", "𝔘 ä")
]
ODD = AssetId(SpaceName("A/B"), TechnicalName("X"))


def queue_as_before(folder: Path, jobs: Sequence[tuple[str, str]], at: str) -> None:
    """Jobs as a former version entered them."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as file, file:
        file.executemany(
            "INSERT INTO jobs (kind, subject, priority, reason, token, state, not_before, attempts, fence, "
            "cancel_requested, created_at) VALUES (?, ?, 10, '', 't', 'queued', ?, 0, 0, 0, ?)",
            [(*job, at, at) for job in jobs],
        )


async def test_a_state_with_text_opens_and_keeps_what_it_was_about(tmp_path: Path) -> None:
    clock = StandingClock()
    async with SqliteStore.open(tmp_path, clock=clock, migrations=BEFORE) as old:
        queued = [("read", str(asset)) for asset in (*PLAIN, ODD)]
        queue_as_before(tmp_path, [*queued, ("list", "tenant"), ("write", "")], isoformat(clock()))
        put_assets_as_before(tmp_path, (*PLAIN, ODD), at=AT)
        spaces = [SpaceRecord(SpaceName(name), "", AT, True, None, True) for name in ("SALES", "A/B", "/", "")]
        await old.write(lambda tx: tx.catalog.put_spaces(spaces))
    async with SqliteStore.open(tmp_path, clock=clock) as store:
        engine = EmbeddedEngine(store, clock)
        jobs = await engine.queue(limit=100)
        assert {job.asset for job in jobs if job.kind is JobKind.READ} == set(PLAIN)
        assert {job.subject for job in jobs if job.kind is JobKind.READ} == set(map(subject_of, PLAIN))
        assert {(job.kind, job.subject) for job in jobs if job.kind is not JobKind.READ} == {
            (JobKind.LIST, "tenant"), (JobKind.WRITE, ""),
        }  # fmt: skip
        await engine.submit([NewJob(JobKind.READ, subject_of(asset), 10, "", "t") for asset in PLAIN])
        assert len(await engine.queue(limit=100)) == len(PLAIN) + 2, "what is queued already is the same job"
        assert set(await store.catalog.ids()) == set(PLAIN), "what could not be named is gone"
        assert [space.name for space in await store.catalog.spaces()] == ["SALES"]


@given(asset=IDS)
def test_requests_of_former_versions_are_read(asset: AssetId) -> None:
    scope = Scope(assets=frozenset({asset}))
    old = scope.to_json() | {"assets": [str(asset)]}
    assert Scope.from_json(old) == scope == Scope.from_json(scope.to_json())
    request = {"scope": old, "full": False, "allow_deletes": False, "max_deletes": None}
    assert RunRequest.parse(canonical_json(request)) == RunRequest(scope)


@given(asset=st.builds(AssetId, st.text().map(SpaceName), st.text().map(TechnicalName)))
def test_an_identity_comes_back_from_what_keeps_it(asset: AssetId) -> None:
    """Even one that SPACE/NAME could not tell from another."""
    assert AssetId.from_json(json.loads(json.dumps(asset.to_json()))) == asset
    problem = Problem.of(asset, "code", "message", "remedy")
    assert decode_problems(encode_problems([problem])) == (problem,)


def test_problems_of_former_versions_are_read() -> None:
    assert decode_problems('[["SALES/A","code","message","remedy"]]') == (
        Problem("SALES/A", "code", "message", "remedy"),
    )


@pytest.mark.parametrize("value", [None, 1, [], ["SALES"], ["SALES", 1], ["A", "B", "C"], "SALES", "/X", "SALES/", {}])
def test_anything_else_is_no_identity(value: object) -> None:
    with pytest.raises(ValueError, match=r"pair|SPACE/NAME"):
        AssetId.from_json(value)  # type: ignore[arg-type]  # what a damaged state may hold
