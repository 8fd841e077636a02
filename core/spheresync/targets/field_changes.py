"""Field-level differences between two bodies of one target object, and how much they matter to its readers.

Bodies are canonical JSON of the target's own request shape. A list of objects that carry `Name` is compared by that
name, so that a moved column reads as an order, not as twenty changes. A target's design says what is special in its
shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spheresync.model import FieldChange, JsonValue, Severity
from spheresync.model.json_document import read_own_json


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """Compares bodies of one shape, field by field.

    `ignored`: paths whose changes tell a reader nothing. `folded`: members of the body that a path leaves out.
    """

    ignored: frozenset[str] = frozenset()
    folded: frozenset[str] = frozenset()

    def changes(self, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
        """Every field that differs, in path order; an absent side counts as an empty object."""
        old: JsonValue = read_own_json(before) if before else {}
        new: JsonValue = read_own_json(after) if after else {}
        return tuple(sorted(self._walk("", old, new), key=lambda change: change.path))

    def _walk(self, path: str, before: JsonValue, after: JsonValue) -> Iterator[FieldChange]:
        if before == after or path in self.ignored:
            return
        if isinstance(before, dict | None) and isinstance(after, dict | None) and (path == "" or (before and after)):
            yield from self._walk_object(path, before or {}, after or {})
        elif _named(before) and _named(after):
            yield from self._walk_named(path, before, after)
        else:
            yield FieldChange(path, before, after)

    def _walk_object(
        self, path: str, before: dict[str, JsonValue], after: dict[str, JsonValue]
    ) -> Iterator[FieldChange]:
        for key in sorted(before.keys() | after.keys()):
            yield from self._walk(self._child(path, key), before.get(key), after.get(key))

    def _walk_named(self, path: str, before: JsonValue, after: JsonValue) -> Iterator[FieldChange]:
        old, new = _by_name(before), _by_name(after)
        for name in sorted(old.keys() | new.keys()):
            if name in old and name in new:
                yield from self._walk(f"{path}.{name}", old[name], new[name])
            else:
                yield FieldChange(f"{path}.{name}", _essence(old.get(name)), _essence(new.get(name)))
        kept_old = [name for name in old if name in new]
        kept_new = [name for name in new if name in old]
        if kept_old != kept_new:
            order_before: list[JsonValue] = [*kept_old]
            order_after: list[JsonValue] = [*kept_new]
            yield FieldChange(f"{path}.order", order_before, order_after)

    def _child(self, path: str, key: str) -> str:
        if path == "" and key in self.folded:
            return path
        is_member = path == "" or (path.startswith("columns.") and path.count(".") == 1)
        spelled = key[:1].lower() + key[1:] if is_member else key
        return f"{path}.{spelled}" if path else spelled


def _essence(member: JsonValue) -> JsonValue:
    """Of a column that comes or goes its type says enough; the whole is in the body."""
    return member.get("Type", member) if isinstance(member, dict) else member


def _named(value: JsonValue) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) and "Name" in item for item in value)


def _by_name(value: JsonValue) -> dict[str, JsonValue]:
    assert isinstance(value, list)
    return {str(item["Name"]): item for item in value if isinstance(item, dict)}


def severity_of(changes: tuple[FieldChange, ...]) -> Severity:
    """The worst of the changes: a lost column or another type breaks readers, a new column adds, a label fits."""
    worst = Severity.NONE
    order = list(Severity)
    for change in changes:
        worst = max(worst, _severity(change), key=order.index)
    return worst


def moves_columns(changes: tuple[FieldChange, ...]) -> bool:
    """Whether any of the changes adds, takes away or retypes a column, whatever else there is."""
    return any(_severity(change) in {Severity.BREAKING, Severity.ADDITIVE} for change in changes)


def _severity(change: FieldChange) -> Severity:
    parts = change.path.split(".")
    if parts[0] == "columns" and len(parts) == 2 and parts[1] != "order":
        return Severity.BREAKING if change.after is None else Severity.ADDITIVE
    if parts[0] == "columns" and parts[-1] == "type" and len(parts) == 3:
        return Severity.BREAKING
    return Severity.COMPATIBLE
