"""Merge what should be there into a data set and its topic as they are: what others made survives. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import FieldChange, JsonValue, canonical_json
from spheresync.targets.field_changes import FieldComparison
from spheresync.targets.quicksight.content import (
    TAG,
    Content,
    Grants,
    Topic,
    granted_hashes,
    short_hash,
)
from spheresync.targets.quicksight.renames import moved_labels, names_gone, renamed, without_columns

_COMPARISON = FieldComparison()
_OF_COLUMN_TEXTS = frozenset({"label", "description", "folder"})
NAME = "name"


def is_text(path: str) -> bool:
    """Whether the field is a text where an edit of somebody else can stand; ours is then remembered."""
    parts = path.split(".")
    if parts[0] == "columns":
        return len(parts) > 2 and parts[-1] in _OF_COLUMN_TEXTS
    return path in {NAME, "topic.Name", "topic.Description"}


def policy_of(path: str, policies: DriftPolicies) -> DriftPolicy:
    """The policy that settles somebody else's edit of a field of ours."""
    if is_text(path):
        return policies.description if path == NAME else policies.comments
    return policies.columns if path.startswith("columns.") else policies.parameters


def own_changes(before: Content, after: Content) -> tuple[FieldChange, ...]:
    """The fields of ours that differ."""
    return tuple(sorted(_COMPARISON.changes(_json(before.shown), _json(after.shown)), key=lambda change: change.path))


def foreign_changes(before: Content, after: Content) -> tuple[FieldChange, ...]:
    """What others made that differs; that it names columns by other labels is none of it."""
    names = moved_labels(before.labels, after.labels)
    then, now = renamed(dict(before.others), names), after.others
    return tuple(
        replace(change, path=f"parameters.{change.path}") for change in _COMPARISON.changes(_json(then), _json(now))
    )


def merged_over(live: Content, wanted: Content, last: Content | None) -> Content:
    """What is wanted, with what others made of what is there; what was ours of that goes where it is not wanted."""
    ours = granted_hashes(live.tags) | (granted_hashes(last.tags) if last is not None else frozenset())
    tags = {key: value for key, value in live.tags.items() if not key.startswith(TAG)}
    topic = wanted.topic
    foreign = _carried(live.foreign, live, wanted)
    if topic is not None and live.topic is not None:
        topic = _merged_topic(live, wanted, live.topic, topic, ours)
    return replace(
        wanted,
        grants=_merged_grants(live.grants, wanted.grants, ours),
        tags={**tags, **wanted.tags},
        topic=topic,
        foreign=foreign,
    )


def with_edits(
    last: Content | None, live: Content, wanted: Content, policies: DriftPolicies
) -> tuple[Content, tuple[FieldChange, ...]]:
    """What is wanted, with the texts of others that the policies let stand; and which these are."""
    if last is None:
        return wanted, ()
    ours, there, then = {**last.texts, **last.beside}, live.texts, wanted.texts
    stays = {
        path: there[path]
        for path in then
        if path in there
        and path in ours
        and there[path] not in {ours[path], then[path]}
        and policy_of(path, policies) is not DriftPolicy.OVERWRITE
    }
    kept = tuple(FieldChange(path, then[path], text) for path, text in stays.items())
    beside = {path: then[path] for path in stays}
    return replace(wanted.with_texts(stays), beside=beside), kept


def _merged_grants(there: Grants, wanted: Grants, ours: frozenset[str]) -> Grants:
    return {**{who: role for who, role in there.items() if short_hash(who) not in ours}, **wanted}


def _carried(foreign: Mapping[str, JsonValue], live: Content, wanted: Content) -> Mapping[str, JsonValue]:
    """What others made, with the names that columns have then."""
    if not foreign:
        return foreign
    names = moved_labels(live.labels, wanted.labels)
    kept = {column.name for column in wanted.columns}
    gone = frozenset(label for name, label in live.labels.items() if name not in kept)
    new = [column.label for column in wanted.columns if column.name not in live.labels]
    said: dict[str, Any] = dict(foreign)
    transforms = [each for each in said.pop("Transforms", ()) if not names_gone(each, gone)]
    renamed_rest = renamed(without_columns(said, gone), names)
    assert isinstance(renamed_rest, dict)
    rest: dict[str, JsonValue] = {**renamed_rest}
    shown: list[JsonValue] = [_showing(renamed(without_columns(each, gone), names), new) for each in transforms]
    return {**rest, **({"Transforms": shown} if shown else {})}


def _showing(transform: JsonValue, new: Iterable[str]) -> JsonValue:
    """A transform of others that chooses columns lets new ones through."""
    match transform:
        case {"ProjectOperation": dict(said)}:
            names = said.get("ProjectedColumns")
            shown: list[JsonValue] = [*names, *new] if isinstance(names, list) else [*new]
            return {"ProjectOperation": {**said, "ProjectedColumns": shown}}
        case _:
            return transform


def _merged_topic(live: Content, wanted: Content, there: Topic, topic: Topic, ours: frozenset[str]) -> Topic:
    names = moved_labels(live.labels, wanted.labels)
    theirs = {column.name: column.foreign for column in there.columns}
    columns = tuple(replace(each, foreign=theirs.get(each.name, {})) for each in topic.columns)
    foreign = renamed(dict(there.foreign), names)
    assert isinstance(foreign, dict)
    return replace(topic, columns=columns, grants=_merged_grants(there.grants, topic.grants, ours), foreign=foreign)


def _json(said: JsonValue | Mapping[str, JsonValue]) -> bytes:
    return canonical_json(said)
