"""What others made of an object is told by one place: a look, or what kept it from being written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.errors import TargetFault
from spheresync.model import Problem
from spheresync.state.lost_objects import Loss, lost_object
from spheresync.state.records import CheckpointState, DriftEffect, DriftKind, TableDrift, Unwritten
from tests.unit.service.test_asset_problems import ASSET, HELD


def _drift(kind: DriftKind, effect: DriftEffect) -> TableDrift:
    return TableDrift(
        asset=ASSET,
        target=HELD.target,
        destination=HELD.destination,
        container=HELD.container,
        name=HELD.name,
        kinds=(kind,),
        policy=None,
        effect=effect,
        reason="as a look tells it",
        remedy="",
        fields=(),
        fields_total=0,
        changed_at=None,
        changed_by="",
        stays=True,
    )


@pytest.mark.parametrize(
    ("kind", "effect", "loss"),
    [
        (DriftKind.TABLE_DELETED, DriftEffect.REPORT, Loss.DELETED),
        (DriftKind.DATABASE_DELETED, DriftEffect.RECREATE, Loss.DELETED),
        (DriftKind.MARKER_LOST, DriftEffect.CONFLICT, Loss.NOT_OURS),
        (DriftKind.TAKEN_OVER, DriftEffect.CONFLICT, Loss.NOT_OURS),
        (DriftKind.COLUMNS, DriftEffect.RESTORE, None),
        (DriftKind.DESCRIPTION, DriftEffect.REPORT, None),
    ],
)
def test_a_look_tells_what_others_deleted_and_took(kind: DriftKind, effect: DriftEffect, loss: Loss | None) -> None:
    found = lost_object(HELD, _drift(kind, effect))
    assert (None if found is None else found.loss) is loss
    assert found is None or found.reason == "as a look tells it"
    assert lost_object(replace(HELD, state=CheckpointState.DELETED), _drift(kind, effect)) is None


@pytest.mark.parametrize(
    ("code", "message", "lost"),
    [
        (TargetFault.CONFLICT, "the table hr.payroll lost the marker of this installation; it stays as it is", True),
        (TargetFault.CONFLICT, "hr.payroll: the table belongs to spheresync:other; it stays as it is", True),
        (TargetFault.CONFLICT, "hr.payroll_2 exists and is not managed by this installation", False),
        (TargetFault.CONFLICT, "the table x.hr.payroll is that of destination eu", False),
        (TargetFault.DENIED, "hr.payroll: not allowed", False),
    ],
)
def test_a_conflict_counts_where_it_is_about_the_object_that_was_written(
    code: TargetFault, message: str, *, lost: bool
) -> None:
    unwritten = Unwritten(ASSET, Problem.of(ASSET, code, message, ""), "2026-11-24T09:00:00.000000Z")
    found = lost_object(HELD, None, unwritten)
    assert (found is not None) is lost
    assert found is None or (found.loss, found.reason) == (Loss.NOT_OURS, message)
