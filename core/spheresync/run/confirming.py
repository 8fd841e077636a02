"""Before a table is marked or deleted for an asset that is not listed any more, the tenant is asked for that asset.

A listing of several pages can lose a row that shifts from one page to the one before while it is read, and nothing in
it tells. The definition of such an asset is still served.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from spheresync.isolation import isolated_group
from spheresync.mapping.rules import Mapping
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    GONE_UNCONFIRMED,
    AssetEntry,
    AssetId,
    Problem,
    counted,
    digest_json,
    isoformat,
)
from spheresync.observe.incidents import source_error
from spheresync.plan.triage import RemovalRules, Work, triage
from spheresync.state.records import AssetRecord, Checkpoint
from spheresync.state.store import Store

MOST_ASKED = 100
"""Assets asked for in one pass; more of them vanish at once only where a guard looks at it first."""
_ASKED_AT_ONCE = 10


class Serves(Protocol):
    """What says of one asset whether it is there."""

    async def is_served(self, entry: AssetEntry) -> bool: ...


@dataclass(slots=True)
class Confirmed:
    """The records of missed assets as the tenant's answers leave them, and what is to be said."""

    records: dict[AssetId, AssetRecord] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class VanishedAssets:
    """Asks for the assets whose tables would be retired or deleted by the misses that are counted now."""

    def __init__(self, source: Serves, store: Store, mapping: Mapping, rules: RemovalRules, *, now: datetime) -> None:
        self._source = source
        self._store = store
        self._mapping = mapping
        self._rules = rules
        self._now = now

    async def confirm(self, missed: Sequence[AssetRecord]) -> Confirmed:
        """Ask for each that is due: 404 confirms, an answer keeps it, anything else leaves it for another time."""
        done = Confirmed({record.id: record for record in missed})
        due = await self._due(missed)
        asked, left = iter(due[:MOST_ASKED]), due[MOST_ASKED:]

        async def ask() -> None:
            for record in asked:
                await self._ask(record, done)

        async with isolated_group() as group:
            for _ in range(min(_ASKED_AT_ONCE, len(due))):
                group.start_soon(ask)
        if left:
            message = (
                f"{counted(len(due), 'asset')} are not listed any more, and {MOST_ASKED} of them were asked for; "
                f"the other {len(left)} wait for the next reading, and what AWS holds of them stays as it is."
            )
            done.problems.append(Problem("tenant", GONE_UNCONFIRMED, message, "Read again, or wait for the next one."))
            for record in left:
                done.records[record.id] = replace(record, problem=_unconfirmed(record.id, "was not asked for yet"))
        return done

    async def _due(self, missed: Sequence[AssetRecord]) -> list[AssetRecord]:
        """Those whose tables would go, in an order that is another one in each pass, so that none waits for ever."""
        often = [replace(record, problem=None) for record in missed if record.misses >= self._rules.misses]
        checkpoints = await self._store.checkpoints.of([each.id for each in often], GLUE, DEFAULT_DESTINATION)
        due = [record for record in often if record.id in checkpoints and self._would_go(record, checkpoints)]
        moment = isoformat(self._now)
        return sorted(due, key=lambda record: digest_json([moment, record.id.space, record.id.name]))

    def _would_go(self, record: AssetRecord, checkpoints: dict[AssetId, Checkpoint]) -> bool:
        try:
            decision = self._mapping.decide(record.id, record.kind, record.label)
        except Exception:  # noqa: BLE001 -- the bulkhead of this asset: a plan cannot apply the rules to it either
            return False
        held, rules = checkpoints[record.id], self._rules
        work = triage(record, held, decision, decision.digest, rules=rules, now=self._now, thorough=False)
        return work in {Work.RETIRE, Work.DELETE}

    async def _ask(self, record: AssetRecord, done: Confirmed) -> None:
        try:
            entry = await self._store.schedule.entry(record.id)
            served = entry is not None and await self._source.is_served(entry)
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
            ours = source_error(error, str(record.id))
            why = ours.message.rstrip(".")
            problem = _unconfirmed(record.id, f"could not be asked for ({why})", ours.remedy)
            done.records[record.id] = replace(record, problem=problem)
            done.problems.append(problem)
            return
        if served:
            done.records[record.id] = replace(record, misses=0, first_missed_at=None)
            done.problems.append(
                Problem.of(
                    record.id,
                    GONE_UNCONFIRMED,
                    f"{record.id} is missing from the listing of its space, but its definition is still served, so it "
                    "counts as there.",
                    "Try again; something may have been deployed while the list was read. Report it to SAP if not.",
                )
            )


def _unconfirmed(asset: AssetId, why: str, remedy: str = "Read again, or wait for the next reading.") -> Problem:
    message = f"{asset} is not listed any more, and {why}; what AWS holds of it stays as it is."
    return Problem.of(asset, GONE_UNCONFIRMED, message, remedy)
