"""Hostile CSN documents, and a program that reads one of them within bounds that the system holds."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from typing import Any

from spheresync.errors import SourceError
from spheresync.source.datasphere.csn.definition import read_object
from spheresync.source.datasphere.csn.document import parse_csn

STRING = {"type": "cds.String"}
Document = dict[str, Any]


def view(query: Document, columns: list[str], **others: Any) -> Document:
    definition = {"kind": "entity", "elements": dict.fromkeys(columns, STRING), "query": query}
    return {"definitions": {"V": definition, **others}}


def ref(*path: str, **more: Any) -> Document:
    return {"ref": [*path], **more}


def select(source: Any, *columns: Any) -> Document:
    return {"SELECT": {"from": source, "columns": [*columns]}}


def names(count: int) -> list[str]:
    return [f"C{number}" for number in range(count)]


def many_elements() -> Document:
    return {"definitions": {"V": {"kind": "entity", "elements": dict.fromkeys(names(100_000), STRING)}}}


def types_in_each_other() -> Document:
    kinds = {
        f"T{level}": {"kind": "type", "elements": {name: {"type": f"T{level + 1}"} for name in names(40)}}
        for level in range(9)
    }
    kinds["T9"] = {"kind": "type", "elements": {}}
    return {"definitions": {"V": {"kind": "entity", "elements": {"A": {"type": "T0"}}}, **kinds}}


def a_type_of_itself() -> Document:
    kind = {"kind": "type", "elements": {name: {"type": "T"} for name in names(40)}}
    return {"definitions": {"V": {"kind": "entity", "elements": {"A": {"type": "T"}}}, "T": kind}}


def a_heavy_type_of_many() -> Document:
    heavy = {"kind": "type", "type": "cds.String", **{f"@A{number}": 1 for number in range(10_000)}}
    elements = {name: {"type": "T"} for name in names(10_000)}
    return {"definitions": {"V": {"kind": "entity", "elements": elements}, "T": heavy}}


def columns_of_many_tables() -> Document:
    joined = {"join": "inner", "args": [ref(f"T{number}") for number in range(10_000)]}
    return view(select(joined, *(ref(name) for name in names(10_000))), names(10_000))


def all_of_many_tables() -> Document:
    joined = {"join": "inner", "args": [ref(f"T{number}") for number in range(10_000)]}
    return view(select(joined, "*"), names(10_000))


def columns_made_from_each_other() -> Document:
    made = [{"xpr": [ref("$self", f"C{number + 1}"), "+", ref(f"A{number}")]} for number in range(5_000)]
    return view(select(ref("T"), *({**each, "as": f"C{n}"} for n, each in enumerate(made))), names(5_000))


def columns_made_from_those_before() -> Document:
    made = [{"xpr": [ref("$self", f"C{number - 1}"), "+", ref(f"A{number}")]} for number in range(5_000)]
    return view(select(ref("T"), *({**each, "as": f"C{n}"} for n, each in enumerate(made))), names(5_000))


def a_union_of_many() -> Document:
    parts = [select(ref(f"T{number}"), *(ref(name) for name in names(40))) for number in range(3_000)]
    return view({"SET": {"op": "union", "args": parts}}, names(40))


def a_union_of_all_of_many() -> Document:
    parts = [select(ref(f"T{number}"), "*", ref("C1")) for number in range(3_000)]
    return view({"SET": {"op": "union", "args": parts}}, names(3_000))


def untyped_columns_through_a_wide_view() -> Document:
    wide = {
        "kind": "entity",
        "elements": {name: {} for name in names(5_000)},
        "query": select(ref("T"), *(ref("T", name) for name in names(5_000))),
    }
    query = select(ref("W"), *(ref("W", name) for name in names(5_000)))
    definition = {"kind": "entity", "elements": {name: {} for name in names(5_000)}, "query": query}
    return {"definitions": {"V": definition, "W": wide}}


def views_that_read_each_other() -> Document:
    def over(other: str) -> Document:
        return {"kind": "entity", "elements": {"A": {}}, "query": select(ref(other), ref(other, "A"))}

    return {"definitions": {"V": over("W"), "W": over("V")}}


def huge_enum() -> Document:
    enum = {name: {"val": 1} for name in names(200_000)}
    return {"definitions": {"V": {"kind": "entity", "elements": {"A": {**STRING, "enum": enum}}}}}


def structures_in_structures() -> Document:
    types = {f"S{n}": {"kind": "type", "elements": {c: {"type": f"S{n + 1}"} for c in "ABCDEFGH"}} for n in range(12)}
    types["S12"] = {"kind": "type", "type": "cds.Integer"}
    return {"definitions": {"V": {"kind": "entity", "elements": {"A": {"type": "S0"}}}, **types}}


def many_languages() -> Document:
    elements = {name: {**STRING, "@EndUserText.label": "{i18n>a}"} for name in names(10_000)}
    texts = {f"l{number}": {"a": "text"} for number in range(10_000)}
    return {"definitions": {"V": {"kind": "entity", "elements": elements}}, "i18n": texts}


def measures_made_from_each_other() -> Document:
    measures = {
        f"C{number}": {"measureType": "AnalyticModelMeasureType.CalculatedMeasure", "elements": {"1": {"key": f"C{n}"}}}
        for number, n in ((number, number + 1) for number in range(5_000))
    }
    document = view(select(ref("T"), ref("T", "X")), [*names(5_000), "X"])
    return document | {"businessLayerDefinitions": {"V": {"measures": measures}}}


def a_flow_of_many_ends() -> Document:
    def end(kind: str, number: int) -> Document:
        pairs = [{"target": "X", "expression": '"X"'}]
        return {
            "component": f"com.sap.table.{kind}",
            "metadata": {"config": {"dwcEntity": f"{kind}{number}", "attributeMappings": pairs}},
        }

    processes = {f"r{number}": end("consumer", number) for number in range(20_000)}
    processes |= {f"w{number}": end("producer", number) for number in range(20_000)}
    return {"dataflows": {"V": {"contents": {"processes": processes}}}}


def conditions_in_each_other() -> Document:
    condition: Any = [ref("A"), "=", {"val": 1}]
    for _ in range(40):
        condition = [{"xpr": condition}]
    query = select(ref("T"), ref("A"))
    query["SELECT"]["where"] = condition
    return view(query, ["A"])


HOSTILE: tuple[Callable[[], Document], ...] = (
    many_elements,
    types_in_each_other,
    a_type_of_itself,
    a_heavy_type_of_many,
    columns_of_many_tables,
    all_of_many_tables,
    columns_made_from_each_other,
    columns_made_from_those_before,
    a_union_of_many,
    a_union_of_all_of_many,
    untyped_columns_through_a_wide_view,
    views_that_read_each_other,
    huge_enum,
    structures_in_structures,
    many_languages,
    measures_made_from_each_other,
    a_flow_of_many_ends,
    conditions_in_each_other,
)

SECONDS = 20
"""Of the processor."""
MOST_MEMORY = 2_000_000_000


def main() -> None:
    """Read the document of the name given; the system ends the process that takes more than it may."""
    name = sys.argv[1]
    body = json.dumps(next(each for each in HOSTILE if each.__name__ == name)()).encode()
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, hard))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    try:
        read_object(parse_csn(body), "V")
        print("read")
    except SourceError as error:
        print(error.fault)
