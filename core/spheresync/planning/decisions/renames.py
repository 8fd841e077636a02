"""Which assets that Datasphere no longer lists may be listed under another name. Pure.

No published answer of Datasphere holds an id that survives a rename: technical names never change, so whoever renames
deletes and creates (reference: datasphere-api.md 2.1, 8). The one identity that can be proven is that of the name
itself, where nothing but its case has changed: both would have the same table. Anything else that looks alike is a
guess, which is told and never acted upon.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from spheresync.model import Action, AssetId
from spheresync.runtime.unread import by_its_space
from spheresync.state.records import AssetRecord, ChangeSetItem, Checkpoint, CheckpointState

CaseKey = tuple[str, str]


def case_key(asset: AssetId) -> CaseKey:
    """What the names of an asset have in common that differ in case only; the case of a space never changes."""
    return asset.space, asset.name.casefold()


def is_listed(record: AssetRecord) -> bool:
    """Whether the last look at its space found the asset; not where that ended early, nor of one never listed."""
    never = record.entry_digest is None and record.problem is None
    return not (record.misses or never or by_its_space(record.problem))


def case_changes(gone: Iterable[AssetRecord], listed: Iterable[AssetRecord]) -> dict[AssetId, AssetId]:
    """New name → former one, of assets of which nothing but the case of the name has changed.

    Proven only once the tenant says that the former one is gone. Not a pair: two that were ever listed together, two
    kinds of object, one that the scope leaves out, and where more than two names differ in case only.

    Args:
        gone: assets that targets hold and that Datasphere no longer lists.
        listed: assets that it lists.
    """
    former, now = _by_case(gone), _by_case(listed)
    pairs = {}
    for key, olds in former.items():
        news = now.get(key, ())
        if len(olds) == len(news) == 1:
            (old,), (new,) = olds, news
            if new.included and new.kind is old.kind and _appeared_since(new, old):
                pairs[new.id] = old.id
    return pairs


@dataclass(frozen=True, slots=True)
class LikelyRenames:
    """Pairs that are alike, each asset in one of them at most."""

    former: Mapping[AssetId, AssetId] = field(default_factory=dict)  # of what is new
    latter: Mapping[AssetId, AssetId] = field(default_factory=dict)  # of what is gone


def likely_renames(records: Iterable[AssetRecord], held: Collection[AssetId]) -> LikelyRenames:
    """Assets that vanished when another of their kind appeared with the same columns: in the same space, else in any.

    The label decides between several; where they are alike in that too nothing is guessed.

    Args:
        records: all assets.
        held: of these, those that the target holds.
    """
    found = [*records]
    gone = [each for each in found if each.misses and each.id in held and each.fingerprints is not None]
    if not gone:
        return LikelyRenames()
    moments = {each.first_missed_at for each in gone}
    new = [each for each in found if each.first_seen_at in moments and not each.misses and _is_readable(each)]
    former: dict[AssetId, AssetId] = {}
    for alike in _LIKENESSES:
        olds: dict[Hashable, list[AssetRecord]] = defaultdict(list)
        news: dict[Hashable, list[AssetRecord]] = defaultdict(list)
        for record in gone:
            if record.id not in former.values():
                olds[record.first_missed_at, alike(record)].append(record)
        for record in new:
            if record.id not in former:
                news[record.first_seen_at, alike(record)].append(record)
        for key, candidates in olds.items():
            if len(candidates) == len(news.get(key, ())) == 1:
                former[news[key][0].id] = candidates[0].id
    return LikelyRenames(former, {old: new for new, old in former.items()})


def with_likely_names(
    items: Sequence[ChangeSetItem], records: Iterable[AssetRecord], checkpoints: Mapping[AssetId, Checkpoint]
) -> list[ChangeSetItem]:
    """The items; those of tables to be made or removed with the asset that each may be under another name."""
    if not any(item.action is Action.CREATE or item.action.removes for item in items):
        return [*items]
    there = {asset: checkpoint for asset, checkpoint in checkpoints.items() if checkpoint.is_there}
    managed = {asset for asset, checkpoint in there.items() if checkpoint.state is not CheckpointState.FORGOTTEN}
    likely = likely_renames(records, managed)
    return [_with_likely_name(item, likely, there) for item in items]


def _with_likely_name(item: ChangeSetItem, likely: LikelyRenames, there: Mapping[AssetId, Checkpoint]) -> ChangeSetItem:
    old, new = likely.former.get(item.asset), likely.latter.get(item.asset)
    if item.action is Action.CREATE and old is not None and item.asset not in there:
        table = f"{there[old].container}.{there[old].name}"
        reason = f"{item.reason}; may be {old} renamed, which vanished when it appeared and has the same columns"
        return replace(item, reason=f"{reason} (its table {table} is left to it)", other_name=old)
    if item.action.removes and new is not None:
        reason = f"{item.reason}; may be {new} by now, which appeared when it vanished and has the same columns"
        return replace(item, reason=reason, other_name=new)
    return item


def waits_for_former(old: AssetId) -> str:
    """Why an asset has no table yet that may be another one under a name of another case."""
    return (
        f"only its case tells it from {old}, whose table this is and of which nobody knows now whether it is still in "
        "Datasphere; the next listing asks, and the asset takes that table over or gets one of its own"
    )


def _by_case(records: Iterable[AssetRecord]) -> Mapping[CaseKey, list[AssetRecord]]:
    found: dict[CaseKey, list[AssetRecord]] = defaultdict(list)
    for record in records:
        found[case_key(record.id)].append(record)
    return found


def _appeared_since(new: AssetRecord, old: AssetRecord) -> bool:
    """Whether no listing held both; of one that only a target knows nobody can say when it was listed."""
    return old.entry_digest is None or new.first_seen_at > old.listed_at


def _is_readable(record: AssetRecord) -> bool:
    return record.included and record.problem is None and record.fingerprints is not None


def _columns(record: AssetRecord) -> Hashable:
    assert record.fingerprints is not None
    return record.kind, record.fingerprints.schema


_LIKENESSES: tuple[Callable[[AssetRecord], Hashable], ...] = (
    lambda record: (_columns(record), record.id.space, record.label),
    lambda record: (_columns(record), record.id.space),
    lambda record: (_columns(record), record.label),
    _columns,
)
"""What two assets have in common that may be one, from the surest to the least."""
