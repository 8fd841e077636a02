"""Make and save a change set: load what is known, let the pure steps decide, write down the result.

Nothing here calls a target, with one exception: a database that this state has never seen is looked at before names
are given out, so that a lost state is rebuilt from AWS instead of written over it.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from spheresync import __version__
from spheresync.config import DeletionPolicy, Settings
from spheresync.mapping.glue_table import design_table, retired
from spheresync.mapping.merge import merge
from spheresync.mapping.rules import Decision
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import (
    DEFAULT_DESTINATION,
    Action,
    AssetId,
    ChangeSetId,
    Digest,
    LiveObject,
    Principal,
    Problem,
    SpaceName,
    canonical_json,
    digest_json,
    isoformat,
)
from spheresync.plan.guards import GuardVerdict, guard_columns, guard_removals
from spheresync.plan.items import (
    Subject,
    by_urgency,
    delete_item,
    forget_item,
    item_for,
    retire_item,
    settled_item,
)
from spheresync.plan.triage import RemovalRules, Work, triage
from spheresync.run.naming import Address, Names, Naming
from spheresync.run.progress import OnProgress, ProgressEvent
from spheresync.run.scope import Scope
from spheresync.state.definitions import column_names, decode_asset
from spheresync.state.records import (
    AssetRecord,
    AuditEvent,
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    CheckpointState,
)
from spheresync.state.store import Store, Tx
from spheresync.target.protocol import Target

FORMAT = 1
"""Version of the saved change set; another one is refused at apply."""
DESIGN_CHUNK = 500
NEEDS_ALLOWANCE = "deletes_not_allowed"


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a change set is asked for. `offer_deletes` shows deletes of retired tables even where not allowed yet."""

    scope: Scope
    principal: Principal
    thorough: bool = False
    allow_deletes: bool = False
    offer_deletes: bool = False
    max_deletes: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Draft:
    """A change set in the making."""

    items: list[ChangeSetItem] = field(default_factory=list)
    summary: Counter[Action] = field(default_factory=Counter)
    rebased: list[Checkpoint] = field(default_factory=list)
    shrinking: list[AssetId] = field(default_factory=list)
    removals: list[tuple[Work, Subject]] = field(default_factory=list)
    gone: list[AssetId] = field(default_factory=list)


class Planner:
    """Makes one change set for one target. Build it, `run` it once."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mapping: MappingRules,
        target: Target,
        request: PlanRequest,
        *,
        now: datetime,
        progress: OnProgress,
    ) -> None:
        self._store = store
        self._settings = settings
        self._mapping = mapping
        self._target = target
        self._request = request
        self._now = now
        self._progress = progress
        self._draft = _Draft()
        self._checkpoints: dict[AssetId, Checkpoint] = {}

    async def run(self) -> ChangeSetRecord:
        """Plan, save, and answer the saved change set.

        Raises:
            TargetError: databases of a lost or new state could not be looked at; nothing was saved.
        """
        records = await self._store.catalog.assets()
        await self._load_checkpoints()
        to_design = self._triage_all(records)
        marker = self._settings.installation_marker
        naming = Naming(self._store, self._mapping, marker, self._target)
        names = await naming.resolve(to_design, self._checkpoints, now=isoformat(self._now)) if to_design else Names()
        if names.adopted:
            await self._load_checkpoints()
        await self._design_all(to_design, names)
        await self._plan_removals()
        findings = self._guard(records)
        return await self._save(findings)

    async def _load_checkpoints(self) -> None:
        checkpoints = await self._store.checkpoints.all(self._target.name, DEFAULT_DESTINATION)
        self._checkpoints = {checkpoint.asset: checkpoint for checkpoint in checkpoints}

    def _subject(self, record: AssetRecord, decision: Decision) -> Subject:
        return Subject(
            record=replace(record, tier=decision.tier),
            checkpoint=self._checkpoints.get(record.id),
            target=self._target.name,
            destination=DEFAULT_DESTINATION,
            mapping=decision.digest,
        )

    def _triage_all(self, records: Iterable[AssetRecord]) -> list[AssetRecord]:
        """Settle what needs no definition; answer what does."""
        request, draft, deletion = self._request, self._draft, self._settings.deletion
        offer = request.offer_deletes or self._deletes_allowed
        rules = RemovalRules(deletion.policy, deletion.misses, deletion.grace, offer)
        to_design = []
        for record in records:
            decision = self._mapping.decide(record.id, record.kind, record.label)
            if not request.scope.wants(record.id, decision.tier):
                continue
            held = self._checkpoints.get(record.id)
            mapping = decision.digest
            work = triage(record, held, decision, mapping, rules=rules, now=self._now, thorough=request.thorough)
            if work is Work.UNCHANGED:
                draft.summary[Action.UNCHANGED] += 1
            elif work is Work.DESIGN:
                to_design.append(record)
            elif work is Work.HELD:
                reason = "a revert holds it until it changes in Datasphere or is released"
                draft.items.append(settled_item(self._subject(record, decision), Action.HELD, reason))
            elif work is Work.FORGET:
                draft.items.append(
                    forget_item(self._subject(record, decision), f"left the scope: {decision.excluded_by}")
                )
            elif work is not Work.NOTHING:
                draft.removals.append((work, self._subject(record, decision)))
        return to_design

    @property
    def _deletes_allowed(self) -> bool:
        return self._request.allow_deletes or self._settings.deletion.policy is DeletionPolicy.DELETE

    async def _design_all(self, records: Sequence[AssetRecord], names: Names) -> None:
        for start in range(0, len(records), DESIGN_CHUNK):
            chunk = records[start : start + DESIGN_CHUNK]
            await self._progress(ProgressEvent("planning", start, len(records), "comparing definitions"))
            wanted = [record.definition for record in chunk if record.definition is not None]
            bodies = [held.body for r in chunk if (held := self._checkpoints.get(r.id)) is not None]
            blobs = await self._store.blobs.get_many([*wanted, *bodies])
            seen = await self._look_again(chunk, names)
            designed = [body for record in chunk for body in self._design(record, names, blobs, seen.get(record.id))]

            async def keep(tx: Tx, bodies: Sequence[bytes] = designed) -> None:
                await tx.blobs.put_many(bodies)

            if designed:
                await self._store.write(keep)

    async def _look_again(self, records: Sequence[AssetRecord], names: Names) -> dict[AssetId, LiveObject]:
        """Tables that somebody else is known to have changed are read, so that the plan shows what it merges."""
        seen = {}
        for record in records:
            held, address = self._checkpoints.get(record.id), names.addresses[record.id]
            if held is None or held.version is not None or held.state is not CheckpointState.ACTIVE:
                continue
            live = await self._target.read(address.container, address.name)
            if live is not None and live.owner == self._settings.installation_marker:
                seen[record.id] = live
        return seen

    def _design(
        self, record: AssetRecord, names: Names, blobs: Mapping[Digest, bytes], live: LiveObject | None
    ) -> list[bytes]:
        """Add the item of one asset to the draft; answer the bodies that it refers to."""
        assert record.definition is not None
        decision = self._mapping.decide(record.id, record.kind, record.label)
        subject, address = self._subject(record, decision), names.addresses[record.id]
        bodies: list[bytes] = []
        if _lives_elsewhere(subject.checkpoint, address):
            bodies += self._retire_former(subject, blobs, address)
            subject = replace(subject, checkpoint=None)
        held = subject.checkpoint
        last_body = blobs.get(held.body) if held is not None and held.state is not CheckpointState.DELETED else None
        desired = design_table(
            decode_asset(blobs[record.definition]),
            decision,
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
        item = item_for(subject, desired, last_body, adopted=record.id in names.adopted)
        if item is None:
            self._draft.summary[Action.UNCHANGED] += 1
            self._rebase(subject)
            return bodies
        if self._loses_columns(subject, blobs):
            self._draft.shrinking.append(record.id)
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

    async def _plan_removals(self) -> None:
        held = [subject.checkpoint.body for _, subject in self._draft.removals if subject.checkpoint is not None]
        blobs = await self._store.blobs.get_many(held)
        bodies = []
        for work, subject in self._draft.removals:
            assert subject.checkpoint is not None
            last_body = blobs[subject.checkpoint.body]
            self._draft.gone.append(subject.asset)
            times = f"no longer listed by Datasphere, {subject.record.misses} complete listings in a row"
            if work is Work.RETIRE:
                address = (subject.checkpoint.container, subject.checkpoint.name)
                marked = retired(last_body, isoformat(self._now), *address)
                bodies.append(marked.body)
                self._draft.items.append(retire_item(subject, marked, last_body, times))
            else:
                item = delete_item(subject, last_body, f"retired, and {times}")
                blocked = None if self._deletes_allowed else NEEDS_ALLOWANCE
                self._draft.items.append(replace(item, blocked_by=blocked))

        async def keep(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)

        if bodies:
            await self._store.write(keep)

    def _guard(self, records: Iterable[AssetRecord]) -> tuple[Problem, ...]:
        managed: Counter[SpaceName] = Counter(
            asset.space
            for asset, held in self._checkpoints.items()
            if held.state in {CheckpointState.ACTIVE, CheckpointState.RETIRED}
        )
        removals = guard_removals(
            [asset for asset in self._draft.gone if not self._offered_only(asset)],
            managed=managed,
            emptied=_emptied(records, managed),
            max_deletes=self._request.max_deletes,
        )
        listed: Counter[SpaceName] = Counter(
            record.id.space
            for record in records
            if record.misses == 0 and record.id in self._checkpoints and record.included
        )
        columns = guard_columns(self._draft.shrinking, assets_in_space=listed, max_deletes=self._request.max_deletes)
        self._block(removals, columns)
        return removals.findings + columns.findings

    def _offered_only(self, asset: AssetId) -> bool:
        held = self._checkpoints.get(asset)
        return held is not None and held.state is CheckpointState.RETIRED and not self._deletes_allowed

    def _block(self, removals: GuardVerdict, columns: GuardVerdict) -> None:
        gone = set(self._draft.gone)
        for index, item in enumerate(self._draft.items):
            guard = removals.blocked.get(item.asset) if item.action.removes and item.asset in gone else None
            if not item.action.removes:
                guard = columns.blocked.get(item.asset)
            if guard is not None:
                self._draft.items[index] = replace(item, blocked_by=guard)

    async def _save(self, findings: tuple[Problem, ...]) -> ChangeSetRecord:
        draft = self._draft
        items = [replace(item, ordinal=n) for n, item in enumerate(sorted(draft.items, key=by_urgency), start=1)]
        for item in items:
            draft.summary[item.action] += 1
        record = ChangeSetRecord(
            id=ChangeSetId(f"cs_{secrets.token_hex(6)}"),
            digest=_digest_items(items),
            created_at=isoformat(self._now),
            expires_at=isoformat(self._now + self._settings.change_sets.expires),
            actor=self._request.principal.id,
            mapping_digest=self._settings.mapping_digest,
            scope_digest=self._settings.scope_digest,
            request=canonical_json(self._request.scope.to_json()),
            summary={action: draft.summary[action] for action in Action},
            findings=findings,
            problems=self._request.problems,
            blocked=sum(1 for item in items if item.blocked_by is not None),
            run_id=None,
            tool_version=__version__,
            format=FORMAT,
        )
        event = AuditEvent(
            actor=self._request.principal.id,
            action="preview",
            run_id=None,
            asset=None,
            target=self._target.name,
            outcome="done",
            detail={"change_set": record.id, "digest": record.digest, "items": len(items), "blocked": record.blocked},
        )

        async def save(tx: Tx) -> None:
            await tx.change_sets.put(record, items)
            await tx.checkpoints.put_many(draft.rebased)
            await tx.audit.append_many([event])

        await self._store.write(save)
        return record


def _lives_elsewhere(held: Checkpoint | None, address: Address) -> bool:
    """Whether the target holds the asset under another name than it is to have."""
    return (
        held is not None
        and held.state is not CheckpointState.DELETED
        and (held.container, held.name) != (address.container, address.name)
    )


def _digest_items(items: Sequence[ChangeSetItem]) -> Digest:
    """What was approved is what is applied: covers target, action, address and the exact body of every item."""
    return digest_json(
        [
            [
                str(i.asset),
                i.target,
                i.destination,
                i.action,
                i.container,
                i.name,
                i.after_digest,
                i.expected_digest,
                i.blocked_by,
            ]
            for i in items
        ]
    )


def _emptied(records: Iterable[AssetRecord], managed: Mapping[SpaceName, int]) -> frozenset[SpaceName]:
    """Spaces with managed tables of which not one asset is listed any more."""
    listed = {record.id.space for record in records if record.misses == 0}
    return frozenset(space for space in managed if space not in listed)
