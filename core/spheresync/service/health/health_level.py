"""How the installation is doing, in one word and a few sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spheresync.answers import Finding, HealthLevel
from spheresync.errors import TargetFault
from spheresync.model import (
    AssetStatus,
    Problem,
    RunKind,
    RunState,
    counted,
    first_of,
    to_the_second,
)
from spheresync.runtime.run_counts import REFUSED
from spheresync.service.health.open_problems import FailedAt, OpenProblem
from spheresync.state.records import DriftLook, DriftSummary, RunRecord

_NOT_IN_SYNC = {
    AssetStatus.PENDING: "waiting for a sync",
    AssetStatus.DRIFTED: "changed by others",
    AssetStatus.HELD: "held by an undo",
    AssetStatus.MISSING: "not listed by Datasphere any more",
}
"""What is said of assets that a target should hold, but for those that need attention."""
_NAMED = 3
"""So many spaces are named; of more the number is told."""
_KIND_WORDS: Mapping[str, str] = {TargetFault.MOVED: REFUSED}
"""What a run counts under another word than the code that it gives."""
NEVER_LOOKED_AT = "In sync is with what was written last: AWS was never looked at for drift, `spheresync drift` looks."
_WENT_WRONG = {
    RunState.PARTLY_FAILED: "did not get through with everything",
    RunState.FAILED: "failed",
    RunState.REFUSED: "was held back",
}


def health_of(
    statuses: Mapping[str, int],
    ended: Sequence[RunRecord],
    problems: Sequence[Finding],
    drift: DriftSummary,
    *,
    troubles: Sequence[OpenProblem] = (),
    never_read: Sequence[str] = (),
    held_without_table: int = 0,
    drifted_otherwise: str = "",
    compared_in: RunRecord | None = None,
) -> tuple[HealthLevel, str]:
    """The word and the sentences.

    Args:
        statuses: how many assets stand where.
        ended: runs that have ended, newest first.
        problems: what is wrong besides: with spaces, the settings, tiers that are late.
        troubles: what keeps assets from being read and written, by kind; whatever run it was that met it.
        never_read: spaces of which nobody knows yet what they hold.
        held_without_table: assets whose table the undo that holds them deleted.
        drift: what is known of edits by others; they are told, and nobody's failure. What could not be looked at is
            among `problems`.
        drifted_otherwise: the assets of which that is known and that do not count as drifted, in words.
        compared_in: the newest full sync of everything, which compared AWS with what was written too.
    """
    syncs = [run for run in ended if run.change_set_id is not None or run.kind is RunKind.SYNC]
    wrong = [*_wrong_with_assets(statuses, troubles), *_wrong_with_runs(syncs)]
    if problems:
        wrong.append(counted(len(problems), "further problem" if wrong else "problem"))
    attention = f"Needs attention: {' and '.join(wrong)}." if wrong else ""
    said = " ".join(
        filter(
            None,
            (
                _standing(statuses, syncs, held_without_table),
                _unfinished(never_read),
                attention,
                _drifted(drift, statuses, drifted_otherwise, compared_in),
            ),
        )
    )
    if not syncs:
        return HealthLevel.UNKNOWN, said
    return HealthLevel.DEGRADED if wrong else HealthLevel.OK, said


def _standing(statuses: Mapping[str, int], syncs: Sequence[RunRecord], without_table: int) -> str:
    if not syncs:
        return "Nothing has been synced yet."
    last = syncs[0]
    present = sum(count for status, count in statuses.items() if AssetStatus(status).wanted)
    words_of = {**_NOT_IN_SYNC, AssetStatus.HELD: _held(statuses.get(AssetStatus.HELD, 0), without_table)}
    rest = [f"{statuses[status]} {words}" for status, words in words_of.items() if statuses.get(status)]
    beside = [f"{count} {word}" for word, count in statuses.items() if count and not AssetStatus(word).wanted]
    standing = ", ".join([f"{statuses.get(AssetStatus.SYNCED, 0)} of {counted(present, 'asset')} in sync", *rest])
    if beside:
        standing = f"{standing} (beside {', '.join(beside)})"
    return f"{standing}. The last run, {last.id}, ended {_spelled(last.state)} at {to_the_second(last.finished_at)}."


def _held(held: int, without_table: int) -> str:
    """An undo that deleted tables leaves assets behind that have none, which is no sync by any means."""
    said = _NOT_IN_SYNC[AssetStatus.HELD]
    if not without_table:
        return said
    which = "which have" if held == without_table else f"{without_table} of which have"
    which = "which has" if held == without_table == 1 else which
    return f"{said}, {which} no table since it deleted them"


def _wrong_with_assets(statuses: Mapping[str, int], troubles: Sequence[OpenProblem]) -> list[str]:
    failing = [each for each in troubles if not each.held_back]
    troubled = sum(each.count for each in failing)
    troubled = troubled or statuses.get(AssetStatus.FAILED, 0) + statuses.get(AssetStatus.CONFLICT, 0)
    wrong = [f"{counted(troubled, 'asset')} {_what_failed(failing)}{_by_kind(failing)}"] if troubled else []
    held_back = [each for each in troubles if each.held_back]
    if held_back:
        count = sum(each.count for each in held_back)
        are = "is" if count == 1 else "are"
        wrong.append(f"{counted(count, 'asset')} {are} held back by a guard{_by_kind(held_back)}")
    return wrong


def _what_failed(failing: Sequence[OpenProblem]) -> str:
    at = {each.failed_at for each in failing}
    if len(at) == 1:
        return "could not be read" if FailedAt.READING in at else "could not be written"
    return "could not be read or written"


def _unfinished(never_read: Sequence[str]) -> str:
    if not never_read:
        return ""
    named = first_of(never_read, _NAMED)
    what = "it holds" if len(never_read) == 1 else "they hold"
    return f"{counted(len(never_read), 'space')} never read, so nobody knows what {what}: {named}."


def _by_kind(troubles: Sequence[OpenProblem]) -> str:
    kinds = ", ".join(f"{each.count} {_KIND_WORDS.get(each.code, each.code).replace('_', ' ')}" for each in troubles)
    return f" ({kinds})" if kinds else ""


def _wrong_with_runs(syncs: Sequence[RunRecord]) -> list[str]:
    """What the last run says; one that a person cancelled says nothing, what it left is counted as waiting."""
    told = next((run for run in syncs if run.state is not RunState.CANCELLED), None)
    if told is None or told.state not in _WENT_WRONG:
        return []
    return [f"run {told.id} {_WENT_WRONG[told.state]} (`spheresync runs {told.id}` says why)"]


def _drifted(drift: DriftSummary, statuses: Mapping[str, int], otherwise: str, compared_in: RunRecord | None) -> str:
    """What the last look saw, as of then, and what is known to have drifted now where that is not the same."""
    look = drift.look
    full_at = "" if compared_in is None else compared_in.started_at or ""
    if compared_in is not None and (look is None or look.at < full_at):
        known = _known_drifted(drift) if drift.drifted else "no edit of others is known since."
        return f"At {to_the_second(full_at)}, the full sync {compared_in.id} compared all with AWS: {known}"
    if look is None and statuses.get(AssetStatus.SYNCED):
        return NEVER_LOOKED_AT
    if look is None:
        return ""
    said = f"{_looked(look)} {_now_drifted(drift, look)}".strip()
    also = f" Others changed objects of these too, which count under another status: {otherwise}." if otherwise else ""
    return f"{said}{also}"


def _looked(look: DriftLook) -> str:
    at = f"At {to_the_second(look.at)}, the last look for drift"
    if not look.compared + look.not_compared:
        return f"{at}, there was nothing to compare."
    left = f"; {look.not_compared} could not be compared{_why(look.problems)}" if look.not_compared else ""
    if not look.compared:
        return f"{at} compared nothing{left}."
    if not look.drifted:
        seen = "nobody else had changed it" if look.compared == 1 else "nobody else had changed one of them"
    else:
        seen = f"others had changed {look.drifted} of them"
    return f"{at} compared {counted(look.compared, 'object')}: {seen}{left}."


def _why(problems: Sequence[Problem]) -> str:
    codes = [*dict.fromkeys(each.code.replace("_", " ") for each in problems)]
    return f" ({first_of(codes, _NAMED)})" if codes else ""


def _now_drifted(drift: DriftSummary, look: DriftLook) -> str:
    if drift.drifted == look.drifted:
        return ""
    return f"By now {_known_drifted(drift)}"


def _known_drifted(drift: DriftSummary) -> str:
    are = "is" if drift.drifted == 1 else "are"
    return f"{counted(drift.drifted, 'object') if drift.drifted else 'none'} {are} known to be changed by others."


def _spelled(state: RunState) -> str:
    return state.replace("_", " ")
