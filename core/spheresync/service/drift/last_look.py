"""As of when it is known what AWS holds: synced or unchanged says only what was written last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from spheresync.execution.run_request import RunRequest
from spheresync.model import RunId, counted, to_the_second
from spheresync.runtime.scope import Scope
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, Checkpoint, DriftLook, RunRecord

_EVERYTHING = Scope()
_LOOK = "`spheresync drift` looks"
_IN_THE_RUN = "What is unchanged was compared with AWS in this run (full)."


@dataclass(frozen=True, slots=True)
class AwsLook:
    """One comparison of what was written with what AWS holds, by `drift` or by a full sync (`run`).

    `compared` counts objects, None where it was all of the scope; `whole`: none of them could not be compared.
    """

    at: str
    scope: Scope
    compared: int | None
    whole: bool
    run: RunId | None = None

    @classmethod
    def of_drift(cls, look: DriftLook) -> AwsLook:
        return cls(look.at, Scope.from_json(decode_cell(look.scope)), look.compared, not look.not_compared)

    @classmethod
    def of_run(cls, run: RunRecord) -> AwsLook:
        """Of a full sync that is done: it looked after it had started.

        Raises:
            ValueError: what it was asked for is damaged.
        """
        try:
            scope = RunRequest.parse(run.request).scope
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the request of run {run.id} is damaged") from error
        return cls(run.started_at or run.created_at, scope, None, whole=True, run=run.id)

    @property
    def moment(self) -> str:
        """When it was, and in which run."""
        at = to_the_second(self.at)
        return at if self.run is None else f"{at} (by the full sync {self.run})"


async def aws_looks(store: Store) -> list[AwsLook]:
    """Those on record, newest first."""
    looks = [AwsLook.of_drift(look) for look in await store.drift.looks()]
    looks += [look for _, look in _readable(await store.runs.full_and_done())]
    return sorted(looks, key=lambda look: look.at, reverse=True)


async def full_sync_of_everything(store: Store) -> RunRecord | None:
    """The newest full sync that left out nothing and is done."""
    looks = _readable(await store.runs.full_and_done())
    return next((run for run, look in looks if look.scope.everything), None)


def _readable(runs: Sequence[RunRecord]) -> Iterator[tuple[RunRecord, AwsLook]]:
    """The runs with what they looked at; `audit verify` and `doctor` name those whose row is damaged."""
    for run in runs:
        with suppress(ValueError):
            yield run, AwsLook.of_run(run)


def as_of_looks(looks: Sequence[AwsLook], scope: Scope = _EVERYTHING) -> str:
    """When all of a scope was looked at in AWS last, and a part of AWS since.

    Args:
        looks: those on record, newest first.
        scope: what is spoken of.
    """
    whole = next((look for look in looks if look.compared != 0 and look.scope.covers(scope)), None)
    newest = next((look for look in looks if look.compared != 0), None)
    if newest is None:
        return f"AWS was never looked at for drift, so what others did there is not known: {_LOOK}."
    if whole is None:
        said = f"AWS was never looked at for drift as a whole, only {_part(newest)}"
    else:
        said = f"AWS was last looked at for drift at {whole.moment}"
        said = f"{said}, {_part(newest)}" if newest is not whole and newest.at > whole.at else said
    return f"{said}; what others did there since is not known: {_LOOK}."


def unchanged_as_of(looks: Sequence[AwsLook], scope: Scope, *, full: bool = False) -> str:
    """What `unchanged` means in a count: that nothing differs from what was written last, in AWS or not."""
    return _IN_THE_RUN if full else f"Unchanged means as it was written last. {as_of_looks(looks, scope)}"


def asset_as_of(
    record: AssetRecord, checkpoints: Sequence[Checkpoint], looks: Sequence[AwsLook], met: str | None = None
) -> str | None:
    """When the objects of an asset were written and looked at last; None where there are none.

    `met`: when a plan or an undo met an edit of others there.
    """
    there = [each for each in checkpoints if each.is_there]
    if not there:
        return None
    written = max(each.synced_at for each in there)
    looked = next((look for look in looks if _took_in(look, record, there)), None)
    said = f"Written at {to_the_second(written)}"
    if met is not None and met >= max(written, "" if looked is None else looked.at):
        return f"{said}; at {to_the_second(met)} an edit of others was met there: {_LOOK}."
    if looked is None or looked.at < written:
        return f"{said}; AWS was not looked at since, so what others did there is not known: {_LOOK}."
    return f"{said}, last looked at in AWS at {looked.moment}; what others did there since is not known."


def _took_in(look: AwsLook, record: AssetRecord, checkpoints: Sequence[Checkpoint]) -> bool:
    """Whether a look compared the asset in each of its targets, as far as its scope and its problems tell."""
    wanted = look.scope.wants(record.id, record.tier) and all(look.scope.wants_key(each.key) for each in checkpoints)
    return wanted and look.whole


def _part(look: AwsLook) -> str:
    of_it = "" if look.compared is None else f" ({counted(look.compared, 'object')})"
    return f"a part of it{of_it} at {look.moment}"
