"""What the business layer of an analytic model adds: measures, where they come from, variables.

Reference: datasphere-api.md 4.3 (versions 1.3.1 to 1.7.1 were seen).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from spheresync.model import UNTYPED, JsonValue, Parameter
from spheresync.source.datasphere.csn.annotations import text_of
from spheresync.source.datasphere.csn.labels import Texts
from spheresync.source.datasphere.csn.types import Node, source_type

_MEASURE_TYPES = {
    "factsourcemeasure": "source",
    "restrictedmeasure": "restricted",
    "calculatedmeasure": "calculated",
    "countdistinctmeasure": "count_distinct",
    "countdistinct": "count_distinct",
    "currencyconversionmeasure": "currency_conversion",
    "unitconversionmeasure": "unit_conversion",
    "noncumulativemeasure": "non_cumulative",
}
_SHOWN = 2_000
_DEEP = 6


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of an analytic model; `uses` names the measures and attributes that it is made from."""

    name: str
    kind: str
    formula: str = ""
    uses: tuple[str, ...] = ()
    auxiliary: bool = False

    @property
    def opaque(self) -> bool:
        """Whether it is made of something that only the text of its formula names; a number is made of nothing."""
        return not self.uses and (not self.formula or any(each.isalpha() for each in self.formula))


@dataclass(frozen=True, slots=True)
class BusinessLayer:
    """The business layer of one analytic model."""

    measures: dict[str, Measure] = field(default_factory=dict)
    attributes: frozenset[str] = frozenset()
    variables: tuple[Parameter, ...] = ()
    version: str = ""


def read_business_layer(model: Node, texts: Texts) -> BusinessLayer:
    """Read it; what is of another form is left out."""
    return BusinessLayer(
        {name: _measure(name, node) for name, node in _named(model.get("measures"))},
        frozenset(name for name, _ in _named(model.get("attributes"))),
        tuple(_variable(name, node, texts) for name, node in _named(model.get("variables"))),
        text_of(model.get("version")),
    )


def _named(block: JsonValue) -> Iterator[tuple[str, Node]]:
    for name, node in block.items() if isinstance(block, dict) else ():
        if isinstance(node, dict):
            yield name, node


def _measure(name: str, node: Node) -> Measure:
    word = text_of(node.get("measureType")).rpartition(".")[2]
    formula = node.get("formulaRaw") or node.get("formula")
    uses = [key for member in ("key", "elements", "formula") for key in _keys(node.get(member), _DEEP)]
    return Measure(
        name,
        _MEASURE_TYPES.get(word.lower(), word or "source"),
        text_of(formula)[:_SHOWN],
        tuple(dict.fromkeys(key for key in uses if key != name)),
        node.get("isAuxiliary") is True,
    )


def _keys(node: JsonValue, deep: int) -> Iterator[str]:
    """The names of elements under `key`, at any depth."""
    if isinstance(node, str):
        if deep == _DEEP and node.isidentifier():
            yield node
    elif isinstance(node, list) and deep:
        for each in node:
            yield from _keys(each, deep - 1)
    elif isinstance(node, dict) and deep:
        for member, value in node.items():
            if member == "key" and isinstance(value, str):
                yield value
            elif isinstance(value, dict | list):
                yield from _keys(value, deep - 1)


def _variable(name: str, node: Node, texts: Texts) -> Parameter:
    labels = texts.labels(node.get("text"))
    typed = node.get("dataType") if isinstance(node.get("dataType"), dict) else node
    return Parameter(name, (source_type(typed) if isinstance(typed, dict) else None) or UNTYPED, labels)
