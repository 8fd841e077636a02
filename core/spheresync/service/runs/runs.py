"""Runs: started, followed, cancelled."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from spheresync.answers import Finding, Page, RunAnswer, RunRow
from spheresync.answers.runs import APPLIED_OTHERWISE
from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.errors import RefusedError, UsageError
from spheresync.execution.required_approvals import Permissions, require_approved_promotion, unapproved_promotion
from spheresync.execution.run_request import RunRequest
from spheresync.model import (
    Action,
    AssetId,
    ChangeSetId,
    Principal,
    RunId,
    RunKind,
    RunState,
    ScopeRequest,
    counted,
    isoformat,
)
from spheresync.planning.decisions.access import reviews_access
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import OnProgress, silent
from spheresync.runtime.scope import Scope
from spheresync.runtime.unknown_names import WrongName, named_asset, refuse, unknown_asset, with_meant_assets
from spheresync.service.authority import Permission, authorize
from spheresync.service.changes.validity import require_current
from spheresync.service.runs.retry import scope_of_failures
from spheresync.service.runs.run_supervisor import RunSupervisor
from spheresync.service.runs.stored_runs import StoredRuns
from spheresync.service.scope_checks import check_scope, require_selected
from spheresync.state.port import Tx
from spheresync.state.records import (
    AuditAction,
    AuditEvent,
    AuditOutcome,
    ChangeSetRecord,
)

CANCEL_WAIT = 10.0
"""Seconds for which a cancel waits for the end of a run that this process had to take over for it."""


class Runs:
    """Durable runs. A run lives on when the process that drives it ends."""

    def __init__(self, context: RuntimeContext, supervisor: RunSupervisor, runs: StoredRuns) -> None:
        self._context = context
        self._store = context.store
        self._supervisor = supervisor
        self._runs = runs

    async def apply(
        self,
        change_set_id: str,
        principal: Principal,
        *,
        allow_deletes: bool = False,
        assets: Sequence[str] = (),
    ) -> RunAnswer:
        """Start the run of a saved change set, or answer the one that it already has.

        `assets` keep it to a part; what is left out of a change set that was applied needs a new one.

        Raises:
            UsageError: an asset that is named is not in the change set.
            RefusedError: it expired, or mapping, scope or program moved since, or its promotion is not approved here,
                or all that it changes waits for a person; nothing was done.
        """
        authorize(principal, Permission.OPERATE)
        self._context.require_good_settings()
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        if record.run_id is not None:
            return await self._same_run_of(record, assets)
        if assets and record.undo_of is not None:
            raise UsageError(
                f"change set {record.id} undoes {record.undo_of}, and an undo is done as a whole.",
                remedy="Leave the assets out; to undo less, sync what is to stay as it is afterwards.",
            )
        require_current(record, self._context.settings, now=isoformat(self._context.clock()))
        await require_approved_promotion(self._store, record)
        part = await self._part_of(record, assets)
        await self._require_any(record, principal, allow_deletes=allow_deletes, part=part)
        request = RunRequest(Scope(assets=part), allow_deletes=allow_deletes)
        run = await self._supervisor.create(RunKind.APPLY, principal, request, change_set_id=record.id)
        return await self._runs.answer(run.id)

    async def _part_of(self, record: ChangeSetRecord, assets: Sequence[str]) -> frozenset[AssetId]:
        """The assets to which an apply is to keep; none where it is to do all.

        Raises:
            UsageError: the change set holds no item of one of them.
        """
        if not assets:
            return frozenset()
        held = {item.asset for item in await self._store.change_sets.all_items(record.id)}
        named = [named_asset(text) for text in assets]
        if not held.issuperset(named):
            known = await self._store.catalog.ids()
            wrong = [
                each if isinstance(each, WrongName) else _not_in(record, each, held, known)
                for each in named
                if each not in held
            ]
            refuse(with_meant_assets(wrong, held))
        return frozenset(each for each in named if isinstance(each, AssetId))

    async def _require_any(
        self, record: ChangeSetRecord, principal: Principal, *, allow_deletes: bool, part: frozenset[AssetId]
    ) -> None:
        """Keep a change set open of which a run would do nothing, as all of it waits for a person."""
        sure = sum(record.summary.get(a, 0) for a in Action if a.changes_something and a is not Action.DELETE)
        settings = self._context.settings
        if (
            not part and sure > record.blocked and not reviews_access(settings)
        ):  # some write is neither a delete nor held back: its items need not be read
            return
        permissions = Permissions.of(
            record,
            applier=principal.id,
            settings=settings,
            deletes=allow_deletes,
        )
        items = await self._store.change_sets.all_items(record.id)
        permissions.require_any([item for item in items if not part or item.asset in part], part=bool(part))

    async def _same_run_of(self, record: ChangeSetRecord, assets: Sequence[str]) -> RunAnswer:
        """The run of a change set; where that was about other assets, with the word that nothing is done for these."""
        run = await self._run_of(record)
        stored = await self._store.runs.get(RunId(run.run_id))
        applied = {str(asset) for asset in RunRequest.parse(stored.request).scope.assets}
        if applied == set(assets):
            return run
        what = "all of it" if not applied else f"{counted(len(applied), 'asset')} of it"
        told = Finding(
            subject=record.id,
            code=APPLIED_OTHERWISE,
            message=f"run {run.run_id} applied change set {record.id} before, for {what}; of what is asked for now "
            "nothing was done",
            remedy="Make a new preview: what is still to be done is in it.",
        )
        return run.model_copy(update={"findings": [told, *run.findings]})

    async def _run_of(self, record: ChangeSetRecord) -> RunAnswer:
        """The run that applies a change set."""
        try:
            return await self._runs.answer(str(record.run_id))
        except UsageError as error:
            raise RefusedError(
                f"change set {record.id} is not what was saved: it names run {record.run_id}, and there is none.",
                remedy="Somebody changed the state by hand, or it is damaged; make a new preview.",
            ) from error

    async def sync(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        full: bool = False,
        allow_deletes: bool = False,
        max_deletes: int | None = None,
        retry_of: str | None = None,
        join: bool = False,
    ) -> RunAnswer:
        """Start a run that discovers, plans and applies.

        Args:
            scope: what part of the tenant; everything by default.
            principal: who asks.
            full: read and compare everything anew, whatever the digests say.
            allow_deletes: delete retired tables.
            max_deletes: replaces the guards by this number for the run.
            retry_of: a run that has ended; what failed there is the scope, which is left out then.
            join: answer the caller's own run of the same arguments if one is queued or running.
        """
        authorize(principal, Permission.OPERATE)
        if max_deletes is not None and max_deletes < 0:
            raise UsageError(f"max_deletes {max_deletes} is negative.", remedy="Give 0 or more.")
        self._context.require_good_settings()
        if (waits := await unapproved_promotion(self._store, self._context.settings)) is not None:
            raise RefusedError(f"{waits.message}.", remedy=waits.remedy)
        if retry_of is not None:
            if scope != ScopeRequest():
                raise UsageError(
                    "retry_of says what is synced, and a scope was given besides.", remedy="Give one of them."
                )
            scope = await scope_of_failures(self._store, retry_of)
        checked = await check_scope(self._context, scope, refreshes=True)
        await self._look_for_unknown(checked)
        request = RunRequest(
            checked, full=full, allow_deletes=allow_deletes, max_deletes=max_deletes, retry_of=retry_of
        )
        run = await self._supervisor.create(RunKind.SYNC, principal, request, join=join)
        await self._supervisor.ensure_driven(run)
        return await self._runs.answer(run.id)

    async def _look_for_unknown(self, scope: Scope) -> None:
        """What the catalog does not know may be new in Datasphere, a tier that hangs on a label too: look, and only
        then say that it is wrong.
        """
        try:
            await require_selected(self._context, scope)
        except UsageError:
            await SharedDiscovery(self._context).discover(
                scope, full=False, since=isoformat(self._context.clock()), progress=silent
            )
            await require_selected(self._context, scope)

    async def cancel_run(self, run_id: str, principal: Principal) -> RunAnswer:
        """Ask a run to stop at the next asset; one that nobody has begun, or whose process is dead, ends at once."""
        authorize(principal, Permission.OPERATE)
        run = await self._store.runs.get(RunId(run_id))
        if run.state.ended:
            raise UsageError(f"run {run_id} has ended already: {run.state}.", remedy="There is nothing to cancel.")
        asked = AuditEvent(principal, AuditAction.CANCEL, run.id, None, None, AuditOutcome.REQUESTED, {})
        ended = AuditEvent(run.actor, AuditAction.of_run(run.kind), run.id, None, None, RunState.CANCELLED, {})

        async def cancel(tx: Tx) -> bool:
            waiting = await tx.runs.cancel_waiting(run.id)
            if not (waiting or await tx.runs.request_cancel(run.id)):
                return False  # it has ended meanwhile
            await tx.audit.append_many([asked, ended] if waiting else [asked])
            return True

        if await self._store.write(cancel) and not self._store.is_alive(run.owner):
            await self._supervisor.follow(run_id, seconds=CANCEL_WAIT)  # nobody else would end it
        return await self._runs.answer(run_id)

    async def get_run(self, run_id: str, principal: Principal) -> RunAnswer:
        authorize(principal, Permission.READ)
        return await self._runs.answer(run_id)

    async def list_runs(
        self, principal: Principal, *, limit: int = 20, cursor: str | None = None, budget: int | None = None
    ) -> Page[RunRow]:
        authorize(principal, Permission.READ)
        return await self._runs.page(limit=limit, cursor=cursor, budget=budget)

    async def wait(
        self,
        run_id: str,
        principal: Principal,
        *,
        seconds: float | None = None,
        progress: OnProgress = silent,
    ) -> RunAnswer:
        """Follow a run until it ends or `seconds` are over; take it over if the process that drove it is dead."""
        authorize(principal, Permission.READ)
        await self._supervisor.follow(run_id, seconds=seconds, progress=progress)
        return await self._runs.answer(run_id)


def _not_in(
    record: ChangeSetRecord, named: AssetId, held: Collection[AssetId], known: Collection[AssetId]
) -> WrongName:
    """That a change set does nothing for an asset: which of its own may be meant, or which that the catalog knows."""

    def hint() -> str:
        if named in known:
            return "That asset is known, and stays as it is."
        of_it = any(each.space == named.space for each in held)
        near = unknown_asset(named, held if of_it else known, {each.space for each in (held if of_it else known)})
        beside = "get_change_set shows those that it is about." if held else "It changes nothing, of whatever asset."
        return near.hint() if of_it else f"{near.hint()} {beside}"

    return WrongName("asset", f"change set {record.id} does nothing for asset {str(named)!r}", hint)
