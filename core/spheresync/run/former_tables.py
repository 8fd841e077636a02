"""What becomes of tables that assets had before mapping rules named them anew.

They are retired in the change set that names the asset anew, and deleted as retired tables are: where deletes are
allowed, after a look that finds them ours and untouched; a preview offers it. No guard counts them, since new rules
are the wish of a person (CONTRACT.md, Deletion). `deletion.policy: keep` neither marks nor deletes them: they stay as
they were, are remembered, and retired once the policy says so. Where the asset left the scope they are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from spheresync.config import DeletionPolicy
from spheresync.mapping.glue_table import retired
from spheresync.model import AssetId, Digest
from spheresync.plan.items import Subject, delete_item, retire_item
from spheresync.state.records import ChangeSetItem, FormerTable


@dataclass(frozen=True, slots=True)
class FormerRules:
    """`offered`: deletes are shown at all, `blocked_by`: why they are only shown, None where they may be done."""

    policy: DeletionPolicy
    offered: bool
    blocked_by: str | None


def former_items(
    subjects: Iterable[tuple[FormerTable, Subject]],
    bodies: Mapping[Digest, bytes],
    rules: FormerRules,
    *,
    at: str,
) -> tuple[list[ChangeSetItem], list[bytes]]:
    """Items of former tables, and the bodies that they refer to.

    Args:
        subjects: each table, with the asset that had it.
        bodies: what was last written into each.
        rules: what may become of them.
        at: the time that a mark says.
    """
    items: list[ChangeSetItem] = []
    marked: list[bytes] = []
    for former, subject in subjects:
        if rules.policy is DeletionPolicy.KEEP:
            continue
        about = replace(subject, checkpoint=former.as_checkpoint())
        last_body = bodies[former.body]
        if not former.retired:
            mark = retired(last_body, at, former.container, former.name)
            marked.append(mark.body)
            items.append(retire_item(about, mark, last_body, _named_anew(subject.asset)))
        elif rules.offered:
            reason = f"{_named_anew(subject.asset)}; retired since {former.since}"
            items.append(replace(delete_item(about, last_body, reason), blocked_by=rules.blocked_by))
    return items, marked


def _named_anew(asset: AssetId) -> str:
    return f"a former table of {asset}, which mapping rules named anew"
