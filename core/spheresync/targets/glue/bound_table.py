"""What is written onto a table that others made, and how it is put there and taken back again. Pure.

Ours are the parameters under our prefix, and a description or comment that stood empty. All else is theirs and passes
through as it is: columns, types, location, format, partition keys, other parameters (an Iceberg table lives by
`metadata_location`). Two notes of ours tell texts apart. `spheresync.beside-comment` holds our comment where theirs was
there first: that one is never written over. `spheresync.own-comment` holds ours where somebody has edited it and the
drift policy lets the edit stand, as in a table of our own.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.mapping.rules import Decision
from spheresync.model import Asset, AssetId, DesiredObject, FieldChange, LiveObject, PhysicalName, canonical_json
from spheresync.model.json_document import read_own_json
from spheresync.targets.design_values import Merged
from spheresync.targets.glue.bound_columns import findings_of, match_columns
from spheresync.targets.glue.same_columns import same_as_wanted, same_as_written
from spheresync.targets.glue.table_input import (
    BESIDE_TEXT,
    BOUND_BY,
    COLUMN_NAME,
    FINGERPRINT,
    NAME_BEFORE,
    NOTES,
    OWN_TEXT,
    PREFIX,
    QUERYABLE,
    SOURCE,
    STOOD_BEFORE,
    asset_parameters,
    column_parameters,
    columns_of,
    description_of,
    fingerprint_of,
    is_annotated,
    is_bound,
    physical_columns,
)

_NOBODY = ""
"""Who has bound a table from which what is ours is to be taken back."""

_NOTES = frozenset({FINGERPRINT, NAME_BEFORE, STOOD_BEFORE, *NOTES})
"""Parameters of ours that say something of the others, and of what was there before."""

Table: TypeAlias = dict[str, Any]


def may_be_bound(body: bytes) -> bool:
    """Whether a body may be one of a bound table; cheap, for the many that are not."""
    return f'"{BOUND_BY}"'.encode() in body


def annotate(asset: Asset, decision: Decision, live: LiveObject, marker: str) -> DesiredObject:
    """What is to stand of an asset on a table as it is now: only what is ours of it."""
    columns = physical_columns(asset, decision)
    asset = asset.narrowed_to(tuple(physical.column for physical in columns))
    said: Table = {
        "Parameters": {**dict(asset_parameters(asset, decision)), BOUND_BY: marker, QUERYABLE: "true"},
        "StorageDescriptor": {
            "Columns": [
                {
                    "Name": there["Name"],
                    "Parameters": column_parameters(physical.column, decision),
                    **({"Comment": physical.comment} if physical.comment else {}),
                }
                for physical, there in match_columns(columns, read_own_json(live.body)).pairs
            ]
        },
    }
    if text := description_of(asset, decision):
        said["Description"] = text
    return _finished(said, live.container, live.name)


def nothing_of_ours(database: PhysicalName, table: PhysicalName) -> DesiredObject:
    """What stands of an asset on a table from which it is taken back."""
    return _finished({"Parameters": {BOUND_BY: _NOBODY}}, database, table)


def _finished(said: Table, database: PhysicalName, table: PhysicalName) -> DesiredObject:
    said["Parameters"][FINGERPRINT] = digest = fingerprint_of(said)
    return DesiredObject(database, table, canonical_json({**said, "Name": table}), digest)


def takes_back(desired: bytes) -> bool:
    """Whether nothing of ours is to be left on the table."""
    return bool(_parameters(read_own_json(desired)).get(BOUND_BY) == _NOBODY)


def findings(asset: Asset, decision: Decision, live_body: bytes) -> tuple[str, ...]:
    """What of an asset and of the table that it is bound to does not fit together."""
    return tuple(findings_of(match_columns(physical_columns(asset, decision), read_own_json(live_body))))


def foreign_because(live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None) -> str | None:
    """Why nothing may be written onto a table; None where it may.

    Whoever made the table may make it anew or take our parameters away: it is still the one that the rule names.
    """
    wrote = _parameters(read_own_json(last_body)) if last_body is not None else {}
    if live.owner is not None:
        return f"is managed by {live.owner}"
    if live.unwritable is not None:
        return f"holds {live.unwritable}, which AWS Glue tells and does not take back, so an update would lose it"
    if live.bound_by in {None, _NOBODY}:
        return None
    if live.bound_by not in {marker, wrote.get(BOUND_BY)}:
        return f"is bound by {live.bound_by}"
    if live.source not in {None, str(asset), wrote.get(SOURCE)}:
        return f"is bound to {live.source}"
    return None


def merge(last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
    """Put onto a table what should stand there of an asset, or take it back; all that is theirs stays.

    Args:
        last_written: the body that we wrote last, None where that is not known.
        live: the table as it is.
        desired: what should stand there of ours.
        policies: what becomes of other people's edits of our texts.
    """
    there: Table = read_own_json(live)
    wanted: Table = read_own_json(desired)
    base = _base(last_written)
    if takes_back(desired):
        return Merged(canonical_json(_without_ours(base, there)), (), ())
    kept: list[FieldChange] = []
    table_text = _Text("Description", "description", policies.description, kept)
    body = table_text.merged(base, there, wanted)
    body["Parameters"][FINGERPRINT] = _parameters(wanted)[FINGERPRINT]
    columns = []
    for column, said, known in zip(
        columns_of(there), same_as_wanted(there, wanted), same_as_written(there, base), strict=True
    ):
        if said is None or not is_annotated(said):
            columns.append(_holder_without_ours(known, column, "Comment"))
            continue
        comment = _Text("Comment", f"columns.{column['Name']}.comment", policies.comments, kept)
        columns.append(comment.merged(known, column, said))
    _put_columns(body, columns)
    return Merged(canonical_json(body), tuple(kept), moved_fields(base, there) if base is not None else ())


@dataclass(frozen=True, slots=True)
class _Text:
    """A text of ours: where it stands, how changes name it, what becomes of an edit of it, and where that is noted."""

    key: str
    path: str
    policy: DriftPolicy
    kept: list[FieldChange]

    def merged(self, base: Mapping[str, Any] | None, live: Mapping[str, Any], wanted: Mapping[str, Any]) -> Table:
        """A table or column with our parameters and, where its place is empty or ours, our text."""
        parameters = {**_foreign(live), **_our_parameters(wanted), **_named_before(base, live)}
        stood = _stood_before(base, live, self.key)
        if stood:
            parameters[STOOD_BEFORE] = canonical_json(stood).decode()
        merged: Table = {**copy.deepcopy(dict(live)), "Parameters": parameters}
        theirs, ours = live.get(self.key) or "", _our_text(wanted, self.key)
        place = self._beside(base, live, wanted)
        if place is not None:
            merged["Parameters"][place] = ours
            if place == OWN_TEXT[self.key] and theirs != ours:
                self.kept.append(FieldChange(self.path, ours, theirs))
        elif ours:
            merged[self.key] = ours
        elif theirs:
            merged.pop(self.key)
            merged |= {self.key: stood[self.key]} if self.key in stood else {}
        return merged

    def _beside(self, base: Mapping[str, Any] | None, live: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
        """The parameter in which ours is noted, since theirs stays; None where ours goes into its place."""
        theirs, beside, own = live.get(self.key) or "", BESIDE_TEXT[self.key], OWN_TEXT[self.key]
        overwrite = self.policy is DriftPolicy.OVERWRITE
        if not theirs:
            return None
        if theirs == wanted.get(self.key):  # a plan that read the same text may have decided that it stays
            if beside in _parameters(wanted):
                return beside
            if own in _parameters(wanted) and not overwrite:
                return own
        if not _was_ours(base, live, self.key):
            return beside
        return own if _is_edited(base, live, self.key) and not overwrite else None


def with_own_texts(body: bytes) -> bytes:
    """A body with our texts in their places where it notes them, since somebody has edited those and the policy let
    that stand: so the edit is known as one."""
    table: Table = read_own_json(body)
    _put_own_text(table, "Description")
    columns = columns_of(table)
    for column in columns:
        _put_own_text(column, "Comment")
    _put_columns(table, columns)
    return canonical_json(table)


def _put_own_text(holder: Table, key: str) -> None:
    if OWN_TEXT[key] not in _parameters(holder):
        return
    holder["Parameters"] = dict(_parameters(holder))
    if ours := holder["Parameters"].pop(OWN_TEXT[key]):
        holder[key] = ours
    else:
        holder.pop(key, None)


def _was_ours(base: Mapping[str, Any] | None, live: Mapping[str, Any], key: str) -> bool:
    """Whether the place of a text was ours before, so that what stands there is ours or an edit of it."""
    if base is None or not _is_marked(base):
        return False
    return not (BESIDE_TEXT[key] in _parameters(live) or BESIDE_TEXT[key] in _parameters(base))


def _is_edited(base: Mapping[str, Any] | None, live: Mapping[str, Any], key: str) -> bool:
    """Whether a text that was ours is somebody else's by now."""
    if OWN_TEXT[key] in _parameters(live) or (base is not None and OWN_TEXT[key] in _parameters(base)):
        return True
    return base is not None and (live.get(key) or "") != (base.get(key) or "")


def _is_marked(holder: Mapping[str, Any]) -> bool:
    """Whether a table or column carries anything of ours."""
    return is_bound(holder) or is_annotated(holder)


def _without_ours(base: Table | None, live: Table) -> Table:
    """A table from which all that is ours was taken; a text that somebody has edited is his by now."""
    body = _holder_without_ours(base, live, "Description")
    both = zip(same_as_written(live, base), columns_of(live), strict=True)
    _put_columns(body, [_holder_without_ours(known, column, "Comment") for known, column in both])
    return body


def _holder_without_ours(base: Mapping[str, Any] | None, live: Mapping[str, Any], key: str) -> Table:
    left: Table = copy.deepcopy(dict(live))
    stood = _stood_before(base, live, key)
    if live.get(key) and _was_ours(base, live, key) and not _is_edited(base, live, key):
        del left[key]
        left |= {key: stood[key]} if key in stood else {}
    parameters, foreign = _parameters(live), {**_foreign(live), **stood.get("Parameters", {})}
    if before := _named_before(base, live):
        foreign[COLUMN_NAME] = before[NAME_BEFORE]
    if foreign != parameters:
        left["Parameters"] = foreign
        if not foreign and "Parameters" not in stood:
            del left["Parameters"]
    return left


def _stood_before(base: Mapping[str, Any] | None, live: Mapping[str, Any], key: str) -> Table:
    """What of a table or column would be lost below what is ours: members that hold nothing, and its owner's parameters
    under our prefix, but for the name that he gives a column. As it was noted, where anything of ours stands there.
    """
    there = _parameters(live)
    if _is_marked(live):
        return _noted(there.get(STOOD_BEFORE))
    left_of_ours = _parameters(base) if base is not None and _is_marked(base) else {}
    own = {
        name: value
        for name, value in there.items()
        if name.startswith(PREFIX) and name != COLUMN_NAME and name not in _NOTES and left_of_ours.get(name) != value
    }
    stood: Table = {key: ""} if live.get(key) == "" else {}
    return {**stood, "Parameters": own} if own or live.get("Parameters") == {} else stood


def _noted(note: str | None) -> Table:
    """A note as it was written; what somebody made of it that is none says nothing."""
    try:
        said = read_own_json(note.encode()) if note is not None else {}
    except ValueError:
        return {}
    said = said if isinstance(said, dict) else {}
    parameters = said.get("Parameters", {})
    is_one = isinstance(parameters, dict) and all(isinstance(value, str) for value in parameters.values())
    return said if is_one and all(said[key] == "" for key in said if key != "Parameters") else {}


def _named_before(base: Mapping[str, Any] | None, live: Mapping[str, Any]) -> dict[str, str]:
    """The note of what the owner calls a column, where he had said so before anything of ours was on it."""
    there = _parameters(live)
    if NAME_BEFORE in there:
        return {NAME_BEFORE: there[NAME_BEFORE]}
    if base is not None and _is_marked(base):
        return {}
    return {NAME_BEFORE: there[COLUMN_NAME]} if COLUMN_NAME in there else {}


def restored(before: bytes, after: bytes, live: bytes) -> bytes:
    """A table with what is ours as it was before a write of ours; what others did to theirs since stays."""
    then: Table = read_own_json(before)
    wrote: Table = read_own_json(after)
    there: Table = read_own_json(live)
    body = _holder_restored(then, wrote, there, "Description")
    columns: list[Mapping[str, Any]] = []
    for column, former, written in zip(
        columns_of(there), same_as_written(there, then), same_as_written(there, wrote), strict=True
    ):
        if former is None or written is None:
            columns.append(column)
        else:
            columns.append(_holder_restored(former, written, column, "Comment"))
    _put_columns(body, columns)
    return canonical_json(body)


def _holder_restored(then: Mapping[str, Any], wrote: Mapping[str, Any], live: Mapping[str, Any], key: str) -> Table:
    body: Table = copy.deepcopy(dict(live))
    if (then.get(key) or "") != (wrote.get(key) or ""):
        body.pop(key, None)
        if key in then:
            body[key] = then[key]
    ours = {name: value for name, value in _parameters(then).items() if name.startswith(PREFIX)}
    body["Parameters"] = {**_foreign(live), **ours}
    if not body["Parameters"] and "Parameters" not in then:
        del body["Parameters"]
    return body


def moved_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Our fields that differ between two bodies; a column that is in one of them only is its owner's affair."""
    return tuple(_differences(before, after, in_place=True))


def own_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """As `moved_fields`, with every text of what carries anything of ours, whoever's it is."""
    return tuple(_differences(before, after, in_place=False))


def edited_since(before: bytes, after: bytes, live: bytes) -> tuple[str, ...]:
    """What somebody has changed since a write of ours that its undo would write over: of our fields, and of the texts
    that the write put there or took away."""
    then, wrote, there = (read_own_json(body) for body in (before, after, live))
    edited = [*_texts_since(then, wrote, there, "Description", "description")]
    edited += [change.path for change in _moved_parameters("parameters", wrote, there)]
    for column, former, written in zip(
        columns_of(there), same_as_written(there, then), same_as_written(there, wrote), strict=True
    ):
        if former is None or written is None:
            continue
        path = f"columns.{column['Name']}"
        edited += _texts_since(former, written, column, "Comment", f"{path}.comment")
        edited += [change.path for change in _moved_parameters(f"{path}.parameters", written, column)]
    return tuple(edited)


def _texts_since(
    then: Mapping[str, Any], wrote: Mapping[str, Any], there: Mapping[str, Any], key: str, path: str
) -> Iterator[str]:
    before, after, now = (holder.get(key) or "" for holder in (then, wrote, there))
    if after not in {before, now}:
        yield path


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], *, in_place: bool) -> Iterator[FieldChange]:
    """`in_place`: of texts those only that were ours in `before`."""
    yield from _moved_text(before, after, "Description", "description", in_place=in_place)
    yield from _moved_parameters("parameters", before, after)
    for now, then in zip(columns_of(after), same_as_written(after, before), strict=True):
        if then is None or not (_is_marked(then) or _is_marked(now)):
            continue
        path = f"columns.{now['Name']}"
        yield from _moved_text(then, now, "Comment", f"{path}.comment", in_place=in_place)
        yield from _moved_parameters(f"{path}.parameters", then, now)


def _moved_text(
    before: Mapping[str, Any], after: Mapping[str, Any], key: str, path: str, *, in_place: bool
) -> list[FieldChange]:
    if in_place and not (_is_marked(before) and NOTES.isdisjoint(_parameters(before))):
        return []
    then, now = before.get(key) or "", after.get(key) or ""
    return [FieldChange(path, before.get(key), after.get(key))] if then != now else []


def _moved_parameters(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    then, now = _our_parameters(before), _our_parameters(after)
    return [
        FieldChange(f"{path}.{key}", then.get(key), now.get(key))
        for key in sorted(then.keys() | now.keys())
        if then.get(key) != now.get(key)
    ]


def is_iceberg(body: bytes) -> bool:
    """Whether an Iceberg table, whose writers keep versions of their own and spare those of Glue."""
    parameters = _parameters(read_own_json(body))
    return str(parameters.get("table_type", "")).casefold() == "iceberg"


def _base(last_written: bytes | None) -> Table | None:
    """What we wrote last; of a table that we had not bound then nothing is ours."""
    if last_written is None:
        return None
    base: Table = read_own_json(last_written)
    return base if is_bound(base) else None


def _our_parameters(holder: Mapping[str, Any]) -> dict[str, str]:
    """Our parameters, less the notes."""
    return {
        name: value for name, value in _parameters(holder).items() if name.startswith(PREFIX) and name not in _NOTES
    }


def _foreign(holder: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in _parameters(holder).items() if not name.startswith(PREFIX)}


def _our_text(holder: Mapping[str, Any], key: str) -> str:
    parameters = _parameters(holder)
    beside = next((parameters[place] for place in (OWN_TEXT[key], BESIDE_TEXT[key]) if place in parameters), None)
    return str(holder.get(key) or "") if beside is None else str(beside)


def _parameters(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    return holder.get("Parameters") or {}


def _put_columns(body: Table, columns: Sequence[Mapping[str, Any]]) -> None:
    if columns:
        body["StorageDescriptor"] = {**body["StorageDescriptor"], "Columns": [*columns]}
