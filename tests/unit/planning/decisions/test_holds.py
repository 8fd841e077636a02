"""What a revert holds: until the asset changes in Datasphere, whatever else changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from spheresync.config import DeletionPolicy
from spheresync.mapping.rules import MappingRules
from spheresync.model import AssetStatus, Digest, Fingerprints, digest_of
from spheresync.planning.decisions.asset_work import AssetWork, RemovalRules, hold_of, is_held, status_of, work_for
from spheresync.state.records import AssetRecord, Checkpoint, CheckpointState
from tests.unit.mapping.assets import ORDERS, settings
from tests.unit.planning.decisions.test_undo import AT, NEW, known

NOW = datetime(2026, 11, 25, tzinfo=UTC)
MISSES = 3
RULES = RemovalRules(DeletionPolicy.RETIRE, MISSES, timedelta(0), offer_deletes=True)


def asset(label: str = "1", *, misses: int = 0) -> AssetRecord:
    prints = Fingerprints(Digest("s"), Digest("c"), Digest(label))
    first = AssetRecord.first_seen(ORDERS.id, ORDERS.kind, at=AT)
    return replace(first, definition=digest_of(b"{}"), fingerprints=prints, misses=misses)


def work(record: AssetRecord, checkpoint: Checkpoint, *, excluded: bool = False, full: bool = False) -> AssetWork:
    configured = settings(scope={"exclude": ["*"]} if excluded else {})
    decision = MappingRules.compile(configured).decide(record.id, record.kind, record.label)
    return work_for(record, checkpoint, decision, decision.digest, rules=RULES, now=NOW, full=full)


def held_at(record: AssetRecord, state: CheckpointState = CheckpointState.ACTIVE) -> Checkpoint:
    return replace(known(NEW, state), asset=record.id, held=hold_of(record, MISSES))


@pytest.mark.parametrize("state", list(CheckpointState))
def test_whatever_became_of_the_table_it_is_held_until_the_asset_changes(state: CheckpointState) -> None:
    checkpoint = held_at(asset(), state)
    assert work(asset(), checkpoint) is work(asset(), checkpoint, full=True) is AssetWork.HELD
    assert status_of(asset(), checkpoint) is AssetStatus.HELD
    assert work(asset("2"), checkpoint) is AssetWork.DESIGN
    assert status_of(asset("2"), checkpoint) is not AssetStatus.HELD
    assert work(asset(), replace(checkpoint, held=None)) is not AssetWork.HELD


def test_another_scope_does_not_end_a_hold() -> None:
    assert work(asset(), held_at(asset()), excluded=True) is AssetWork.HELD
    assert work(asset("2"), held_at(asset()), excluded=True) is AssetWork.FORGET


def test_vanishing_is_a_change_once_it_is_certain() -> None:
    checkpoint = held_at(asset())
    assert [work(asset(misses=misses), checkpoint) for misses in range(4)] == [AssetWork.HELD] * 3 + [AssetWork.RETIRE]


def test_a_hole_in_a_listing_at_the_undo_does_not_end_the_hold_when_it_closes() -> None:
    assert is_held(asset(), held_at(asset(misses=MISSES - 1)))


@pytest.mark.parametrize("state", [CheckpointState.ACTIVE, CheckpointState.RETIRED])
def test_a_table_whose_asset_is_gone_is_held_until_the_asset_is_back(state: CheckpointState) -> None:
    checkpoint = held_at(asset(misses=MISSES), state)
    assert [work(asset(misses=misses), checkpoint) for misses in (1, 3, 30)] == [AssetWork.HELD] * 3
    assert work(asset(), checkpoint) is AssetWork.DESIGN
    free = replace(checkpoint, held=None)
    assert work(asset(misses=3), free) is (AssetWork.RETIRE if state is CheckpointState.ACTIVE else AssetWork.DELETE)


def test_where_asset_and_table_are_gone_there_is_nothing_to_hold() -> None:
    gone = held_at(asset(misses=MISSES), CheckpointState.DELETED)
    assert work(asset(misses=MISSES), gone) is AssetWork.NOTHING
    assert status_of(asset(misses=MISSES), gone) is AssetStatus.DELETED
