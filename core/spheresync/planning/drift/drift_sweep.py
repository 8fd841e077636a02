"""Compare what all targets hold now with what was last written there, and save the repair.

Datasphere is not asked, and nothing is written to a target. What was found is noted, and where the drift policies
say `overwrite`, a change set is saved that puts back what was written.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from spheresync.config import Settings
from spheresync.config.drift_policy import WHATEVER_POLICY, carried_policies
from spheresync.mapping.rules import MappingRules
from spheresync.model import AssetId, JsonValue, Principal, Problem, TargetKey, TargetName, canonical_json, isoformat
from spheresync.planning.change_set_writer import (
    ChangeSetWriter,
    NewChangeSet,
    audited_destinations,
    audited_target,
)
from spheresync.planning.decisions.access import access_findings, reviews_access_in, waiting_for_approval
from spheresync.planning.decisions.drift import MOST_FINDINGS, within_bounds
from spheresync.planning.decisions.items import by_urgency
from spheresync.planning.drift.target_sweep import TargetSweep
from spheresync.runtime.each_target import in_each_target, merge_problems, problem_of_target
from spheresync.runtime.progress import OnProgress
from spheresync.runtime.scope import Scope
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AssetRecord,
    AuditAction,
    AuditEvent,
    AuditOutcome,
    ChangeSetItem,
    DriftEffect,
    DriftKind,
    DriftLook,
    TableDrift,
)
from spheresync.targets.protocol import Target
from spheresync.targets.registry import base_of

_ASKED = Problem(
    "drift",
    "whatever_policy",
    "this repair was asked for by name, and puts back what others changed whatever `drift:` says",
    "Apply it only if that is wanted: edits that the policies would keep or only report are lost.",
)


class DriftSweep:
    """One look at some targets. Build it, `run` it once."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mapping: MappingRules,
        targets: Sequence[Target],
        *,
        scope: Scope,
        principal: Principal,
        clock: Callable[[], datetime],
        progress: OnProgress,
        whatever_policy: bool = False,
    ) -> None:
        """`whatever_policy`: the repair puts back what the policies would leave, and carries the policy it goes by."""
        self._whatever_policy = whatever_policy
        self._store = store
        self._settings = settings
        self._scope = scope
        self._principal = principal
        self._clock = clock
        self._targets = {
            target.key: TargetSweep(
                store,
                settings,
                mapping.of(target.key),
                target,
                scope=scope,
                progress=progress,
                whatever_policy=whatever_policy,
            )
            for target in targets
        }

    async def run(self) -> tuple[DriftLook, list[TableDrift]]:
        """Look, note what was found, and answer it.

        A target that does not answer, and a database that could not be read, are problems of the look; the others are
        compared.

        Raises:
            TargetError: no target answers, or not one database of any could be read; nothing is noted.
        """
        began = isoformat(self._clock())
        records = await self._records()
        known = set[AssetId]()
        for sweep in self._targets.values():
            await sweep.load()
            known |= sweep.checkpoints.keys()
        if not known <= records.keys():  # an asset may have been read and written between the two
            records = await self._records()

        async def sweep_one(key: TargetKey) -> None:
            base = base_of(key)
            seen = self._targets[base].seen if base in self._targets else None
            await self._targets[key].run(began, records, known, seen)

        failed = await in_each_target([*self._targets], sweep_one)
        swept = [sweep for key, sweep in self._targets.items() if key not in failed]
        unseen = sum(len(self._targets[key].wanted) for key in failed)
        problems = [problem_of_target(key, error) for key, error in failed.items()]
        problems += merge_problems([(sweep.key, sweep.seen.problems) for sweep in swept])
        look = await self._save(began, swept, tuple(problems), unseen)
        return look, sorted((drift for sweep in swept for drift in sweep.seen.told), key=lambda drift: drift.asset)

    async def _records(self) -> dict[AssetId, AssetRecord]:
        return {record.id: record for record in await self._store.catalog.assets()}

    def _items(self, sweep: TargetSweep) -> list[ChangeSetItem]:
        """What repairs one target, with what of it waits for a second person."""
        waits = reviews_access_in(self._settings, sweep.key.target)
        return [waiting_for_approval(item) if waits else item for item in sweep.items]

    async def _save(
        self, began: str, swept: Sequence[TargetSweep], problems: tuple[Problem, ...], unseen: int
    ) -> DriftLook:
        drifts = sorted((drift for sweep in swept for drift in sweep.seen.drifts), key=lambda drift: drift.asset)
        findings = within_bounds(merge_problems([(sweep.key, sweep.seen.findings()) for sweep in swept]))
        items = sorted((item for sweep in swept for item in self._items(sweep)), key=by_urgency)
        findings += access_findings(items)
        findings += tuple(problem for sweep in swept for problem in sweep.reach[:MOST_FINDINGS])
        repair, carried = None, carried_policies(WHATEVER_POLICY) if self._whatever_policy else {}
        if carried:
            findings = (_ASKED, *findings)
        if any(item.action.changes_something for item in items):
            repair = ChangeSetWriter(self._settings, self._principal, self._clock()).make(
                items,
                [*self._targets],
                request={**self._scope.to_json(), **carried},
                findings=findings,
                problems=problems,
                created_at=began,
                prerequisites=[needed for sweep in swept for needed in sweep.prerequisites],
            )
        look = DriftLook(
            id=f"drift_{secrets.token_hex(6)}",
            at=began,
            actor=self._principal.id,
            scope=canonical_json(self._scope.to_json()),
            target=TargetName(", ".join(dict.fromkeys(key.target for key in self._targets))),
            summary=_summary(swept, [drift for sweep in swept for drift in sweep.seen.told], unseen),
            problems=problems,
            findings=findings,
            change_set_id=repair.record.id if repair is not None else None,
        )

        async def save(tx: Tx) -> None:
            if repair is not None:
                await repair.put(tx)
            for sweep in swept:
                await sweep.forget_past(tx)
            await tx.drift.put(look, drifts)
            for sweep in swept:
                await sweep.write(tx, self._settings.target_keys, at=began)
            await tx.audit.append_many([_event(self._principal, look, [*self._targets], repair, carried)])

        await self._store.write(save)
        return look


def _summary(swept: Sequence[TargetSweep], drifts: Sequence[TableDrift], unseen: int) -> dict[str, int]:
    kinds = Counter(kind for drift in drifts for kind in drift.kinds)
    for kind in (DriftKind.TABLE_DELETED, DriftKind.DATABASE_DELETED):  # gone for every target that added to it, too
        kinds[kind] = len({(each.destination, each.table) for each in drifts if kind in each.kinds})
    effects = Counter(drift.effect for drift in drifts)
    compared = sum(len(sweep.seen.compared) for sweep in swept)
    wanted = sum(len(sweep.wanted) + sweep.seen.unknown + sweep.seen.unjudged for sweep in swept)
    return {
        "compared": compared,
        "not_compared": unseen + wanted - compared,
        "drifted": len(drifts),
        **{kind: kinds[kind] for kind in DriftKind},
        "to_repair": effects[DriftEffect.RECREATE] + effects[DriftEffect.RESTORE],
        "reported": effects[DriftEffect.REPORT] + effects[DriftEffect.WAITS],
        "kept": effects[DriftEffect.KEEP] + effects[DriftEffect.NOT_OURS],
        "conflicts": effects[DriftEffect.CONFLICT],
    }


def _event(
    principal: Principal,
    look: DriftLook,
    keys: Sequence[TargetKey],
    repair: NewChangeSet | None,
    carried: Mapping[str, JsonValue],
) -> AuditEvent:
    counts: dict[str, JsonValue] = {word: count for word, count in look.summary.items() if count}
    detail: dict[str, JsonValue] = {"look": look.id, "counts": counts, "problems": len(look.problems), **carried}
    if repair is not None:
        detail |= {"change_set": repair.record.id, "digest": repair.record.digest}
    return AuditEvent(
        actor=principal,
        action=AuditAction.DETECT_DRIFT,
        run_id=None,
        asset=None,
        target=audited_target(keys),
        outcome=AuditOutcome.PARTLY_FAILED if look.problems else AuditOutcome.DONE,
        detail={**detail, **audited_destinations(keys)},
    )
