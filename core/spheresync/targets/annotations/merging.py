"""What an operation comes to where others may have edited what is ours: what to bring about, or why not. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.errors import TargetError, TargetFault
from spheresync.model import FieldChange, LiveObject, first_of
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import FORM, Content, is_text, policy_of
from spheresync.targets.annotations.design import ContentDesign
from spheresync.targets.known_operation import knowing
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
    if live is not None:
        operation = knowing(design, operation, live.body)
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


async def term_ids(
    there: Content, wanted: Content, glossary: str, id_of: Callable[[str], Awaitable[str]]
) -> Mapping[str, str]:
    """The ids of the terms that are wanted, by path: as they stand there, as `wanted` knows them, else by their names.

    Args:
        there: what stands there.
        wanted: what should; only of terms of another glossary its ids count.
        glossary: ours.
        id_of: the id of a term of our glossary.
    """
    ids = {}
    for path, value in sorted(wanted.fields.items()):
        if (term := content.term_of(path)) is None:
            continue
        if path in there.ids and there.fields.get(path) == value:
            ids[path] = there.ids[path]
        else:
            known = wanted.ids.get(path) if value != glossary else None
            ids[path] = known or await id_of(term)
    return ids


def moved_error(operation: Operation, paths: Sequence[str]) -> TargetError:
    """That others have changed these fields since."""
    text = f"{operation.subject}: somebody else has changed {first_of(list(paths), _NAMED)} since; nothing was written."
    return TargetError(TargetFault.MOVED, text, remedy=_LOOK)


def _may_overwrite(path: str, drift: DriftPolicies) -> bool:
    return is_text(path) or policy_of(path, drift) is DriftPolicy.OVERWRITE
