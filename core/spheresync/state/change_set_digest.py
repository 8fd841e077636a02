"""Whether a saved change set is what was saved: a digest over every field of it and of every item. Pure.

Each item has a seal over all its fields, bodies by the digests of their contents; the change set's digest is over all
fields of its head and the seals of its items in their order. So one page can be checked without reading the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter

from spheresync.errors import RefusedError
from spheresync.model import Digest, digest_json
from spheresync.state.cell_encoding import (
    encode_counts,
    encode_fingerprints,
    encode_prerequisites,
    encode_problems,
    valid_text,
)
from spheresync.state.records import ChangeSetItem, ChangeSetRecord

FORMAT = 3
"""Version of the saved change set; another one is refused at apply."""
NO_DIGEST = Digest("")
"""Of a change set that is being made; `with_digest` gives it its own."""
_SET_LATER = frozenset({"digest", "run_id", "approval"})
"""Fields of a head that are no part of what was saved: the digest itself, who approved it, the run that applies it."""
_HEAD = tuple(field.name for field in fields(ChangeSetRecord) if field.name not in _SET_LATER)
_ITEM = tuple(field.name for field in fields(ChangeSetItem))
_item_values = attrgetter(*_ITEM)


def seal_of(item: ChangeSetItem) -> Digest:
    """The digest over every field of an item, as it comes back from the state."""
    values: dict[str, object] = dict(zip(_ITEM, _item_values(item), strict=True))
    values["asset"] = [item.asset.space, item.asset.name]
    values["reason"] = valid_text(item.reason)
    values["changes"] = [[change.path, change.before, change.after] for change in item.changes]
    values["fingerprints"] = encode_fingerprints(item.fingerprints)
    del values["other_name"]  # sealed where there is one, so that older items keep their seals
    if item.other_name is not None:
        values["other_name"] = [item.other_name.space, item.other_name.name]
    return digest_json(values)


def with_digest(record: ChangeSetRecord, items: Sequence[ChangeSetItem]) -> ChangeSetRecord:
    """A change set that is to be saved, with the digest over all of it."""
    return replace(record, digest=digest_of_saved(record, [seal_of(item) for item in items]))


def is_as_saved(record: ChangeSetRecord, seals: Sequence[str | None]) -> bool:
    """Whether the head and the seals of all items, in their order, are those that were saved."""
    return record.digest == digest_of_saved(record, seals)


def require_format(record: ChangeSetRecord) -> None:
    """Let a change set pass that this version of the program can read.

    Raises:
        RefusedError: another version made it.
    """
    if record.format != FORMAT:
        raise RefusedError(f"change set {record.id} was made by another version.", remedy="Make a new preview.")


def require_as_saved(
    record: ChangeSetRecord, items: Sequence[ChangeSetItem], seals: Mapping[int, str | None] | None = None
) -> None:
    """Let a change set pass that is as it was saved; whether one of another format may be used is decided elsewhere.

    Args:
        record: its head.
        items: all its items, or a part of them where `seals` are given.
        seals: the seals of all its items that the state holds, by ordinal.

    Raises:
        RefusedError: something of it was altered since.
    """
    if record.format != FORMAT:
        return
    here = {item.ordinal: seal_of(item) for item in items}
    held = here if seals is None else seals
    altered = next((item for item in items if held.get(item.ordinal) != here[item.ordinal]), None)
    if altered is not None or not is_as_saved(record, [held[ordinal] for ordinal in sorted(held)]):
        what = "its digest does not fit it" if altered is None else f"the digest of {altered.asset} does not fit it"
        raise RefusedError(
            f"change set {record.id} is not what was saved: {what}.",
            remedy="Somebody changed the state by hand, or it is damaged; make a new preview.",
        )


def digest_of_saved(record: ChangeSetRecord, seals: Sequence[str | None]) -> Digest:
    """The digest of a head over items that have these seals."""
    head: dict[str, object] = {name: getattr(record, name) for name in _HEAD}
    head["request"] = record.request.decode("utf-8", "surrogatepass")
    head["summary"] = encode_counts(record.summary)
    head["prerequisites"] = encode_prerequisites(record.prerequisites)
    head["findings"], head["problems"] = encode_problems(record.findings), encode_problems(record.problems)
    return digest_json([head, list(seals)])
