"""Merge what should be there into a data set and its topic as they are: what others made survives. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import FieldChange, JsonValue, canonical_json
from spheresync.targets.field_changes import FieldComparison
from spheresync.targets.quicksight.content import (
    LEFT_BEHIND,
    TAG,
    Content,
    Grants,
    Topic,
    granted_hashes,
    of_others,
    short_hash,
)
from spheresync.targets.quicksight.renames import moved_labels, names_gone, readers_of, renamed, without_columns

_COMPARISON = FieldComparison()
_OF_COLUMN_TEXTS = frozenset({"label", "description", "folder"})
NAME = "name"
_BEFORE_OURS = frozenset({"Source"})
"""What of others is done before our columns get their labels, so that it names them as the table does."""


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
    """What is wanted, with what others made of what is there; what was ours of that goes where it is not wanted.

    What is wanted was planned over what others had made by then: of theirs only what is there now counts.
    """
    wanted = wanted.ours
    ours = granted_hashes(live.tags) | (granted_hashes(last.tags) if last is not None else frozenset())
    tags = {key: value for key, value in live.tags.items() if not key.startswith(TAG)}
    foreign = _carried(live.foreign, live, wanted)
    return replace(
        wanted,
        grants=_merged_grants(live.grants, wanted.grants, ours),
        tags={**tags, **wanted.tags},
        topic=_merged_topic(live, wanted, last, ours),
        foreign=foreign,
    )


def with_edits(
    last: Content | None, live: Content, wanted: Content, policies: DriftPolicies
) -> tuple[Content, tuple[FieldChange, ...]]:
    """What is wanted, with the texts of others that the policies let stand; and which these are.

    What is wanted may have gone through this when it was planned: what was to stay then stays while it is there.
    """
    if last is None:
        return wanted, ()
    left = {path: text for path, text in wanted.texts.items() if path in wanted.beside}
    wanted = replace(wanted.with_texts(wanted.beside), beside={})
    ours, there, then = {**last.texts, **last.beside}, live.texts, wanted.texts
    stays = {
        path: there[path]
        for path in then
        if path in there
        and path in ours
        and there[path] != then[path]
        and (there[path] != ours[path] or there[path] == left.get(path))
        and policy_of(path, policies) is not DriftPolicy.OVERWRITE
    }
    kept = tuple(FieldChange(path, then[path], text) for path, text in stays.items())
    beside = {path: then[path] for path in stays}
    return replace(wanted.with_texts(stays), beside=beside), kept


def _merged_grants(there: Grants, wanted: Grants, ours: frozenset[str]) -> Grants:
    return {**{who: role for who, role in there.items() if short_hash(who) not in ours}, **wanted}


def columns_gone(live: Content, wanted: Content) -> frozenset[str]:
    """What people saw of columns that are gone; a name that another column has now is none of it."""
    kept, still = {column.name for column in wanted.columns}, {*wanted.labels.values()}
    return frozenset(label for name, label in live.labels.items() if name not in kept and label not in still)


def broken_by(live: Content, wanted: Content) -> tuple[str, ...]:
    """What others made that reads columns which are gone: it cannot stay, and is not ours to take away."""
    gone = columns_gone(live, wanted)
    if not gone:
        return ()
    said = {key: value for key, value in wanted.foreign.items() if key not in _BEFORE_OURS}
    return tuple(dict.fromkeys(readers_of(said, gone)))


def _carried(foreign: Mapping[str, JsonValue], live: Content, wanted: Content) -> Mapping[str, JsonValue]:
    """What others made, with the names that columns have then."""
    if not foreign:
        return foreign
    names = moved_labels(live.labels, wanted.labels)
    gone = columns_gone(live, wanted)
    new = [column.label for column in wanted.columns if column.name not in live.labels]
    said: dict[str, Any] = dict(foreign)
    transforms = [each for each in said.pop("Transforms", ()) if not names_gone(each, gone)]
    as_it_is: dict[str, JsonValue] = {key: said.pop(key) for key in _BEFORE_OURS if key in said}
    renamed_rest = renamed(without_columns(said, gone), names)
    assert isinstance(renamed_rest, dict)
    rest: dict[str, JsonValue] = {**as_it_is, **renamed_rest}
    members = rest.get("Members")
    if isinstance(members, dict):
        rest["Members"] = {key: value for key, value in members.items() if value}
    shown: list[JsonValue] = [_showing(renamed(without_columns(each, gone), names), new) for each in transforms]
    return {**rest, **({"Transforms": shown} if shown else {})}


def _showing(transform: JsonValue, new: Iterable[str]) -> JsonValue:
    """A transform of others that chooses columns lets new ones through."""
    match transform:
        case {"ProjectOperation": dict(said)}:
            names = said.get("ProjectedColumns")
            there = names if isinstance(names, list) else []
            shown: list[JsonValue] = [*there, *(each for each in new if each not in there)]
            return {"ProjectOperation": {**said, "ProjectedColumns": shown}}
        case _:
            return transform


def _merged_topic(live: Content, wanted: Content, last: Content | None, ours: frozenset[str]) -> Topic | None:
    """The topic that is wanted, with what others made of the one that is there.

    Where somebody named a column of the data set anew, the topic still goes by the name from before.
    """
    there, topic = live.topic, wanted.topic
    if there is None or topic is None:
        return topic
    former = former_labels(live, last)
    moved = {label: wanted.labels[name] for label, name in former.items() if wanted.labels.get(name, label) != label}
    names = {**moved, **moved_labels(live.labels, wanted.labels)}
    said: dict[str, Any] = dict(there.foreign)
    by_label = {**{label: name for name, label in wanted.labels.items()}, **former}
    left_behind = {by_label.get(each["ColumnName"], ""): of_others(each) for each in said.pop(LEFT_BEHIND, ())}
    theirs = left_behind | {column.name: column.foreign for column in there.columns}
    columns = tuple(replace(each, foreign=theirs.get(each.name, {})) for each in topic.columns)
    foreign = renamed(said, names)
    assert isinstance(foreign, dict)
    return replace(topic, columns=columns, grants=_merged_grants(there.grants, topic.grants, ours), foreign=foreign)


def former_labels(live: Content, last: Content | None) -> Mapping[str, str]:
    """Columns by labels that they had when they were written last, and have no more."""
    if last is None:
        return {}
    shown = {*live.labels.values()}
    before = {**last.former, **{label: name for name, label in last.labels.items()}}
    return {label: name for label, name in before.items() if label not in shown}


def left_by(last: Content, written: Content, live: Content) -> Content:
    """What counts as written where writes that failed have come as far as the data set, and its topic is as before.

    Args:
        last: what was written last, before they were tried.
        written: the same with what stands there of them.
        live: what stands there.
    """
    former = {**last.former, **{label: name for name, label in last.labels.items()}}
    written = replace(
        written, former={label: name for label, name in former.items() if label not in live.labels.values()}
    )
    if written.topic is None or live.topic is None or LEFT_BEHIND not in live.topic.foreign:
        return written
    behind = cast("list[Mapping[str, str]]", live.topic.foreign[LEFT_BEHIND])
    ours = {written.former.get(each["ColumnName"]) for each in behind} - {each.name for each in live.topic.columns}
    columns = tuple(each for each in written.topic.columns if each.name not in ours)
    foreign = {**written.topic.foreign, LEFT_BEHIND: live.topic.foreign[LEFT_BEHIND]}
    return replace(written, topic=replace(written.topic, columns=columns, foreign=foreign))


def _json(said: JsonValue | Mapping[str, JsonValue]) -> bytes:
    return canonical_json(said)
