"""What undoes a effect, and when it cannot be undone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    Action,
    AssetId,
    ChangeSetId,
    Digest,
    LiveObject,
    PhysicalName,
    RunId,
    Severity,
    Strategy,
    Tier,
    digest_of,
)
from spheresync.planning.decisions.undo import RunEffect, settle_together, undo_item
from spheresync.state.change_set_digest import FORMAT, NO_DIGEST, with_digest
from spheresync.state.records import (
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    CheckpointState,
    JournalEntry,
    JournalState,
)
from spheresync.targets.glue.design import GLUE_DESIGN
from spheresync.targets.glue.table_input import fingerprint_of, retired
from tests.integration.glue_tables import OWNER, SALES, body

RUN, LATER = RunId("run_1"), RunId("run_2")
ORDERS = AssetId.parse("SALES/ORDERS")
NAME = PhysicalName("orders")
AT = "2026-11-24T08:00:00.000000Z"
OLD, NEW = body("orders", "Old"), body("orders", "New")
MARKED = retired(NEW, AT, SALES, NAME).body


def claim(content: bytes) -> Digest:
    return fingerprint_of(json.loads(content))


def item(action: Action, after: bytes | None, *, name: PhysicalName = NAME, expected: bytes | None = None) -> Any:
    return ChangeSetItem(
        ordinal=1,
        asset=ORDERS,
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        action=action,
        strategy=Strategy.FULL,
        severity=Severity.NONE,
        reason="",
        tier=Tier.HIGH,
        container=SALES,
        name=name,
        changes=(),
        before=None,
        after=None,
        after_digest=claim(after) if after is not None else None,
        expected_version=None,
        expected_digest=claim(expected) if expected is not None else None,
        blocked_by=None,
        fingerprints=None,
        mapping=None,
        definition=None,
        operations=(),
    )


def known(content: bytes, state: CheckpointState = CheckpointState.ACTIVE, run: RunId = RUN) -> Checkpoint:
    return Checkpoint(
        asset=ORDERS,
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=SALES,
        name=NAME,
        body=digest_of(content),
        body_digest=claim(content),
        version="7",
        fingerprints=None,
        mapping=None,
        definition=None,
        state=state,
        held=None,
        synced_at=AT,
        run_id=run,
        fence=1,
    )


def live(content: bytes) -> LiveObject:
    parameters = json.loads(content)["Parameters"]
    source = parameters.get("spheresync.source")
    owner = parameters.get("spheresync.managed-by")
    return LiveObject(SALES, NAME, "8", content, owner, source, claim(content), intact=True)


def effect(action: Action, before: bytes | None, after: bytes | None, **changes: Any) -> RunEffect:
    """What a run did, and nobody has touched since."""
    entry = JournalEntry(
        run_id=RUN,
        ordinal=1,
        state=JournalState.CONFIRMED,
        action=action,
        problem=None,
        before=digest_of(before) if before is not None else None,
        after=digest_of(after) if after is not None else None,
        version=None,
        request_id=None,
        at=AT,
    )
    there = known(after) if after is not None else None
    made = RunEffect(
        GLUE_DESIGN, item(action, after), entry, before, after, there, there, live(after) if after is not None else None
    )
    return replace(made, **changes)


def undo(*effects: RunEffect, waits: str | None = "deletes_not_allowed") -> list[ChangeSetItem]:
    planned = [undo_item(RUN, done, marker=OWNER, deletes_wait_for=waits) for done in effects]
    return settle_together([item for item in planned if item is not None])


@pytest.mark.parametrize(
    ("done", "action"),
    [
        (effect(Action.METADATA_ONLY, OLD, NEW), Action.METADATA_ONLY),
        (effect(Action.UPDATE, OLD, NEW), Action.METADATA_ONLY),
        (effect(Action.RETIRE, NEW, MARKED), Action.METADATA_ONLY),
        (effect(Action.UPDATE, MARKED, NEW), Action.RETIRE),
        (effect(Action.DELETE, MARKED, None), Action.CREATE),
    ],
)
def test_what_was_written_over_or_deleted_is_written_again_to_the_byte(done: RunEffect, action: Action) -> None:
    (made,) = undo(done)
    assert done.before is not None
    assert (made.action, made.after, made.after_digest) == (action, digest_of(done.before), claim(done.before))
    assert made.before == done.entry.after
    assert made.expected_version == ("8" if done.live is not None else None)
    assert made.expected_digest == (done.known.body_digest if done.known is not None else None)
    assert made.blocked_by is None and made.operations


def test_what_was_created_is_deleted_where_that_is_allowed() -> None:
    (waiting,) = undo(effect(Action.CREATE, None, NEW))
    assert (waiting.action, waiting.blocked_by) == (Action.DELETE, "deletes_not_allowed")
    (allowed,) = undo(effect(Action.CREATE, None, NEW), waits=None)
    assert (allowed.blocked_by, allowed.severity) == (None, Severity.DESTRUCTIVE)


def test_what_changed_nothing_is_left_out() -> None:
    assert (
        undo(effect(Action.UPDATE, NEW, NEW), effect(Action.RETIRE, None, None), effect(Action.DELETE, None, None))
        == []
    )


def test_what_was_only_noted_is_noted_back() -> None:
    forgotten = known(NEW, CheckpointState.FORGOTTEN)
    gone = effect(Action.FORGET, None, None, item=item(Action.FORGET, None, expected=NEW), known=forgotten)
    assert [made.action for made in undo(replace(gone, live=live(NEW)))] == [Action.ADOPT]
    assert [made.action for made in undo(effect(Action.ADOPT, NEW, None, item=item(Action.ADOPT, NEW)))] == [
        Action.CONFLICT
    ], "not managed any more"
    adopted = effect(Action.ADOPT, NEW, None, item=item(Action.ADOPT, NEW), known=known(NEW))
    assert [made.action for made in undo(adopted)] == [Action.FORGET]
    of_an_undo = replace(item(Action.ADOPT, NEW), after=None, after_digest=None, expected_digest=known(NEW).body_digest)
    assert [made.action for made in undo(replace(adopted, item=of_an_undo))] == [Action.FORGET]
    written_since = replace(adopted, item=of_an_undo, known=known(OLD, run=LATER))
    assert [made.action for made in undo(written_since)] == [Action.CONFLICT]


EDITED = body("orders", "New", foreign={"team": "bi"})
THEIRS = body("orders", "New", owner="spheresync:other")
NOTED = body("orders", "New", foreign={"team": "bi", "spheresync.own-description": "New"})


@pytest.mark.parametrize(
    ("done", "reason"),
    [
        (effect(Action.UPDATE, OLD, NEW, live=None), "somebody else has deleted sales.orders since"),
        (
            effect(Action.UPDATE, OLD, NEW, live=live(EDITED)),
            "somebody else has changed parameters.team of sales.orders",
        ),
        (
            effect(Action.UPDATE, OLD, NEW, live=live(NOTED)),
            "somebody else has changed parameters.team of sales.orders",
        ),
        (effect(Action.UPDATE, OLD, NEW, live=live(THEIRS)), "belongs to spheresync:other"),
        (effect(Action.UPDATE, OLD, NEW, known=known(OLD, run=LATER)), "run run_2 has written sales.orders since"),
        (
            effect(
                Action.UPDATE, OLD, NEW, known=None, asset_has=known(NEW, CheckpointState.DELETED, LATER), live=None
            ),
            "run run_2 has deleted sales.orders since",
        ),
        (effect(Action.CREATE, None, NEW, live=live(EDITED)), "somebody else has changed parameters.team"),
        (effect(Action.DELETE, OLD, None, live=live(NEW)), "there is a table sales.orders again"),
        (effect(Action.DELETE, OLD, None, known=known(NEW, run=LATER), live=live(NEW)), "run run_2 has written"),
        (replace(effect(Action.UPDATE, OLD, NEW), before=None), "no longer kept"),
        (effect(Action.UPDATE, OLD, NEW, live=None, hidden="the table cannot be seen"), "cannot be seen"),
        (effect(Action.DELETE, OLD, None, hidden="the table cannot be seen"), "cannot be seen"),
    ],
)
def test_what_others_did_since_refuses_it_and_is_named(done: RunEffect, reason: str) -> None:
    (refused,) = undo(done)
    assert refused.action is Action.CONFLICT
    assert refused.reason.startswith("cannot be undone: ") and reason in refused.reason
    assert (refused.after, refused.operations) == (None, ())


def test_members_that_aws_fills_with_empty_values_are_nobodys_edit() -> None:
    filled = json.dumps({**json.loads(NEW), "Retention": 0, "PartitionKeys": []}).encode()
    assert undo(effect(Action.UPDATE, OLD, NEW, live=live(filled)))[0].action is Action.METADATA_ONLY


def test_tables_of_one_asset_are_undone_together_or_not_at_all() -> None:
    moved = PhysicalName("orders_v1")
    created = effect(Action.CREATE, None, NEW, item=item(Action.CREATE, NEW, name=moved))
    left = effect(Action.RETIRE, NEW, MARKED)
    assert [made.action for made in undo(created, left)] == [Action.METADATA_ONLY, Action.DELETE], "removals last"
    both = undo(created, replace(left, live=None))
    assert [made.action for made in both] == [Action.CONFLICT, Action.CONFLICT]
    assert any("sales.orders of the same asset" in made.reason for made in both)


def test_the_digest_covers_the_whole_body_and_the_run() -> None:
    (one,) = undo(effect(Action.UPDATE, OLD, NEW))
    (other,) = undo(effect(Action.UPDATE, body("orders", "Old", foreign={"team": "bi"}), NEW))
    assert one.after_digest == other.after_digest
    digests = {digest_for([one], RUN), digest_for([other], RUN), digest_for([one], LATER), digest_for([one], None)}
    assert len(digests) == 4


def digest_for(items: list[ChangeSetItem], undo_of: RunId | None) -> Digest:
    head = ChangeSetRecord(
        id=ChangeSetId("cs_1"),
        digest=NO_DIGEST,
        created_at=AT,
        expires_at=AT,
        actor="anna",
        mapping_digest=Digest("m"),
        scope_digest=Digest("s"),
        request=b"{}",
        summary={},
        findings=(),
        problems=(),
        blocked=0,
        run_id=None,
        tool_version="1",
        format=FORMAT,
        undo_of=undo_of,
    )
    return with_digest(head, items).digest
