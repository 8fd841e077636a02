"""Find out, of a run that has ended, what became of items that were sent and that nobody could confirm then."""

from __future__ import annotations

from spheresync.errors import RefusedError
from spheresync.execution.change_set_applier import ChangeSetApplier
from spheresync.execution.driven_run import UNCONFIRMED, DrivenRun, sent_items
from spheresync.execution.run_request import RunRequest
from spheresync.model import counted
from spheresync.planning.names.container_notes import CONTAINER_NOTES
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import silent
from spheresync.runtime.providers import Providers
from spheresync.state.port import Tx
from spheresync.state.records import RunRecord


async def require_confirmed(context: RuntimeContext, providers: Providers, run: RunRecord) -> None:
    """Let a run pass of which is known what it did; where something is not, the targets are read for it.

    Raises:
        RefusedError: they cannot be read, so that an undo would leave something behind; or the state was restored, and
            nobody has looked at them since.
    """
    store = context.store
    if not run.state.ended or run.change_set_id is None or not await sent_items(store, run.id):
        return
    if not await store.meta.with_prefix(CONTAINER_NOTES):
        raise RefusedError(
            f"run {run.id} cannot be undone yet: since this state was restored, nobody has looked at AWS.",
            remedy="Run a sync, which finds out what AWS holds, then revert the run.",
        )
    drive = DrivenRun(run, run.fence, context.usage.so_far(), providers)
    change_set = await store.change_sets.get(run.change_set_id)
    await ChangeSetApplier(context, silent, drive, change_set, RunRequest.parse(run.request)).account_for()
    left = await sent_items(store, run.id)
    if left:
        why = next((each for each in drive.problems if each.code == UNCONFIRMED), None)
        raise RefusedError(
            f"run {run.id} cannot be undone yet: {counted(len(left), 'item')} of it had been sent when it ended"
            + (f"; {why.message}" if why is not None else "."),
            remedy=f"{why.remedy if why is not None else ''} Then revert the run again.".strip(),
        )

    async def note(tx: Tx) -> None:
        await tx.runs.update(run.id, run.fence, counts=dict(drive.counts))

    await store.write(note)
