"""What a hostile document may cost: less than a second and little memory, whatever it holds in each other."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spheresync.errors import SourceError, SourceFault
from spheresync.lineage.resolve import resolve
from spheresync.model import AssetEntry, AssetId, AssetKind, Digest, RawDefinition
from spheresync.source.datasphere.csn.definition import CsnObject, read_object
from spheresync.source.datasphere.csn.document import parse_csn
from spheresync.source.datasphere.normalise import normalise
from tests.simulators.forked import fork
from tests.unit.source.csn import hostile_documents
from tests.unit.source.csn.hostile_documents import (
    HOSTILE,
    STRING,
    Document,
    many_elements,
    names,
    ref,
    select,
    view,
)


def read(document: Document) -> CsnObject:
    return read_object(parse_csn(json.dumps(document).encode()), "V")


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda each: each.__name__)
def test_a_hostile_document_is_read_or_refused_within_bounds(hostile: Callable[[], Document], tmp_path: Path) -> None:
    """In a process that the system ends after 20 s of the processor, or when it takes 2 GB."""
    with fork(hostile_documents.__name__, [hostile.__name__], environment=os.environ, folder=tmp_path) as reading:
        said, complaint = reading.communicate()
    assert (reading.wait(), complaint) == (0, "")
    assert said.strip() in {"read", SourceFault.TOO_LARGE}


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
