"""Which edits of others a run wrote over, as its journal has it: told at its end, whichever process saw them."""

from __future__ import annotations

from collections.abc import Collection

from spheresync.config import DriftPolicies
from spheresync.model import Action, Problem, RunId, counted
from spheresync.model.words import ALL_SPACES
from spheresync.planning.decisions.drift import MOST_FINDINGS
from spheresync.planning.decisions.no_failure import OVERWRITTEN
from spheresync.planning.decisions.overwritten import (
    is_of_ours,
    made_again_finding,
    overwritten_fields,
    overwrote_finding,
)
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, JournalEntry
from spheresync.targets.registry import design_of


async def overwritten_edits(
    store: Store, run: RunId, done: Collection[tuple[ChangeSetItem, JournalEntry]], policies: DriftPolicies
) -> list[Problem]:
    """What a run tells of edits that `drift:` had it write over; of many tables, of how many more.

    Args:
        store: has what had been written last into tables that others had changed.
        run: which.
        done: the items that it did, with what its journal says of each.
        policies: by which it went.
    """
    told = [
        made_again_finding(item.asset, item.address, design_of(item.target).object_word, run)
        for item, entry in done
        if entry.action is Action.CREATE and stood_there(item)
    ]
    told += await _written_over(store, run, done, policies)
    left_out = len(told) - MOST_FINDINGS
    if left_out > 0:
        text = f"{counted(left_out, 'more table')} of which edits of others were written over"
        told = [*told[:MOST_FINDINGS], Problem(ALL_SPACES, OVERWRITTEN, text)]
    return told


def stood_there(item: ChangeSetItem) -> bool:
    """Whether the state knew of an object there that nobody but others can have deleted."""
    return item.action.writes_definition and (item.action is not Action.CREATE or item.expected_digest is not None)


async def _written_over(
    store: Store, run: RunId, done: Collection[tuple[ChangeSetItem, JournalEntry]], policies: DriftPolicies
) -> list[Problem]:
    bases = await store.runs.bases(run)
    edited = [(item, entry) for item, entry in done if item.ordinal in bases and entry.before and entry.after]
    if not edited:
        return []
    needed = {digest for item, entry in edited for digest in (bases[item.ordinal], entry.before, entry.after) if digest}
    bodies = await store.blobs.get_many(needed)
    told = []
    for item, entry in edited:
        design = design_of(item.target)
        digests = (bases[item.ordinal], entry.before, entry.after)
        base, before, after = (bodies.get(digest) if digest else None for digest in digests)
        if base is None or before is None or after is None or is_of_ours(design, before):
            continue
        merged = design.merge(base, before, after, policies)
        kept = [change.path for change in merged.kept]
        lost = overwritten_fields(design, merged.ours_moved, design.changes(before, after), kept)
        if lost:
            told.append(overwrote_finding(design, item.asset, item.address, lost, run))
    return told
