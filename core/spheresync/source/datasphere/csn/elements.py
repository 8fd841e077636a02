"""Elements of one definition as columns and associations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from spheresync.model import UNTYPED, Association, Column, ColumnRole, JsonValue, TechnicalName, freeze_pairs
from spheresync.source.datasphere.csn.annotations import Annotations, annotations_of
from spheresync.source.datasphere.csn.budget import Budget
from spheresync.source.datasphere.csn.labels import Texts
from spheresync.source.datasphere.csn.semantics import aggregation_of, role_of, semantics_of
from spheresync.source.datasphere.csn.types import ASSOCIATIONS, Node, Types, own_type, source_type

_DEEP = 8
MOST_ELEMENTS = 20_000
"""Elements of one definition, as properties of an EDMX type; those that hold others count too."""
_OWN = frozenset({"$self", "$projection"})


class Element(NamedTuple):
    """One element with its custom types resolved; nested ones by their flattened names (`address_street`).

    `relation`: it is an association, so that it holds no data.
    """

    name: str
    node: Node
    annotations: Annotations
    relation: bool


def element(name: str, node: Node) -> Element:
    """An element of which all is resolved."""
    return Element(name, node, annotations_of(node), own_type(node) in ASSOCIATIONS)


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of one definition in document order, and the names of those of which no column can be made.

    Attributes:
        found: what holds data or leads elsewhere.
        malformed: elements that are no JSON objects.
        endless: structures that hold themselves, or others deeper than `_DEEP`.
    """

    found: list[Element] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    endless: list[str] = field(default_factory=list)


def elements_of(definition: Node, types: Types) -> Elements:
    """The elements with those of structures in their place; a structure that does not end gives none at all.

    Raises:
        SourceError: TOO_LARGE, with what is in each other.
    """
    read = Elements()
    budget = Budget(MOST_ELEMENTS, "The CSN gives it", "element")
    elements = definition.get("elements")
    for name, node in elements.items() if isinstance(elements, dict) else ():
        before = len(read.found)
        if not _flatten(name, node, types, (read, budget), ()):
            del read.found[before:]
            read.endless.append(name)
    return read


def _flatten(
    name: str, node: JsonValue, types: Types, into: tuple[Elements, Budget], within: tuple[JsonValue, ...]
) -> bool:
    """Add an element, or those of its structure; whether it ends. `within`: the structures that it is in."""
    read, budget = into
    if not isinstance(node, dict):
        read.malformed.append(name)
        return True
    budget.spend()
    resolved = types.resolved(node)
    inner = resolved.get("elements")
    if not isinstance(inner, dict):
        read.found.append(element(name, resolved))
        return True
    if len(within) == _DEEP or any(each is inner for each in within):
        return False
    return all(_flatten(f"{name}_{part}", each, types, into, (*within, inner)) for part, each in inner.items())


def read_column(element: Element, texts: Texts, *, others: ColumnRole = ColumnRole.ATTRIBUTE) -> Column:
    """An element that holds data; its type is `UNTYPED` where it has none of its own."""
    node, annotations = element.node, element.annotations
    key = node.get("key") is True
    aggregation = aggregation_of(annotations)
    return Column(
        TechnicalName(element.name),
        source_type(node) or UNTYPED,
        edm_property=element.name,
        key=key,
        nullable=not key and node.get("notNull") is not True,
        labels=texts.of(annotations),
        role=role_of(annotations, aggregation, key=key, others=others),
        aggregation=aggregation,
        semantics=semantics_of(annotations),
    )


def read_association(element: Element, texts: Texts, columns: AbstractSet[str]) -> Association | None:
    """An element that leads to another object; None where it names no target. `columns` are those of its own object."""
    node = element.node
    target = node.get("target")
    if not isinstance(target, str) or not target:
        return None
    named, exact = _pairs(element.name, node)
    pairs = tuple(pair for pair in named if pair[0] in columns)
    return Association(
        element.name,
        target,
        pairs,
        exact=exact and pairs == named,
        composition=own_type(node) == "cds.Composition",
        to_many=_to_many(node.get("cardinality")),
        labels=texts.of(element.annotations),
    )


def _to_many(cardinality: JsonValue) -> bool:
    most = cardinality.get("max") if isinstance(cardinality, dict) else None
    return most == "*" or (isinstance(most, int) and not isinstance(most, bool) and most > 1)


def _pairs(name: str, node: Node) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Own columns with those of the target, and whether the condition says nothing else."""
    condition = node.get("on")
    if isinstance(condition, list):
        return _equalities(name, condition)
    keys = node.get("keys")
    pairs = [
        (f"{name}_{as_name if isinstance(as_name := key.get('as'), str) else path[-1]}", path[-1])
        for key in (keys if isinstance(keys, list) else ())
        if isinstance(key, dict) and (path := ref_of(key))
    ]
    return tuple(pairs), bool(pairs)


def _equalities(name: str, condition: list[JsonValue]) -> tuple[tuple[tuple[str, str], ...], bool]:
    pairs: list[tuple[str, str]] = []
    exact = True
    tokens = [token for token in _flat(condition, _DEEP) if token not in ("(", ")")]
    for start in range(0, len(tokens), 4):
        term, joined = tokens[start : start + 3], tokens[start + 3 : start + 4]
        pair = _equality(name, term)
        if pair is None or joined not in ([], ["and"]):
            exact = False
        if pair is not None:
            pairs.append(pair)
    return tuple(dict.fromkeys(pairs)), exact and bool(pairs)


def _flat(condition: list[JsonValue], deep: int) -> Iterator[JsonValue]:
    for token in condition:
        inner = token.get("xpr") if isinstance(token, dict) else None
        if isinstance(inner, list) and deep:
            yield from _flat(inner, deep - 1)
        else:
            yield token.lower() if isinstance(token, str) else token


def _equality(name: str, term: list[JsonValue]) -> tuple[str, str] | None:
    if len(term) != 3 or term[1] != "=":
        return None
    left, right = ref_of(term[0]), ref_of(term[2])
    for own, far in ((left, right), (right, left)):
        if len(far) == 2 and far[0] == name and own:
            steps = own[1:] if own[0] in _OWN else own
            if len(steps) == 1 and steps[0] != name:
                return steps[0], far[1]
    return None


def ref_of(node: JsonValue | Node) -> Sequence[str]:
    """The steps of a `ref` by their names; empty where it is none."""
    if node.__class__ is not dict and not isinstance(node, Mapping):
        return ()
    steps = node.get("ref")
    if not isinstance(steps, list):
        return ()
    if len(steps) == 2:  # as nearly always: a table and its column
        first, second = steps
        if isinstance(first, str) and isinstance(second, str):
            return (first, second)
    names: list[str] = []
    for step in steps:
        named = step.get("id") if isinstance(step, dict) else step
        if not isinstance(named, str):
            return ()
        names.append(named)
    return names


def semantic(column: Column, fact: str) -> str | None:
    """What a fact of a column says, where it has it."""
    return next((value for name, value in column.semantics if name == fact), None)


def with_facts(column: Column, facts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The facts of a column with some that it does not have yet."""
    had = {name for name, _ in column.semantics}
    return tuple(sorted({*column.semantics, *freeze_pairs({k: v for k, v in facts.items() if k not in had})}))
