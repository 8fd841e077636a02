"""Build what the target should hold of each asset and compare: the part of planning that needs definitions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from spheresync.config import Settings
from spheresync.mapping.glue_table import design_table, retired
from spheresync.mapping.merge import merge
from spheresync.model import Action, AssetId, Digest, LiveObject, isoformat
from spheresync.plan.items import Subject, item_for, retire_item, settled_item
from spheresync.plan.triage import Work
from spheresync.run.naming import Address, Names
from spheresync.run.progress import OnProgress, ProgressEvent
from spheresync.state.definitions import column_names, decode_asset
from spheresync.state.records import ChangeSetItem, Checkpoint, CheckpointState
from spheresync.state.store import Store, Tx
from spheresync.target.protocol import Target

DESIGN_CHUNK = 500


@dataclass(slots=True)
class Draft:
    """A change set in the making."""

    items: list[ChangeSetItem] = field(default_factory=list)
    summary: Counter[Action] = field(default_factory=Counter)
    rebased: list[Checkpoint] = field(default_factory=list)
    shrinking: list[AssetId] = field(default_factory=list)
    removals: list[tuple[Work, Subject]] = field(default_factory=list)
    gone: list[AssetId] = field(default_factory=list)
    waiting: frozenset[AssetId] = frozenset()  # held back by the column guard, now or before


class Designer:
    """Fills a draft with the items of assets whose definitions must be looked at."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        target: Target,
        draft: Draft,
        *,
        now: datetime,
        progress: OnProgress,
    ) -> None:
        self._store = store
        self._settings = settings
        self._target = target
        self._draft = draft
        self._now = now
        self._progress = progress

    async def run(self, subjects: Sequence[Subject], names: Names) -> None:
        """Design and compare every subject, a chunk at a time, so that memory does not grow with their number."""
        for start in range(0, len(subjects), DESIGN_CHUNK):
            chunk = subjects[start : start + DESIGN_CHUNK]
            await self._progress(ProgressEvent("planning", start, len(subjects), "comparing definitions"))
            blobs = await self._store.blobs.get_many(_needed(chunk))
            seen = await self._look_again(chunk, names)
            designed = [
                body for subject in chunk for body in self._design(subject, names, blobs, seen.get(subject.asset))
            ]

            async def keep(tx: Tx, bodies: Sequence[bytes] = designed) -> None:
                await tx.blobs.put_many(bodies)

            if designed:
                await self._store.write(keep)

    async def _look_again(self, subjects: Sequence[Subject], names: Names) -> dict[AssetId, LiveObject]:
        """Tables that somebody else is known to have changed are read, so that the plan shows what it merges."""
        seen = {}
        for subject in subjects:
            held, address = subject.checkpoint, names.addresses[subject.asset]
            if held is None or held.version is not None or held.state is not CheckpointState.ACTIVE:
                continue
            live = await self._target.read(address.container, address.name)
            if live is not None and live.owner == self._settings.installation_marker:
                seen[subject.asset] = live
        return seen

    def _design(
        self, subject: Subject, names: Names, blobs: Mapping[Digest, bytes], live: LiveObject | None
    ) -> list[bytes]:
        """Add the item of one asset to the draft; answer the bodies that it refers to."""
        assert subject.record.definition is not None
        definition, address = blobs[subject.record.definition], names.addresses[subject.asset]
        bodies: list[bytes] = []
        if _lives_elsewhere(subject.checkpoint, address):
            bodies += self._retire_former(subject, blobs, address)
            subject = replace(subject, checkpoint=None)
        held = subject.checkpoint
        last_body = blobs.get(held.body) if held is not None and held.state is not CheckpointState.DELETED else None
        desired = design_table(
            decode_asset(definition),
            subject.decision,
            address.container,
            address.name,
            self._settings.installation_marker,
            last_body=last_body,
        )
        if address in names.foreign:
            reason = f"{address.container}.{address.name} exists and is not managed by this installation"
            self._draft.items.append(settled_item(replace(subject, checkpoint=None), Action.CONFLICT, reason, desired))
            return bodies
        if held is not None and last_body is not None and (live is not None or held.body_digest != desired.digest):
            there = live.body if live is not None else last_body
            merged = merge(last_body, json.loads(there), desired.body, self._settings.drift)
            desired = replace(desired, body=merged.body)
            if live is not None:
                subject, last_body = replace(subject, checkpoint=replace(held, version=live.version)), live.body
                bodies.append(live.body)
        item = item_for(subject, desired, last_body, adopted=subject.asset in names.adopted)
        if item is None:
            self._draft.summary[Action.UNCHANGED] += 1
            self._rebase(subject)
            return bodies
        if self._loses_columns(subject, blobs):
            self._draft.shrinking.append(subject.asset)
        self._draft.items.append(item)
        return [*bodies, desired.body]

    def _retire_former(self, subject: Subject, blobs: Mapping[Digest, bytes], address: Address) -> list[bytes]:
        """Mark the table that an asset had before rules named it anew; it stays, and is no longer followed."""
        held = subject.checkpoint
        last_body = blobs.get(held.body) if held is not None else None
        if held is None or last_body is None or held.state is not CheckpointState.ACTIVE:
            return []
        former = retired(last_body, isoformat(self._now), held.container, held.name)
        reason = f"mapping rules now name it {address.container}.{address.name}; this table stays, marked as retired"
        self._draft.items.append(retire_item(subject, former, last_body, reason))
        return [former.body]

    def _rebase(self, subject: Subject) -> None:
        """The target holds it already under other fingerprints or rules: note that, so it is not compared again."""
        held = subject.checkpoint
        if held is None:
            return
        rebased = replace(
            held,
            fingerprints=subject.record.fingerprints,
            mapping=subject.mapping,
            definition=subject.record.definition,
        )
        if rebased != held:
            self._draft.rebased.append(rebased)

    def _loses_columns(self, subject: Subject, blobs: Mapping[Digest, bytes]) -> bool:
        held, now = subject.checkpoint, subject.record
        if held is None or held.definition is None or held.definition == now.definition or now.definition is None:
            return False
        if held.fingerprints and now.fingerprints and held.fingerprints.schema == now.fingerprints.schema:
            return False
        before = blobs.get(held.definition)
        return before is not None and not column_names(before) <= column_names(blobs[now.definition])


def _needed(subjects: Iterable[Subject]) -> Iterator[Digest]:
    """The blobs that comparing these subjects takes: definitions of now and then, and the last bodies."""
    for subject in subjects:
        if subject.record.definition is not None:
            yield subject.record.definition
        if subject.checkpoint is not None:
            yield subject.checkpoint.body
            if subject.checkpoint.definition is not None:
                yield subject.checkpoint.definition


def _lives_elsewhere(held: Checkpoint | None, address: Address) -> bool:
    """Whether the target holds the asset under another name than it is to have."""
    return (
        held is not None
        and held.state is not CheckpointState.DELETED
        and (held.container, held.name) != (address.container, address.name)
    )
