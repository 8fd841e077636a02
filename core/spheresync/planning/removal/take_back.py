"""The item that takes back what is ours from a table that others made; the table itself stays whatever else it is."""

from __future__ import annotations

from dataclasses import replace

from spheresync.config import DriftPolicies
from spheresync.model import LiveObject
from spheresync.planning.decisions.items import Subject, take_back_item
from spheresync.planning.removal.retirement import Retirement
from spheresync.state.records import Checkpoint


def take_back(
    subject: Subject,
    checkpoint: Checkpoint,
    last_body: bytes,
    live: LiveObject | None,
    *,
    reason: str,
    policies: DriftPolicies,
) -> Retirement:
    """Take back what is ours from the table of a checkpoint.

    Args:
        subject: the asset that is bound to it.
        checkpoint: where it is.
        last_body: what was written last onto it.
        live: what stands there now; None where it is gone or nobody has looked.
        reason: why it is taken back.
        policies: what becomes of other people's edits.
    """
    nothing = subject.design.take_back(checkpoint.container, checkpoint.name)
    over = last_body if live is None else live.body
    left = subject.design.merge(last_body, over, nothing.body, policies).body
    known = checkpoint if live is None else replace(checkpoint, version=live.version)
    text = f"{reason}; what is ours is taken back, and the table stays"
    item = take_back_item(replace(subject, checkpoint=known), nothing, over, left, text)
    return Retirement(item, (nothing.body, over))
