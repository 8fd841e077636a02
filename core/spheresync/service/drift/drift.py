"""Look for drift: what others did to what was written, and the change set that puts it back."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.answers import DriftAnswer, DriftFieldRow, DriftRow
from spheresync.config.drift_policy import carries_policies
from spheresync.errors import UsageError
from spheresync.model import Principal, ScopeRequest
from spheresync.planning.decisions.drift_findings import as_repaired
from spheresync.planning.drift.drift_sweep import DriftSweep
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import OnProgress, silent
from spheresync.runtime.scope import checked_scope
from spheresync.service import answer_rows, cursors
from spheresync.service.authority import Permission, authorize
from spheresync.service.scope_checks import require_within_spaces, require_within_tiers
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.records import DriftLook, TableDrift

_OVERWRITE_OF_ALL = "overwrite puts back what the drift policies would leave, and that is asked for asset by asset."


class Drift:
    """Compares the targets with the checkpoints. A scheduler asks as people do, with the scope of a tier."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context
        self._store = context.store

    async def detect_drift(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        overwrite: bool = False,
        limit: int = 20,
        cursor: str | None = None,
        budget: int | None = None,
        progress: OnProgress = silent,
    ) -> DriftAnswer:
        """Compare what was last written with what the targets hold now. Datasphere is not read, AWS not written.

        Args:
            scope: what part of the tenant; everything by default.
            principal: who asks.
            overwrite: the repair puts back what others changed of the assets named, whatever the policies say.
            limit: objects in this answer.
            cursor: of an earlier answer: its next page, without looking again.
            budget: characters of these objects in all.
            progress: told of each database.

        Raises:
            UsageError: the scope names something unknown, or no asset to overwrite, or the cursor is of a list that is
                no longer whole.
            TargetError: the target does not answer, or not one database could be read: nothing is known.
        """
        authorize(principal, Permission.OPERATE)
        if overwrite and not scope.assets:
            raise UsageError(_OVERWRITE_OF_ALL, remedy="Name each asset whose table is to be put back.")
        size = cursors.page_size(limit)
        pages = cursors.Listing.of(
            "drift",
            spaces=[*scope.spaces],
            assets=[*scope.assets],
            tiers=[*scope.tiers],
            targets=[*scope.targets],
            destinations=[*scope.destinations],
            **({"overwrite": True} if overwrite else {}),
        )
        start = pages.decode(cursor, str, int)
        if start is not None:
            return await self._drift_page(pages, str(start[0]), int(start[1]), size, budget)
        self._context.require_good_settings()
        async with self._context.providers.in_use() as providers:
            checked = await checked_scope(
                self._store,
                scope,
                keys=providers.keys,
                listed=True,
                outside=providers.outside,
            )
            require_within_spaces(checked)
            await require_within_tiers(self._store, providers.mapping, checked)
            sweep = DriftSweep(
                self._store,
                providers.settings,
                providers.mapping,
                providers.targets(checked),
                scope=checked,
                principal=principal,
                clock=self._context.clock,
                progress=progress,
                whatever_policy=overwrite,
            )
            look, found = await sweep.run()
        return _answer(pages, look, [*enumerate(found[:size], start=1)], total=len(found), budget=budget)

    async def _drift_page(
        self, pages: cursors.Listing, look_id: str, after: int, size: int, budget: int | None
    ) -> DriftAnswer:
        look = await self._store.drift.look(look_id)
        total = look.summary.get("drifted", 0)
        if await self._store.drift.count(look_id) != total:
            raise UsageError(
                "what this list held was repaired or looked at again since.",
                remedy="Leave cursor out to look for drift anew.",
            )
        found = await self._store.drift.found(look_id, after=after, limit=size)
        return _answer(pages, look, await self._as_told(look, found), total=total, budget=budget)

    async def _as_told(
        self, look: DriftLook, found: Sequence[tuple[int, TableDrift]]
    ) -> Sequence[tuple[int, TableDrift]]:
        """What is on record, by the policies in force, with what the repair does that was asked for by name."""
        if look.change_set_id is None:
            return found
        repair = await self._store.change_sets.get(look.change_set_id)
        if not carries_policies(decode_cell(repair.request)):
            return found
        items = {(each.asset, each.key): each for each in await self._store.change_sets.all_items(look.change_set_id)}
        return [(ordinal, as_repaired(drift, items.get((drift.asset, drift.key)))) for ordinal, drift in found]


def _answer(
    pages: cursors.Listing,
    look: DriftLook,
    page: Sequence[tuple[int, TableDrift]],
    *,
    total: int,
    budget: int | None,
) -> DriftAnswer:
    rows = cursors.rows_within([_row(drift) for _, drift in page], budget)
    last = page[len(rows) - 1][0] if page else total
    return DriftAnswer(
        change_set_id=look.change_set_id,
        looked_at=look.at,
        summary=dict(look.summary),
        findings=[answer_rows.finding(problem) for problem in look.findings],
        problems=[answer_rows.finding(problem) for problem in look.problems[: answer_rows.SHOWN_PROBLEMS]],
        items=rows,
        total=total,
        first=page[0][0] if rows else None,
        next_cursor=pages.encode(look.id, last) if last < total else None,
    )


def _row(drift: TableDrift) -> DriftRow:
    return DriftRow(
        asset=str(drift.asset),
        target=drift.target,
        destination=answer_rows.other_destination(drift.key),
        object=drift.table,
        kind=drift.kinds[0],
        kinds=[*drift.kinds],
        policy=drift.policy,
        effect=drift.effect,
        reason=drift.reason,
        remedy=drift.remedy,
        fields=[
            DriftFieldRow(
                path=field.path,
                kind=field.kind,
                written=field.written,
                found=field.found,
                policy=field.policy,
                effect=field.effect,
            )
            for field in drift.fields
        ],
        fields_total=drift.fields_total,
        changed_at=drift.changed_at,
        changed_by=drift.changed_by,
    )
