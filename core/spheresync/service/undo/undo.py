"""Undo a run as a change set to review, and let go of what an undo holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from spheresync.answers import ChangeSetAnswer, ReleaseAnswer
from spheresync.execution.confirm_ended import require_confirmed
from spheresync.model import AssetId, Principal, RunId
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.asset_work import is_held
from spheresync.planning.undo.revert import Reverter
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.out_of_scope import Outside
from spheresync.runtime.unknown_names import WrongName, named_asset, refuse, unknown_asset, with_meant_assets
from spheresync.service.authority import Permission, authorize
from spheresync.service.changes.stored_change_sets import StoredChangeSets
from spheresync.state.port import Tx
from spheresync.state.records import (
    AssetRecord,
    AuditAction,
    AuditEvent,
    AuditOutcome,
    Checkpoint,
)


class Undo:
    """The undo of runs."""

    def __init__(self, context: RuntimeContext, change_sets: StoredChangeSets) -> None:
        self._context = context
        self._store = context.store
        self._change_sets = change_sets

    async def revert_run(
        self, run_id: str, principal: Principal, *, limit: int = 20, budget: int | None = None
    ) -> ChangeSetAnswer:
        """Make and save the change set that restores what a run changed; AWS is read, and nothing written to it.

        New rules do not make it stale, since it goes by what was there. What it restores is held once it is applied.

        Raises:
            UsageError: there is no such run, or it has not ended.
            RefusedError: the state was restored, and no sync has looked at AWS since; or what the run had sent when it
                ended can neither be confirmed nor denied now.
            TargetError: a table could not be read; nothing was saved.
        """
        authorize(principal, Permission.ADMINISTER)
        context = self._context
        context.require_good_settings()
        run = await self._store.runs.get(RunId(run_id))
        async with context.providers.in_use() as providers:
            await require_confirmed(context, providers, run)
            reverter = Reverter(
                self._store,
                providers.settings,
                providers.mapping,
                [providers.target(key) for key in providers.keys],
                run.id,
                principal=principal,
                now=context.clock(),
            )
            record = await reverter.run()
        return await self._change_sets.answer(record.id, detail="concise", limit=limit, budget=budget)

    async def release(self, assets: Sequence[str], principal: Principal) -> ReleaseAnswer:
        """Let go of held assets, all of them where none is named; the next sync brings what Datasphere holds.

        Naming an asset that nothing holds is no error, so that the call can be repeated.

        Raises:
            UsageError: a name is not SPACE/NAME or not known; nothing was released.
        """
        authorize(principal, Permission.ADMINISTER)
        records = {record.id: record for record in await self._store.catalog.assets()}
        spaces = {space.name for space in await self._store.catalog.spaces()}
        wanted = _wanted(assets, records, spaces, self._context.outside) if assets else records.keys()

        in_force = self._context.settings.target_keys

        async def let_go(tx: Tx) -> list[AssetId]:
            held = [
                checkpoint
                for key in in_force
                for checkpoint in await tx.checkpoints.all(key)
                if checkpoint.held is not None and checkpoint.asset in wanted
            ]
            assets = [checkpoint.asset for checkpoint in held]
            now = {record.id: record for record in await tx.catalog.some(assets)}
            released = [
                checkpoint
                for checkpoint in held
                if (record := now.get(checkpoint.asset)) is not None and is_held(record, checkpoint)
            ]
            await tx.checkpoints.put_many([replace(checkpoint, held=None) for checkpoint in held])
            await settle_statuses(tx, assets, in_force)
            await tx.audit.append_many([_event(principal, checkpoint) for checkpoint in released])
            return list(dict.fromkeys(checkpoint.asset for checkpoint in released))

        released = await self._store.write(let_go)
        return ReleaseAnswer(released=sorted(map(str, released)), total=len(released))


def _wanted(
    names: Sequence[str], records: Mapping[AssetId, AssetRecord], spaces: Collection[str], outside: Outside
) -> set[AssetId]:
    wanted, wrong = set[AssetId](), list[WrongName]()
    for name in names:
        asset = named_asset(name)
        if isinstance(asset, WrongName):
            wrong.append(asset)
            continue
        wanted.add(asset)
        if asset not in records:
            wrong.append(unknown_asset(asset, records, spaces, outside=outside))
    refuse(with_meant_assets(wrong, records))
    return wanted


def _event(principal: Principal, checkpoint: Checkpoint) -> AuditEvent:
    detail = {
        "object": f"{checkpoint.container}.{checkpoint.name}",
        "held_since": checkpoint.run_id,
        "destination": checkpoint.destination,
    }
    return AuditEvent(
        principal, AuditAction.RELEASE, None, str(checkpoint.asset), checkpoint.target, AuditOutcome.DONE, {**detail}
    )
