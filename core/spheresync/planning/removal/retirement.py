"""The item that marks a table as retired, over what stands there where that was just read.

What a person reviews is what is written: a text that somebody edited by hand goes by the drift policy here, as the run
would refuse an edit that the change set does not show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from spheresync.config import DriftPolicies
from spheresync.model import LiveObject, Problem
from spheresync.planning.decisions.drift import DriftOutcome, compare, drift_finding
from spheresync.planning.decisions.items import Subject, retire_item
from spheresync.planning.decisions.overwritten import is_of_ours, overwrite_finding, overwritten_fields
from spheresync.state.records import ChangeSetItem, Checkpoint


@dataclass(frozen=True, slots=True)
class Retirement:
    """The item, the bodies that it refers to, and the findings of edits that stay and that are written over."""

    item: ChangeSetItem
    bodies: tuple[bytes, ...]
    finding: Problem | None = None
    overwritten: Problem | None = None


def retire(
    subject: Subject,
    checkpoint: Checkpoint,
    last_body: bytes,
    live: LiveObject | None,
    *,
    at: str,
    reason: str,
    policies: DriftPolicies,
) -> Retirement:
    """Mark the table of a checkpoint as retired.

    Args:
        subject: the asset that it was of.
        held: where it is.
        last_body: what was written last into it.
        live: what stands there now, ours; None where it is gone or nobody has looked.
        at: the time that the mark says.
        reason: why it is retired.
        policies: what becomes of other people's edits.
    """
    marked = subject.design.retire(last_body, at, checkpoint.container, checkpoint.name)
    if live is None:
        return Retirement(retire_item(subject, marked, last_body, reason), (marked.body,))
    found = compare(subject.design, last_body, live, marked, policies)
    finding = (
        drift_finding(subject.asset, f"{checkpoint.container}.{checkpoint.name}", found.reported)
        if found.reported
        else None
    )
    if found.outcome is DriftOutcome.LEFT:  # planned, and refused in the run, so that it is told
        unread = replace(subject, checkpoint=replace(checkpoint, version=None))
        return Retirement(retire_item(unread, marked, last_body, reason), (marked.body,), finding)
    seen = replace(subject, checkpoint=replace(checkpoint, version=live.version))
    item = retire_item(seen, replace(marked, body=found.body), live.body, reason)
    edits = [change for change in found.changes if change.path in found.edited]
    lost = overwritten_fields(subject.design, edits, item.changes, found.kept)
    theirs = bool(lost) and not is_of_ours(subject.design, live.body)
    told = overwrite_finding(subject.design, item.asset, item.address, lost) if theirs else None
    return Retirement(item, (found.body, live.body), finding, told)
