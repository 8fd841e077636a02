"""What is said of when an asset was looked at in AWS: never more than the looks on record tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.execution.run_request import RunRequest
from spheresync.model import AssetId, Principal, PrincipalKind, RunId, RunKind, SpaceName, TargetName, canonical_json
from spheresync.runtime.scope import Scope
from spheresync.service.drift.last_look import AwsLook, asset_as_of, unchanged_as_of
from spheresync.state.records import CheckpointState, DriftLook, RunRecord
from tests.unit.service.test_asset_problems import ASSET, AT, HELD, RECORD

ANNA = Principal(PrincipalKind.USER, "anna")
AFTER = "2026-11-24T10:00:00.000000Z"
OF_IT = Scope(assets=frozenset({ASSET}))
OF_OTHERS = Scope(assets=frozenset({AssetId.parse("HR/OTHER")}))


def look(at: str, scope: Scope, *, not_compared: int = 0) -> DriftLook:
    """One look that compared two objects."""
    summary = {"compared": 2, "not_compared": not_compared}
    spelled = canonical_json(scope.to_json())
    return DriftLook("drift_1", at, "root", spelled, TargetName("glue"), summary, (), (), None)


@pytest.mark.parametrize(
    ("looks", "looked"),
    [
        ([], False),
        ([look(AT, Scope())], False),
        ([look(AFTER, OF_OTHERS)], False),
        ([look(AFTER, Scope(spaces=frozenset({SpaceName("SALES")})))], False),
        ([look(AFTER, Scope(), not_compared=1)], False),
        ([look(AFTER, Scope())], True),
        ([look(AFTER, OF_OTHERS), look(AFTER, OF_IT)], True),
    ],
    ids=["never", "before it was written", "others", "another space", "not all", "everything", "it"],
)
def test_an_asset_says_whether_aws_was_looked_at_since_it_was_written(looks: list[DriftLook], *, looked: bool) -> None:
    said = asset_as_of(RECORD, [HELD], [AwsLook.of_drift(each) for each in looks])
    assert said is not None and said.startswith("Written at 2026-11-24T09:00:00Z")
    assert ("last looked at in AWS at 2026-11-24T10:00:00Z" in said) is looked
    assert ("AWS was not looked at since" in said) is not looked
    assert "what others did there since is not known" in said or not looked


def test_of_what_is_not_there_nothing_is_said() -> None:
    assert (
        asset_as_of(RECORD, [replace(HELD, state=CheckpointState.DELETED)], [AwsLook.of_drift(look(AFTER, Scope()))])
        is None
    )
    assert asset_as_of(RECORD, [], []) is None


def test_a_look_that_compared_nothing_is_none() -> None:
    nothing = replace(look(AFTER, Scope()), summary={"compared": 0})
    assert "AWS was never looked at for drift" in unchanged_as_of([AwsLook.of_drift(nothing)], Scope())
    assert "as a whole, only a part of it (2 objects)" in unchanged_as_of(
        [AwsLook.of_drift(look(AFTER, OF_IT))], Scope()
    )


def test_a_full_sync_is_a_look_from_when_it_started() -> None:
    request = canonical_json(RunRequest(full=True).to_json())
    queued = RunRecord.queued(RunId("run_1"), RunKind.SYNC, request, ANNA, owner=None, at=AT)
    ran = AwsLook.of_run(replace(queued, started_at=AFTER))
    assert ran.at == AFTER and ran.whole and ran.scope == Scope()
    said = asset_as_of(RECORD, [HELD], [ran])
    assert said is not None and "last looked at in AWS at 2026-11-24T10:00:00Z (by the full sync run_1)" in said


@pytest.mark.parametrize(("met", "told"), [(AFTER, True), (AT, False), (None, False)])
def test_an_edit_that_an_undo_met_after_the_last_write_is_said(met: str | None, *, told: bool) -> None:
    said = asset_as_of(RECORD, [HELD], [AwsLook.of_drift(look(AT, Scope()))], met)
    assert said is not None and ("at 2026-11-24T10:00:00Z an edit of others was met there" in said) is told
    assert ("AWS was not looked at since" in said) is not told
