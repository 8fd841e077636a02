"""What is said of one asset: why it stands where it stands, since when, what happens next, what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import DeletionPolicy
from spheresync.config.sections import Deletion
from spheresync.errors import SourceFault, TargetFault
from spheresync.model import (
    DATAZONE,
    DEFAULT_DESTINATION,
    GLUE,
    QUICK_SIGHT,
    AssetId,
    AssetKind,
    AssetStatus,
    Digest,
    PhysicalName,
    Problem,
    RunId,
)
from spheresync.planning.decisions.asset_work import hold_of
from spheresync.planning.decisions.drift import put_back
from spheresync.planning.decisions.guards import TOO_MANY_REMOVALS
from spheresync.planning.decisions.items import name_taken
from spheresync.service.catalog.asset_problems import Hold, KnownAssetState, problem_text
from spheresync.state.records import (
    AssetRecord,
    Checkpoint,
    CheckpointState,
    DriftEffect,
    DriftKind,
    FieldDrift,
    TableDrift,
    Unwritten,
)
from spheresync.targets.glue.design import GLUE_DESIGN

AT, LATER = "2026-11-24T08:00:00.123456Z", "2026-11-24T09:00:00.000000Z"
ASSET = AssetId.parse("HR/PAYROLL")
RECORD = AssetRecord.first_seen(ASSET, AssetKind.VIEW, at=AT)
HELD = Checkpoint(
    asset=ASSET,
    target=GLUE,
    destination=DEFAULT_DESTINATION,
    container=PhysicalName("hr"),
    name=PhysicalName("payroll"),
    body=Digest("b"),
    body_digest=Digest("d"),
    version="0",
    fingerprints=None,
    mapping=None,
    definition=None,
    state=CheckpointState.ACTIVE,
    held=None,
    synced_at=LATER,
    run_id=RunId("run_2"),
    fence=1,
)


HOLD = Hold(RunId("run_3"), "2026-11-24T11:00:00.000000Z", RunId("run_1"))


def missing(misses: int, status: AssetStatus = AssetStatus.MISSING) -> AssetRecord:
    return replace(RECORD, misses=misses, first_missed_at=AT, status=status)


def said(known: KnownAssetState, deletion: Deletion | None = None) -> str:
    text = problem_text(known, deletion or Deletion())
    assert text is not None
    return text


@pytest.mark.parametrize(
    ("misses", "deletion", "next_step"),
    [
        (1, Deletion(), "After 2 more complete listings without it a sync marks its table as retired."),
        (2, Deletion(), "After 1 more complete listing without it a sync marks its table as retired."),
        (3, Deletion(), "The next sync marks its table as retired."),
        (3, Deletion(grace=timedelta(days=1)), "A sync after 2026-11-25T08:00:00Z marks its table as retired"),
        (5, Deletion(policy=DeletionPolicy.KEEP), "deletion.policy is keep, so its table stays as it is."),
    ],
)
def test_a_missing_asset_says_since_when_how_often_and_what_comes_next(
    misses: int, deletion: Deletion, next_step: str
) -> None:
    text = said(KnownAssetState(missing(misses), HELD), deletion)
    assert "in a row since 2026-11-24T08:00:00Z" in text and next_step in text
    assert f"not in {misses} complete listing" in text and f"{deletion.misses} count as gone" in text


def test_a_guard_that_holds_a_removal_back_is_said_with_its_remedy() -> None:
    guard = Problem.of(ASSET, TOO_MANY_REMOVALS, "a guard holds its removal back: 5 of 9", "Run with --max-deletes 5.")
    text = said(KnownAssetState(missing(3), HELD, Unwritten(ASSET, guard, LATER)))
    assert "due to be marked" in text and "guard holds its removal back" in text and "--max-deletes 5" in text


@pytest.mark.parametrize(
    ("policy", "deleted"),
    [
        (DeletionPolicy.RETIRE, "--allow-deletes"),
        (DeletionPolicy.KEEP, "--allow-deletes"),
        (DeletionPolicy.DELETE, "the next sync deletes it; to keep the table, set deletion.policy: keep."),
    ],
)
def test_a_retired_one_says_since_when_when_it_goes_and_how_to_keep_it(policy: DeletionPolicy, deleted: str) -> None:
    held = replace(HELD, state=CheckpointState.RETIRED)
    text = said(KnownAssetState(missing(3, AssetStatus.RETIRED), held), Deletion(policy=policy))
    assert "retired since 2026-11-24T09:00:00Z" in text and deleted in text
    assert "is active again once Datasphere lists it again" in text


def test_a_held_one_names_the_undone_run_and_the_way_on() -> None:
    text = said(KnownAssetState(replace(RECORD, status=AssetStatus.HELD), HELD, hold=HOLD))
    assert "the undo of run run_1 since 2026-11-24T11:00:00Z (run run_3)" in text
    assert "`spheresync release --asset HR/PAYROLL`" in text


@pytest.mark.parametrize(
    ("state", "policy", "follows"),
    [
        (CheckpointState.ACTIVE, DeletionPolicy.RETIRE, "the next sync marks its table as retired."),
        (CheckpointState.ACTIVE, DeletionPolicy.KEEP, "deletion.policy is keep, so its table stays as it is."),
        (CheckpointState.RETIRED, DeletionPolicy.DELETE, "so the next sync deletes it"),
        (CheckpointState.RETIRED, DeletionPolicy.RETIRE, "stays until somebody syncs with --allow-deletes"),
        (CheckpointState.FORGOTTEN, DeletionPolicy.RETIRE, "its table is not managed, so nothing becomes of it."),
    ],
)
def test_a_held_one_that_is_gone_says_so_and_what_releasing_it_does(
    state: CheckpointState, policy: DeletionPolicy, follows: str
) -> None:
    record = missing(3, AssetStatus.HELD)
    held = replace(HELD, state=state, held=hold_of(record, 3))
    text = said(KnownAssetState(record, held, hold=HOLD), Deletion(policy=policy))
    assert text.startswith("Datasphere no longer lists it: not in 3 complete listings in a row since ")
    assert f"After `spheresync release --asset HR/PAYROLL`: {follows}" in text or follows in text
    assert "until the asset is back in Datasphere" in text and "what Datasphere holds" not in text


def test_a_hold_that_an_asset_does_not_outlast_says_what_comes_without_a_release() -> None:
    held = replace(HELD, held=hold_of(RECORD, 3))
    text = said(KnownAssetState(missing(2, AssetStatus.HELD), held, hold=HOLD))
    assert "not longer than it is there. After 1 more complete listing without it a sync marks its table" in text


def test_what_could_not_be_read_says_since_when_and_so_does_what_could_not_be_written() -> None:
    unread = replace(RECORD, problem=Problem.of(ASSET, SourceFault.FORBIDDEN, "403", "Ask."), read_at=LATER)
    assert said(KnownAssetState(unread, HELD)) == "403. Ask. It was last read at 2026-11-24T09:00:00Z."
    denied = Problem.of(ASSET, TargetFault.DENIED, "no rights on hr.payroll.", "Grant it.")
    text = said(KnownAssetState(RECORD, HELD, Unwritten(ASSET, denied, AT)))
    assert text == "Since 2026-11-24T08:00:00Z: no rights on hr.payroll. Grant it."
    taken = said(
        KnownAssetState(RECORD, None, Unwritten(ASSET, name_taken(ASSET, "hr.payroll is not ours", GLUE_DESIGN), AT))
    )
    assert "the next sync looks again" in taken


@given(
    st.sampled_from([*AssetStatus]),
    st.integers(0, 5),
    st.builds(Deletion, policy=st.sampled_from([*DeletionPolicy]), misses=st.integers(1, 5)),
)
def test_whoever_is_missing_retired_deleted_or_held_is_never_without_a_word(
    status: AssetStatus, misses: int, deletion: Deletion
) -> None:
    record = replace(RECORD, misses=misses, first_missed_at=AT if misses else None, status=status)
    text = problem_text(KnownAssetState(record, HELD), deletion)
    told = {AssetStatus.MISSING, AssetStatus.RETIRED, AssetStatus.DELETED, AssetStatus.HELD}
    assert (text is not None) == (status in told)
    assert text is None or (text.endswith(".") and "  " not in text)


def test_a_deleted_one_says_when_by_which_run_and_who_asked_and_how_it_comes_back() -> None:
    deleted = replace(HELD, state=CheckpointState.DELETED, held=None)
    known = KnownAssetState(replace(RECORD, status=AssetStatus.DELETED), deleted, deleted_by="anna")
    text = said(known)
    assert f"was deleted at 2026-11-24T09:00:00Z by run {deleted.run_id}, asked for by anna." in text
    assert f"`spheresync revert {deleted.run_id}`" in text
    taken_back = said(replace(known, checkpoint=replace(deleted, state=CheckpointState.TAKEN_BACK)))
    assert "was taken back at" in taken_back


def test_a_held_one_without_a_table_says_that_the_undo_deleted_it_and_when() -> None:
    deleted = replace(HELD, state=CheckpointState.DELETED)
    text = said(KnownAssetState(replace(RECORD, status=AssetStatus.HELD), deleted, hold=HOLD))
    assert "It has no table: the undo of run run_1 deleted" in text and "at 2026-11-24T09:00:00Z" in text
    assert "`spheresync release --asset HR/PAYROLL`" in text


def test_what_nobody_can_read_is_not_said_to_be_mended_by_the_next_sync() -> None:
    drift = TableDrift(
        asset=ASSET,
        target=HELD.target,
        destination=HELD.destination,
        container=HELD.container,
        name=HELD.name,
        kinds=(DriftKind.TABLE_DELETED,),
        policy="overwrite",
        effect=DriftEffect.RECREATE,
        reason="somebody else has deleted the table",
        remedy="",
        fields=(),
        fields_total=0,
        changed_at=None,
        changed_by="unknown",
        stays=False,
    )
    unread = replace(RECORD, problem=Problem.of(ASSET, SourceFault.FORBIDDEN, "403.", "Ask."), read_at=LATER)
    assert "The next sync looks at the table again, and mends it." in said(KnownAssetState(RECORD, HELD, drift=drift))
    for target, word in ((QUICK_SIGHT, "data set"), (DATAZONE, "asset in Amazon DataZone")):
        about = KnownAssetState(RECORD, replace(HELD, target=target), drift=replace(drift, target=target))
        assert f"The next sync looks at the {word} again, and mends it." in said(about)
    text = said(KnownAssetState(unread, HELD, drift=drift))
    assert "The next sync" not in text and "A sync mends it once the asset can be read again." in text


def test_what_the_next_sync_writes_over_and_what_it_leaves_are_told_apart_with_the_way_to_mend_both() -> None:
    fields = (
        FieldDrift("columns.photo", DriftKind.COLUMNS, "binary", None, "overwrite", DriftEffect.RESTORE),
        FieldDrift("description", DriftKind.DESCRIPTION, "Payroll", "by hand", "report", DriftEffect.REPORT),
    )
    drift = TableDrift(
        asset=ASSET,
        target=HELD.target,
        destination=HELD.destination,
        container=HELD.container,
        name=HELD.name,
        kinds=(DriftKind.COLUMNS, DriftKind.DESCRIPTION),
        policy="overwrite",
        effect=DriftEffect.RESTORE,
        reason="somebody else has changed 2 fields of ours in the table",
        remedy=f"{put_back(ASSET)}.",
        fields=fields,
        fields_total=2,
        changed_at=None,
        changed_by="unknown",
        stays=True,
    )
    text = said(KnownAssetState(RECORD, HELD, drift=drift))
    assert "writes over columns.photo; it leaves description, which the drift policy only reports." in text
    assert "and mends it" not in text
    assert "`spheresync drift --asset HR/PAYROLL --overwrite` makes a change set that puts back" in text


@pytest.mark.parametrize(
    ("state", "said_of_it"),
    [
        (CheckpointState.RETIRED, "Its table is marked as retired since 2026-11-24T09:00:00Z"),
        (CheckpointState.DELETED, "was deleted at 2026-11-24T09:00:00Z"),
        (CheckpointState.FORGOTTEN, "Its table is not managed, so nothing becomes of it."),
        (CheckpointState.BOUND, "The next sync takes back what is ours on its table."),
    ],
)
def test_one_that_is_missing_for_another_target_s_sake_says_what_became_of_it_in_this_one(
    state: CheckpointState, said_of_it: str
) -> None:
    text = said(KnownAssetState(missing(3), replace(HELD, state=state)))
    assert said_of_it in text and "marks its table as retired" not in text
