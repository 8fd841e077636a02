"""That a write puts ours in the place of what somebody else has changed, because `drift:` says overwrite. Pure.

Whatever path leads there (a sync, a run that is tried again, an apply), it is told: the edit is gone afterwards, and
whoever made it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import Address, AssetId, FieldChange, JsonValue, Problem, RunId, first_of
from spheresync.planning.decisions.no_failure import OVERWRITTEN
from spheresync.targets.design import TargetDesign

_NAMED, _LONGEST = 8, 60
_PARTS = ("description", "comments", "columns", "parameters")


def is_of_ours(design: TargetDesign, live_body: bytes) -> bool:
    """Whether an object holds what we wrote once: a lost write, or an earlier version put back, is no edit."""
    return design.capabilities.marked and design.claim_of(live_body) == design.fingerprint(live_body)


def overwritten_fields(
    design: TargetDesign, edits: Iterable[FieldChange], changes: Iterable[FieldChange], kept: Collection[str] = ()
) -> tuple[FieldChange, ...]:
    """Which edits of others a write takes away.

    Args:
        design: of the target.
        edits: our fields that others changed, from what was written to what is there.
        changes: what the write changes, from what is there to what will be.
        kept: paths of edits that stay.
    """
    written = {change.path for change in changes}
    lost = [edit for edit in edits if edit.path in written and edit.path not in kept]
    digest = design.mark_paths.digest  # goes with any other field of ours
    return tuple(edit for edit in lost if edit.path != digest or len(lost) == 1)


def deciding(design: TargetDesign, paths: Sequence[str]) -> str:
    """The settings that let these fields be written over: `drift: {columns: overwrite}`."""
    parts = [part for part in _PARTS if any(_decides(part, design.policy_of, path) for path in paths)]
    return f"`drift: {{{', '.join(f'{part}: overwrite' for part in parts)}}}`" if parts else "`drift:`"


def _decides(part: str, policy_of: Callable[[str, DriftPolicies], DriftPolicy], path: str) -> bool:
    """Whether this part of the policies settles a field: it is the one whose word comes out."""
    only = {each: DriftPolicy.KEEP if each == part else DriftPolicy.OVERWRITE for each in _PARTS}
    return policy_of(path, DriftPolicies.model_validate(only)) is DriftPolicy.KEEP


def overwriting_reason(design: TargetDesign, lost: Sequence[FieldChange]) -> str:
    """Why an item of a change set changes what others have changed."""
    paths = [change.path for change in lost]
    said = f"somebody else has changed {first_of(paths, _NAMED)} of the {design.object_word}"
    return f"{said}, and {deciding(design, paths)} writes over it"


def overwrite_finding(design: TargetDesign, asset: AssetId, at: Address, lost: Sequence[FieldChange]) -> Problem:
    """That a planned write will do so."""
    paths = [change.path for change in lost]
    policy = deciding(design, paths)
    message = (
        f"somebody else has changed {_named(design, lost)} of {at.container}.{at.name}; this writes ours over that, "
        f"as {policy} says"
    )
    remedy = (
        f"To keep theirs, leave the asset out, or have {policy.replace('overwrite', 'keep')} set before. After the "
        "write `spheresync revert RUN_ID` of that run brings theirs back."
    )
    return Problem.of(asset, OVERWRITTEN, message, remedy)


def overwrote_finding(
    design: TargetDesign, asset: AssetId, at: Address, lost: Sequence[FieldChange], run: RunId
) -> Problem:
    """That a run has done so."""
    policy = deciding(design, [change.path for change in lost])
    message = (
        f"somebody else had changed {_named(design, lost)} of {at.container}.{at.name}; the run wrote ours over that, "
        f"as {policy} says"
    )
    return Problem.of(asset, OVERWRITTEN, message, _undo(run))


def made_again_finding(asset: AssetId, at: Address, word: str, run: RunId) -> Problem:
    """That a run has made again what somebody else had deleted."""
    message = (
        f"somebody else had deleted the {word} {at.container}.{at.name}; the run made it again, as "
        "`drift: {missing: overwrite}` says"
    )
    undo = f"`spheresync revert {run}` makes a change set that undoes the run: nothing stood there, so it deletes"
    return Problem.of(asset, OVERWRITTEN, message, f"{undo} the {word} again.")


def _undo(run: RunId) -> str:
    return f"`spheresync revert {run}` makes a change set that undoes the run, and brings back what stood there."


def _named(design: TargetDesign, lost: Sequence[FieldChange]) -> str:
    return first_of([_spelled(design, change) for change in lost], _NAMED)


def _spelled(design: TargetDesign, change: FieldChange) -> str:
    """The field with what others put there. Texts of others stand in the change set alone, where they are marked so."""
    value: JsonValue = change.after
    if value is None or change.before is None:
        return f"{change.path} (which they had {'taken away' if value is None else 'added'})"
    if design.is_text(change.path) or not isinstance(value, str) or len(value) > _LONGEST:
        return change.path
    return f"{change.path} (to {value})"
