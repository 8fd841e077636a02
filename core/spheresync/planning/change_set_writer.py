"""Make a change set of items and save it: one way for plans, repairs of drift and undos."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from spheresync import __version__
from spheresync.config import Settings
from spheresync.model import (
    Action,
    ChangeSetId,
    Digest,
    JsonValue,
    Principal,
    Problem,
    RunId,
    TargetKey,
    TargetName,
    canonical_json,
    isoformat,
)
from spheresync.planning.decisions.change_findings import change_findings
from spheresync.state.change_set_digest import FORMAT, NO_DIGEST, with_digest
from spheresync.state.port import Tx
from spheresync.state.records import ChangeSetItem, ChangeSetRecord, Prerequisite


@dataclass(frozen=True, slots=True)
class NewChangeSet:
    """A change set that is complete and not yet saved. `keys`: the targets that it is about."""

    record: ChangeSetRecord
    items: Sequence[ChangeSetItem]
    keys: Sequence[TargetKey]

    async def put(self, tx: Tx) -> None:
        """Write it down."""
        await tx.change_sets.put(self.record, self.items)

    def audited(self, **detail: JsonValue) -> dict[str, JsonValue]:
        """What the audit log says in detail of its making."""
        made: dict[str, JsonValue] = {"change_set": self.record.id, "digest": self.record.digest}
        return {**made, "items": len(self.items), **detail, **audited_destinations(self.keys)}


@dataclass(frozen=True, slots=True)
class ChangeSetWriter:
    """Makes change sets by settings, for somebody, at a moment."""

    settings: Settings
    principal: Principal
    now: datetime

    def make(
        self,
        items: Iterable[ChangeSetItem],
        keys: Sequence[TargetKey],
        *,
        request: Mapping[str, JsonValue],
        findings: tuple[Problem, ...],
        problems: tuple[Problem, ...],
        counts: Mapping[str, int] | None = None,
        created_at: str | None = None,
        promotion: Digest | None = None,
        undo_of: RunId | None = None,
        prerequisites: Iterable[Prerequisite] = (),
    ) -> NewChangeSet:
        """A change set with an id of its own, numbered items, and the digest of all that.

        Args:
            items: in the order in which they are to be done.
            keys: the targets that it is about, also where there is nothing to do in them.
            request: what was asked for.
            findings: what whoever reviews it should know.
            problems: what could not be planned, and why.
            counts: what the summary says besides the number of items by action.
            created_at: the moment that the items go by; now by default.
            promotion: digest of the promotion whose rules the items go by.
            undo_of: the run that it undoes.
            prerequisites: what must exist first, of each target in the order in which it is made.
        """
        numbered = [replace(item, ordinal=number) for number, item in enumerate(items, start=1)]
        summary = Counter[str](counts or {})
        summary.update(item.action for item in numbered)
        record = ChangeSetRecord(
            id=ChangeSetId(f"cs_{secrets.token_hex(6)}"),
            digest=NO_DIGEST,
            created_at=created_at or isoformat(self.now),
            expires_at=isoformat(self.now + self.settings.change_sets.expires),
            actor=self.principal.id,
            mapping_digest=self.settings.mapping_digest,
            scope_digest=self.settings.scope_digest,
            request=canonical_json({**request}),
            summary={
                **{action: summary[action] for action in Action},
                **{word: summary[word] for word in counts or {}},
            },
            findings=(*findings, *change_findings(numbered)),
            problems=problems,
            blocked=sum(1 for item in numbered if item.blocked_by is not None),
            run_id=None,
            tool_version=__version__,
            format=FORMAT,
            promotion=promotion,
            undo_of=undo_of,
            prerequisites=tuple(prerequisites),
        )
        return NewChangeSet(with_digest(record, numbered), numbered, tuple(keys))


def audited_target(keys: Iterable[TargetKey]) -> TargetName | None:
    """What the column `target` of the audit log says of something that is about several keys."""
    targets = {key.target for key in keys}
    return targets.pop() if len(targets) == 1 else None


def audited_destinations(keys: Iterable[TargetKey]) -> dict[str, JsonValue]:
    """What the detail of an audit row says of the targets and destinations that it is about."""
    return {"targets": [key.to_json() for key in keys]}
