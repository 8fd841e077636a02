"""Questions to the audit log that could only be mistakes: a word that no entry ever holds, an asset nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from spheresync.errors import TargetFault, UsageError
from spheresync.model import Action, AssetId, RunId, RunState, SpaceName, TechnicalName, first_of
from spheresync.runtime.unknown_names import WrongName, named_asset, nearest, show_form, unknown_name, with_meant_assets
from spheresync.state.port import Store
from spheresync.state.records import AuditAction, AuditFilter, AuditOutcome

_NAMED = 10
CHANGES = (
    *(action for action in Action if action.changes_something and not action.only_noted),
    *(action for action in AuditAction if action.writes_to_aws),
)
"""Actions by which something in AWS is made, changed or taken away."""
ACTIONS = frozenset({*(action for action in Action if action.changes_something), *AuditAction}) - {
    AuditAction.RUN_UNKNOWN
}
UNSUCCESSFUL = frozenset({RunState.FAILED, RunState.PARTLY_FAILED, RunState.REFUSED, *TargetFault})
"""Outcomes of what was not done, or not wholly."""
OUTCOMES = frozenset({*(state for state in RunState if state.ended), *TargetFault, *AuditOutcome})


async def require_known_words(store: Store, *, actions: Sequence[str], outcome: str | None) -> None:
    """Let words pass that entries may hold, or that some entry holds although this program writes none such.

    Raises:
        UsageError: no entry holds that word; the text names the valid ones.
    """
    for action in actions:
        if action not in ACTIONS and not await _holds(store, AuditFilter(actions=(action,))):
            raise _unknown("action", action, ACTIONS)
    if outcome is not None and outcome not in OUTCOMES and not await _holds(store, AuditFilter(outcome=outcome)):
        raise _unknown("outcome", outcome, OUTCOMES)


async def note_on_question(
    store: Store, total: int, *, asset: str | None, actor: str | None, run_id: str | None
) -> str | None:
    """Why nothing was found, where nothing could be: no entry is by that actor.

    Raises:
        UsageError: there is no such run or asset, nor any entry of it.
    """
    if total:
        return None
    if run_id is not None and not await _holds(store, AuditFilter(run_id=RunId(run_id))):
        await store.runs.get(RunId(run_id))
    if actor is not None and actor not in (known := await store.audit.actors()):
        return f"No entry is by an actor {actor!r}. There are entries by {first_of(known, _NAMED)}."
    if asset is not None:
        await require_known_asset(store, asset)
    return None


LEFT_OUT_OF_SPACE = (
    "A space's entries are those of its assets. Left out is what names no asset, though it may be about the space: "
    "databases and what else was made first (create_database ...), previews, whole runs, calls of tools. Ask for these "
    "without space: by run_id (counts.runs has the runs) or by action."
)
"""What a filter by space cannot show; an entry without an asset says nothing of spaces that could be asked for."""


def note_on_outcome(outcome: str, found: Mapping[str, int]) -> str | None:
    """What else did not succeed, for who asks for one way of it. `found`: entries that match but for the outcome."""
    others = {each: count for each, count in found.items() if each in UNSUCCESSFUL and each != outcome}
    if outcome not in UNSUCCESSFUL or not others:
        return None
    told = ", ".join(f"{count} {each}" for each, count in others.items())
    return (
        f"{found.get(outcome, 0)} {outcome}; what else did not succeed in the same time: {told}. Ask for each by name."
    )


async def require_known_asset(store: Store, asset: str) -> None:
    """Let an asset pass that is known, or was: an answer of no entries would say that nothing was ever done to it.

    Raises:
        UsageError: nothing is known of it, here or in the catalog.
    """
    named = named_asset(asset)
    known = isinstance(named, AssetId) and await store.catalog.asset(named) is not None
    if known or await _holds(store, AuditFilter(asset=asset)):
        return
    ids = [record.id for record in await store.catalog.assets()]
    (wrong,) = with_meant_assets([named], ids) if isinstance(named, WrongName) else (None,)
    meant = wrong.hint() if wrong is not None else show_form()
    near = meant if meant != show_form() else nearest(asset, map(str, ids))
    raise UsageError(
        f"nothing is known of an asset {asset!r}, neither in the audit log nor in the catalog.",
        remedy=near or "list_assets shows those that there are.",
    )


async def start_of_space(store: Store, space: str) -> str:
    """What the spelling of each asset of a space begins with; no name of another space does, as none holds a slash.

    Raises:
        UsageError: there is no such space, nor any entry of one.
    """
    known = [each.name for each in await store.catalog.spaces()]
    start = str(AssetId(SpaceName(space), TechnicalName("")))
    if space not in known and not await _holds(store, AuditFilter(starts=start)):
        raise unknown_name("space", space, known, listing="list_spaces")
    return start


async def _holds(store: Store, wanted: AuditFilter) -> bool:
    """Whether any entry matches."""
    _, total = await store.audit.query(wanted, limit=1)
    return total > 0


_BEGUN_AS: Mapping[str, AuditAction] = {
    "preview_changes": AuditAction.PREVIEW,
    "apply": AuditAction.RUN_APPLY,
    "apply_changes": AuditAction.RUN_APPLY,
    "sync": AuditAction.RUN_SYNC,
    "revert_run": AuditAction.REVERT,
    "cancel_run": AuditAction.CANCEL,
    "drift": AuditAction.DETECT_DRIFT,
    "manage_schedule": AuditAction.SCHEDULE,
    "pause": AuditAction.SCHEDULE,
    "resume": AuditAction.SCHEDULE,
}
"""Words by which people and assistants begin what is entered under another one."""


def _unknown(what: str, word: str, known: Iterable[str]) -> UsageError:
    if what == "action" and (entered := _BEGUN_AS.get(word)) is not None:
        remedy = f"What that does is entered as {entered}, and each call of a tool as {AuditAction.TOOL_CALL}."
        return UsageError(f"no entry of the audit log has {what} {word!r}.", remedy=remedy)
    valid = sorted(map(str, known))
    near = difflib.get_close_matches(word, valid, n=1)
    guess = f"Did you mean {near[0]}? " if near else ""
    return UsageError(f"no entry of the audit log has {what} {word!r}.", remedy=f"{guess}Valid: {', '.join(valid)}.")
