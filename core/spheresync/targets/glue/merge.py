"""Three-way merge of a table: what was last written, what is there now, what should be there.

Our fields are ours. Foreign parameters and members survive whatever we do. A description or comment that somebody
edited follows the drift policy: `overwrite` writes ours again; `keep` and `report` let it stand and name it. Our own
text then goes into a parameter beside it, which tells every later merge that the text in its place is not ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.mapping.texts import several_lines
from spheresync.model import FieldChange, JsonValue, canonical_json
from spheresync.model.json_document import read_own_json
from spheresync.targets.design_values import Merged
from spheresync.targets.glue.table_input import (
    OURS_OF_A_COLUMN,
    OURS_OF_A_TABLE,
    OWN_TEXT,
    RETIRED_MARK,
    columns_of,
    holds_what_was_written,
    is_own,
    own_parameters,
    own_text,
    place_of_own_text,
)


def merge(last_written: bytes | None, live: Mapping[str, Any], desired: bytes, policy: DriftPolicies) -> Merged:
    """Merge what should be there into what is there.

    Args:
        last_written: the body that we wrote last, None where that is not known.
        live: the table as it is, as a TableInput.
        desired: the body that should be there.
        policy: what becomes of other people's edits.
    """
    base: dict[str, Any] | None = read_own_json(last_written) if last_written is not None else None
    # A table whose digest fits holds what we wrote, if not last: nobody has edited its texts, whatever ours were since.
    written = live if holds_what_was_written(live) else base
    wanted: dict[str, Any] = read_own_json(desired)
    kept: list[FieldChange] = []
    # A plan carries what others had put there at the last write; what stands now is theirs to say.
    body = _with_ours(live, wanted, OURS_OF_A_TABLE, "Description")
    body["Parameters"] = _merged_parameters(live, wanted)
    description = _Text("Description", "description", policy.description)
    description.merge(body, base=written, live=live, wanted=wanted, kept=kept)
    body["StorageDescriptor"] = {
        **(live.get("StorageDescriptor") or {}),
        "Columns": _merged_columns(written, live, wanted, policy, kept),
    }
    return Merged(canonical_json(body), tuple(kept), moved_fields(base, live))


def is_text(path: str) -> bool:
    """Whether the field is a description or comment, where an edit of somebody else can stand beside ours."""
    if path == "description":
        return True
    return path.startswith("columns.") and path.endswith(".comment") and ".parameters." not in path


def policy_of(path: str, policies: DriftPolicies) -> DriftPolicy:
    """The policy that settles somebody else's edit of a field of ours, by its path as in a field change."""
    if is_text(path):
        return policies.description if path == "description" else policies.comments
    return policies.columns if path.startswith("columns.") else policies.parameters


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that people may edit by hand: where it stands, how changes name it, whose word counts."""

    key: str
    path: str
    policy: DriftPolicy

    def merge(
        self,
        holder: dict[str, Any],
        *,
        base: Mapping[str, Any] | None,
        live: Mapping[str, Any],
        wanted: Mapping[str, Any],
        kept: list[FieldChange],
    ) -> None:
        """Put the live text into `holder` where it was edited and the policy lets it stand."""
        there, ours = live.get(self.key) or "", wanted.get(self.key) or ""
        theirs = there.removeprefix(RETIRED_MARK)
        # Where the base holds somebody else's text, ours stands beside it, and whoever took ours away changed nothing.
        edited = base is not None and there != own_text(base, self.key)
        edited = edited or place_of_own_text(live, self.key) is not None
        if not edited or theirs == ours or self.policy is DriftPolicy.OVERWRITE:
            return
        # A retirement is marked on whatever text stands there, and unmarked when the asset comes back.
        text = several_lines(RETIRED_MARK + theirs) if ours.startswith(RETIRED_MARK.rstrip()) else theirs
        kept.append(FieldChange(self.path, ours, text))
        holder["Parameters"][OWN_TEXT[self.key]] = own_text(wanted, self.key)
        if text:
            holder[self.key] = text
        else:
            holder.pop(self.key, None)


def _with_ours(live: Mapping[str, Any], wanted: Mapping[str, Any], ours: Collection[str], text: str) -> dict[str, Any]:
    """What is there with what is ours of what is wanted; our text goes where none is wanted."""
    rest = {key: value for key, value in live.items() if key != text}
    return {**rest, **{key: wanted[key] for key in (*ours, text) if key in wanted}}


def _merged_parameters(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, str]:
    theirs = {key: value for key, value in (live.get("Parameters") or {}).items() if not is_own(key)}
    ours = {key: value for key, value in (wanted.get("Parameters") or {}).items() if is_own(key)}
    return {**ours, **theirs}


def _merged_columns(
    base: Mapping[str, Any] | None,
    live: Mapping[str, Any],
    wanted: Mapping[str, Any],
    policy: DriftPolicies,
    kept: list[FieldChange],
) -> list[dict[str, Any]]:
    known = _by_name(base) if base is not None else None
    there = _by_name(live)
    columns = []
    for column in columns_of(wanted):
        name = column["Name"]
        current = there.get(name)
        if current is None:
            columns.append(column)
            continue
        merged = _with_ours(current, column, OURS_OF_A_COLUMN, "Comment")
        before = known.get(name, {}) if known is not None else None
        comment = _Text("Comment", f"columns.{name}.comment", policy.comments)
        merged["Parameters"] = _merged_parameters(current, column)
        comment.merge(merged, base=before, live=current, wanted=column, kept=kept)
        columns.append(merged)
    if policy.columns is not DriftPolicy.OVERWRITE:
        ours = {column["Name"] for column in columns_of(wanted)} | (known or {}).keys()
        for name, column in there.items():
            if name not in ours:
                kept.append(FieldChange(f"columns.{name}", None, column))
                columns.append(column)
    return columns


def moved_fields(base: Mapping[str, Any] | None, live: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Our fields that differ between what we wrote and what is there."""
    if base is None:
        return ()
    moved = []
    for key, path in (("Description", "description"), ("TableType", "tableType")):
        if (base.get(key) or "") != (live.get(key) or ""):
            moved.append(FieldChange(path, base.get(key), live.get(key)))
    moved += _moved_parameters("parameters", base, live)
    before, after = _by_name(base), _by_name(live)
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in before or name not in after:
            moved.append(FieldChange(f"columns.{name}", before.get(name), after.get(name)))
            continue
        for key, spelled in (("Type", "type"), ("Comment", "comment")):
            if (before[name].get(key) or "") != (after[name].get(key) or ""):
                path = f"columns.{name}.{spelled}"
                moved.append(FieldChange(path, before[name].get(key), after[name].get(key)))
        moved += _moved_parameters(f"columns.{name}.parameters", before[name], after[name])
    if [name for name in before if name in after] != [name for name in after if name in before]:
        moved.append(FieldChange("columns.order", [*before], [*after]))
    return tuple(moved)


def _moved_parameters(path: str, base: Mapping[str, Any], live: Mapping[str, Any]) -> list[FieldChange]:
    before, after = own_parameters(base), own_parameters(live)
    return [
        FieldChange(f"{path}.{key}", before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _by_name(table_input: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {column["Name"]: column for column in columns_of(table_input)}


def differences(last: JsonValue, live: JsonValue, path: str = "") -> tuple[str, ...]:
    """Where `live` differs from `last` in whatever field, except by members that AWS fills with empty values."""
    if isinstance(last, dict) and isinstance(live, dict):
        names = sorted(last.keys() | {name for name, value in live.items() if not _says_nothing(value)})
        pairs = ((name, last.get(name), live.get(name)) for name in names)
        return tuple(p for name, a, b in pairs for p in differences(a, b, f"{path}.{name}".lstrip(".")))
    if isinstance(last, list) and isinstance(live, list) and len(last) == len(live):
        pairs_at = enumerate(zip(last, live, strict=True))
        return tuple(p for index, (a, b) in pairs_at for p in differences(a, b, f"{path}[{index}]"))
    return () if last == live or (_says_nothing(last) and _says_nothing(live)) else (path,)


def _says_nothing(value: JsonValue) -> bool:
    """Whether AWS may have filled it in: empty, or members that all are (`SkewedInfo` of a table that has none)."""
    return all(map(_says_nothing, value.values())) if isinstance(value, dict) else not value
