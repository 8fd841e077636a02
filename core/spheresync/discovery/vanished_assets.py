"""Before a table is marked or deleted for an asset that is not listed any more, the tenant is asked for that asset.

A listing of several pages can lose a row that shifts from one page to the one before while it is read, and nothing in
it tells. The definition of such an asset is still served. And where a whole tenant is out, what stands before it may
answer 404 for everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from spheresync.isolation import isolated_group
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    GONE_UNCONFIRMED,
    AssetEntry,
    AssetId,
    Problem,
    SpaceName,
    TargetKey,
    counted,
    digest_json,
    first_of,
    isoformat,
)
from spheresync.observe.incidents import source_error
from spheresync.planning.decisions.asset_work import AssetWork, RemovalRules, work_for
from spheresync.source.protocol import Source
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, Checkpoint

MOST_ASKED = 100
"""Assets asked for in one pass; more of them vanish at once only where a guard looks at it first."""
_ASKED_AT_ONCE = 10
_WITNESSES = 3
_NAMED = 5
_REMEDY = "Read again, or wait for the next reading."


@dataclass(slots=True)
class Confirmed:
    """The records of missed assets as the tenant's answers leave them, which are gone, and what is to be told."""

    records: dict[AssetId, AssetRecord] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    gone: frozenset[AssetId] = frozenset()


class VanishedAssets:
    """Asks for the assets whose tables would be retired or deleted by the misses that are counted now.

    That the tenant says that they are gone counts only while it still serves something else: where it says so of what
    it lists too, whatever serves definitions is out.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        mapping: MappingRules,
        rules: RemovalRules,
        *,
        now: datetime,
        in_force: Sequence[TargetKey],
    ) -> None:
        """`in_force`: the targets whose tables would go."""
        self._in_force = in_force
        self._source = source
        self._store = store
        self._mapping = mapping
        self._rules = rules
        self._now = now

    async def confirm(
        self,
        missed: Sequence[AssetRecord],
        listed: Sequence[AssetEntry],
        *,
        renamed: Collection[AssetId] = (),
    ) -> Confirmed:
        """Ask for each that is due: 404 confirms, an answer keeps it, anything else leaves it for another time.

        Args:
            missed: assets that complete listings no longer hold, the miss of now counted.
            listed: what was listed now, what is known to be readable first; some of it is asked for as a witness.
            renamed: those of the missed ones that go by another name now if they are gone; they are asked for at once.
        """
        done = Confirmed({record.id: record for record in missed})
        due = await self._due(missed, renamed)
        asked, left = iter(due[:MOST_ASKED]), due[MOST_ASKED:]
        gone: dict[SpaceName, list[AssetRecord]] = {}

        async def ask() -> None:
            for record in asked:
                if await self._is_gone(record, done):
                    gone.setdefault(record.id.space, []).append(record)

        async with isolated_group() as group:
            for _ in range(min(_ASKED_AT_ONCE, len(due))):
                group.start_soon(ask)
        await self._doubt_the_silent(gone, listed, done)
        if left:
            message = (
                f"{counted(len(due), 'asset')} are not listed any more, and {MOST_ASKED} of them were asked for; "
                f"the other {len(left)} wait for the next reading, and what AWS holds of them stays as it is."
            )
            done.problems.append(Problem("tenant", GONE_UNCONFIRMED, message, "Read again, or wait for the next one."))
            for record in left:
                done.records[record.id] = replace(record, problem=_unconfirmed(record.id, "was not asked for yet"))
        said = {record.id for records in gone.values() for record in records}
        done.gone = frozenset(asset for asset in said if done.records[asset].problem is None)
        return done

    async def _due(self, missed: Sequence[AssetRecord], renamed: Collection[AssetId]) -> list[AssetRecord]:
        """Those whose tables would go, in an order that is another one in each pass, so that none waits for ever."""
        often = [
            replace(record, problem=None)
            for record in missed
            if record.misses >= self._rules.misses or record.id in renamed
        ]
        due_ids = set(renamed)
        for key in self._in_force:
            checkpoints = await self._store.checkpoints.of([each.id for each in often], key)
            due_ids |= {each.id for each in often if each.id in checkpoints and self._would_go(each, checkpoints, key)}
        due = [record for record in often if record.id in due_ids]
        moment = isoformat(self._now)
        return sorted(due, key=lambda record: digest_json([moment, record.id.space, record.id.name]))

    def _would_go(self, record: AssetRecord, checkpoints: dict[AssetId, Checkpoint], key: TargetKey) -> bool:
        try:
            decision = record.decided_by(self._mapping.of(key))
        except Exception:  # noqa: BLE001 -- isolates this asset: a plan cannot apply the rules to it either
            return False
        checkpoint, rules = checkpoints[record.id], self._rules
        work = work_for(record, checkpoint, decision, decision.digest, rules=rules, now=self._now, full=False)
        return work in {AssetWork.RETIRE, AssetWork.DELETE}

    async def _is_gone(self, record: AssetRecord, done: Confirmed) -> bool:
        """Whether the tenant says that an asset is gone; anything else it says is noted."""
        try:
            entry = await self._store.schedule.entry(record.id)
            served = entry is not None and await self._source.is_served(entry)
            held = not served and await self._source.holds(record.id)
        except Exception as error:  # noqa: BLE001 -- isolates this asset
            ours = source_error(error, str(record.id))
            why = ours.message.rstrip(".")
            problem = _unconfirmed(record.id, f"could not be asked for ({why})", ours.remedy)
            done.records[record.id] = replace(record, problem=problem)
            done.problems.append(problem)
            return False
        if not (served or held):
            return True
        there = "its definition is still served" if served else "the catalog still answers with it by its name"
        done.records[record.id] = replace(record, misses=0, first_missed_at=None, listed_at=isoformat(self._now))
        done.problems.append(
            Problem.of(
                record.id,
                GONE_UNCONFIRMED,
                f"{record.id} is missing from the listing of its space, but {there}, so it counts as there.",
                "Try again; something may have been deployed while the list was read. Report it to SAP if not.",
            )
        )
        return False

    async def _doubt_the_silent(
        self, gone: Mapping[SpaceName, Sequence[AssetRecord]], listed: Sequence[AssetEntry], done: Confirmed
    ) -> None:
        """Keep what is said to be gone of spaces in which what is listed is not served either."""
        for space, records in sorted(gone.items()):
            witnesses = await self._witnesses(space, listed)
            if not witnesses or await self._any_served(witnesses):
                continue
            for record in records:
                why = f"what is listed in its stead, such as {witnesses[0].id}, is not served now either"
                done.records[record.id] = replace(record, problem=_unconfirmed(record.id, why))
            are = "is" if len(records) == 1 else "are"
            named = first_of(sorted(str(record.id) for record in records), _NAMED)
            message = (
                f"{counted(len(records), 'asset')} of space {space} {are} not listed any more ({named}), but of "
                f"{witnesses[0].id}, which is listed, no definition is served now either, so nothing is known to be "
                "gone; what AWS holds stays as it is."
            )
            done.problems.append(Problem(space, GONE_UNCONFIRMED, message, _REMEDY))

    async def _witnesses(self, space: SpaceName, listed: Sequence[AssetEntry]) -> Sequence[AssetEntry]:
        """Assets that should be served: of the same space, else of others, as listed now or known from before."""
        beside = [entry for entry in listed if entry.id.space == space] or listed
        if beside:
            return beside[:_WITNESSES]
        known = [each for each in await self._store.catalog.assets() if _is_readable(each) and each.id.space != space]
        entries = [await self._store.schedule.entry(each.id) for each in known[:_WITNESSES]]
        return [entry for entry in entries if entry is not None]

    async def _any_served(self, entries: Iterable[AssetEntry]) -> bool:
        for entry in entries:
            try:
                if await self._source.is_served(entry):
                    return True
            except Exception as error:  # noqa: BLE001 -- isolates this asset: it says nothing of the others
                source_error(error, str(entry.id))
        return False


def _is_readable(record: AssetRecord) -> bool:
    return record.included and not record.misses and record.problem is None and record.fingerprints is not None


def _unconfirmed(asset: AssetId, why: str, remedy: str = _REMEDY) -> Problem:
    message = f"{asset} is not listed any more, and {why}; what AWS holds of it stays as it is."
    return Problem.of(asset, GONE_UNCONFIRMED, message, remedy)
