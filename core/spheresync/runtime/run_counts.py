"""How assets are counted and how a run ended: one place that turns counts into a state of CONTRACT.md.

Every asset in scope is counted under exactly one word, in a preview as in a run: under the action of its item; without
one as failed, where it is told by itself what went wrong with it; else as unread, missing or unchanged. With several
targets that holds of each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from spheresync.model import UNSPELLABLE, Action, AssetId, Problem, RunState, TargetKey

#: Counts that are no action of the change set.
FAILED = "failed"
REFUSED = "refused"
SKIPPED = "skipped"
BLOCKED = "blocked"
UNREAD = "unread"
MISSING = "missing"

COUNT_WORDS = (*map(str, Action), FAILED, REFUSED, SKIPPED, BLOCKED, UNREAD, MISSING)
"""Every word under which a run counts, in the order in which it is told."""

#: Actions that left something behind in the target or in what is managed there.
EFFECTIVE = tuple(action for action in Action if action.changes_something)


def failed_assets(problems: Iterable[Problem], items: Collection[tuple[AssetId, TargetKey]]) -> int:
    """How many assets are told as failed one by one and counted as that: those of items are counted as these.

    Of an asset that failed in some targets only each of those counts, as each of its items does. What a space holds
    that could not be listed counts as unread.
    """
    told = list(problems)
    planned = {asset for asset, _ in items}
    whole = {each.asset for each in told if each.asset is not None and each.key is None} - planned
    parts = {(each.asset, each.key) for each in told if each.asset is not None and each.key is not None}
    kept_out = sum(each.asset is None and each.code == UNSPELLABLE for each in told)
    return len(whole) + len(parts.difference(items)) + kept_out


def final_state(counts: Mapping[str, int], *, guarded: bool, halted: bool, problems: bool = False) -> RunState:
    """The end state of a run that ran to its end (a cancelled one says so itself).

    Args:
        counts: items by action, plus failed (not read or not written), refused (moved since the plan), skipped, and
            blocked (a guard held them back, or a delete was not allowed). What is unread (its space could not be
            listed, or an earlier reading failed) is kept as it is, and by itself no failure of the run; so is what is
            missing (no listing holds it any more, and its table does not go yet).
        guarded: a guard held items back.
        halted: the run stopped early because the target took nothing any more.
        problems: something failed that is no asset, such as a space that could not be listed.
    """
    done = sum(counts.get(action, 0) for action in EFFECTIVE)
    failed = counts.get(FAILED, 0) + counts.get(Action.CONFLICT, 0)
    refused = counts.get(REFUSED, 0)
    kept = sum(counts.get(word, 0) for word in (Action.UNCHANGED, Action.HELD, UNREAD, MISSING))
    if refused and not (done or failed or halted or problems):
        return RunState.REFUSED
    if failed or refused or halted or problems:
        return RunState.PARTLY_FAILED if done or kept else RunState.FAILED
    return RunState.REFUSED if guarded else RunState.DONE
