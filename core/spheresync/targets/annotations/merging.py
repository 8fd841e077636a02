"""What an operation comes to where others may have edited what is ours: what to bring about, or why not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.errors import TargetError, TargetFault
from spheresync.model import FieldChange, LiveObject, first_of
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import FORM, Content, is_text, policy_of
from spheresync.targets.annotations.design import ContentDesign
from spheresync.targets.protocol import Operation

_NAMED = 8
_LOOK = "Make a new preview to see the asset as it is now."


def wanted_of(
    design: ContentDesign, operation: Operation, there: Content, live: LiveObject | None, drift: DriftPolicies
) -> tuple[Content, tuple[FieldChange, ...]]:
    """The content to bring about, and edits of others that stay in it.

    Args:
        design: of the target.
        operation: what is to be done.
        there: what stands there.
        live: the same as the target tells it; None where nothing of it is ours.
        drift: what to do about other people's edits.

    Raises:
        TargetError: MOVED.
    """
    assert operation.desired is not None
    if operation.exact:
        return _restored(design, operation, there, live), ()
    last = operation.last_written if live is not None else None
    merged = design.merge(last, there.body, operation.desired.body, drift)
    moved = [c.path for c in merged.ours_moved if operation.strict or not _may_overwrite(c.path, drift)]
    if moved:
        raise moved_error(operation, moved)
    return Content.read(merged.body), merged.kept


def _restored(design: ContentDesign, operation: Operation, there: Content, live: LiveObject | None) -> Content:
    """What undoes a write: ours as it was before, and what others have put beside it since."""
    assert operation.desired is not None
    before = Content.read(operation.desired.body)
    after = Content.read(operation.last_written) if operation.last_written is not None and live is not None else None
    if after is not None and live is not None:
        moved = design.edited_since(before.body, after.body, live.body)
        if moved and not design.holds(live, operation.desired):
            raise moved_error(operation, moved)
    paths = content.own_paths(before, *([after] if after is not None else []))
    fields = {path: value for path, value in there.fields.items() if path not in paths}
    fields = {path: value for path, value in fields.items() if not path.startswith(FORM)}
    fields |= {path: value for path, value in before.fields.items() if path in paths}
    held = replace(before, fields=fields, asset=there.asset, custom=there.custom)
    return held.stamped() if held.is_marked else held


def differs(there: Content, wanted: Content) -> bool:
    """Whether anything of ours is not as it should be."""
    return bool(content.differing(there, wanted, {*there.ours, *wanted.ours} - wanted.found))


def terms_changed(there: Content, wanted: Content) -> set[str]:
    """The names of terms that come or go anywhere."""
    changed = {
        path for path in there.fields.keys() | wanted.fields.keys() if (path in there.fields) != (path in wanted.fields)
    }
    return {term for path in changed if (term := content.term_of(path)) is not None}


def moved_error(operation: Operation, paths: Sequence[str]) -> TargetError:
    """That others have changed these fields since."""
    text = f"{operation.subject}: somebody else has changed {first_of(list(paths), _NAMED)} since; nothing was written."
    return TargetError(TargetFault.MOVED, text, remedy=_LOOK)


def _may_overwrite(path: str, drift: DriftPolicies) -> bool:
    return is_text(path) or policy_of(path, drift) is DriftPolicy.OVERWRITE
