"""Lineage that changed and that targets are told with a run: only one that writes to a target tells it anything.

A preview reads Datasphere and writes nothing to AWS, and a run may leave targets out. What changed then is noted for
each target, by asset, until a run that reaches it ends. The receiver of the settings is no target: it is told at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from spheresync.config import Settings
from spheresync.jobs.port import JobEngine, lineage_subject
from spheresync.lineage.delivery import lineage_job, lineage_jobs, targets_that_take
from spheresync.model import AssetId, RunId, TargetKey
from spheresync.state.port import Tx

_OWED = "lineage_owed:"


async def tell_of_reading(
    tx: Tx, jobs: JobEngine, settings: Settings, assets: Sequence[AssetId], *, run: RunId | None, at: str
) -> None:
    """Have the lineage of assets told whose definition was read anew; `run`: for which that was done."""
    await _note(tx, targets_that_take(settings), assets, at)
    if told := lineage_jobs(settings, assets, token=run or at):
        await jobs.within(tx).submit(told)


async def tell_after_run(
    tx: Tx,
    jobs: JobEngine,
    settings: Settings,
    written: Sequence[AssetId],
    *,
    run: RunId,
    reached: Collection[TargetKey],
    at: str,
) -> None:
    """Have told what a run has written, and to the targets that it `reached` all that they have not been told yet."""
    taking = targets_that_take(settings)
    await _note(tx, taking, written, at)
    told = lineage_jobs(settings, written, token=run)
    owed = {key: _notes(key) for key in taking}
    for note in await tx.meta.with_prefix(_OWED):
        key = next((key for key, prefix in owed.items() if note.startswith(prefix)), None)
        if key is not None and key not in reached:
            continue
        await tx.meta.delete(note)
        if key is not None:  # else it takes nothing any more
            told.append(lineage_job(note.removeprefix(owed[key]), token=run, key=key))
    if told:
        await jobs.within(tx).submit(told)


async def _note(tx: Tx, keys: Iterable[TargetKey], assets: Sequence[AssetId], at: str) -> None:
    for key in keys:
        for asset in assets:
            await tx.meta.set(f"{_notes(key)}{lineage_subject(asset)}", at)


def _notes(key: TargetKey) -> str:
    """How the notes of what one target is to be told begin."""
    return f"{_OWED}{key.target}:{key.destination}:"
