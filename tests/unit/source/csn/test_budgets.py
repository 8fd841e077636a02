"""What a hostile document may cost: less than a second and little memory, whatever it holds in each other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from spheresync.errors import SourceError, SourceFault
from spheresync.lineage.resolve import resolve
from spheresync.model import AssetEntry, AssetId, AssetKind, Digest, RawDefinition
from spheresync.source.datasphere.csn.definition import CsnObject, read_object
from spheresync.source.datasphere.csn.document import parse_csn
from spheresync.source.datasphere.normalise import normalise

STRING = {"type": "cds.String"}
Document = dict[str, Any]


def read(document: Document) -> CsnObject:
    return read_object(parse_csn(json.dumps(document).encode()), "V")


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
WITHIN = """
import json, resource, sys
from tests.unit.source.csn import test_budgets
from spheresync.errors import SourceError

document = getattr(test_budgets, sys.argv[1])()
body = json.dumps(document).encode()
del document
from spheresync.source.datasphere.csn.definition import read_object
from spheresync.source.datasphere.csn.document import parse_csn

_, hard = resource.getrlimit(resource.RLIMIT_CPU)
used = resource.getrusage(resource.RUSAGE_SELF)
resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 20, hard))
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
try:
    read_object(parse_csn(body), "V")
    print("read")
except SourceError as error:
    print(error.fault)
"""


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda each: each.__name__)
def test_a_hostile_document_is_read_or_refused_within_bounds(hostile: Callable[[], Document]) -> None:
    """In a process that the system ends after 20 s of the processor, or when it takes 2 GB."""
    done = subprocess.run([sys.executable, "-c", WITHIN, hostile.__name__], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() in {"read", SourceFault.TOO_LARGE}


def test_what_is_large_and_right_is_read() -> None:
    """The bounds are far from what a modeller makes."""
    wide = select(ref("T"), *(ref("T", name) for name in names(2_000)))
    assert len(read(view(wide, names(2_000))).origins.columns) == 2_000
    joined = {"join": "inner", "args": [ref(f"T{number}") for number in range(40)]}
    found = read(view(select(joined, *(ref(name) for name in names(1_000))), names(1_000)))
    assert {len(origin.objects) for origin in found.origins.columns} == {40}
    made = [{"xpr": [ref("$self", f"C{n - 1}"), "+", ref(f"A{n}")], "as": f"C{n}"} for n in range(100)]
    assert len(read(view(select(ref("T"), *made), names(100))).origins.columns) == 100 * 101 // 2


def test_columns_that_are_made_from_themselves_come_from_nowhere() -> None:
    made = [ref("$self", "B", **{"as": "A"}), ref("$projection", "A", **{"as": "B"}), ref("X", **{"as": "C"})]
    assert {each.column for each in read(view(select(ref("T"), *made), ["A", "B", "C"])).origins.columns} == {"C"}


def test_associations_in_a_circle_are_followed_as_far_as_the_path_goes() -> None:
    link = {"type": "cds.Association", "target": "T", "on": []}
    table = {"kind": "entity", "elements": {"A": STRING, "_t": link}}
    query = select(ref("T"), ref("T", *["_t"] * 90, "A", **{"as": "A"}))

    def asset(name: str, definition: Document) -> Any:
        entry = AssetEntry(AssetId.parse(f"S/{name}"), "", None, None, False, False, AssetKind.VIEW)
        body = json.dumps({"definitions": {name: definition}}).encode()
        return normalise(RawDefinition(entry, (("csn", body),), Digest("")))

    reader = asset("V", {"kind": "entity", "elements": {"A": STRING}, "query": query})
    found = resolve(reader, {"T": asset("T", table)})
    assert found.broken and not [edge for edge in found.edges if edge.target_column == "A"]


def test_what_is_too_large_says_what_and_what_to_do() -> None:
    with pytest.raises(SourceError) as raised:
        read(many_elements())
    assert "20000 elements" in raised.value.message and raised.value.remedy
