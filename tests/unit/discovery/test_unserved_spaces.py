"""One asset that answers 404 beside others that are served is not exposed; where all do, their space is out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.discovery.unserved_spaces import UnservedSpaces
from spheresync.errors import SourceError, SourceFault
from spheresync.model import SPACE_NOT_SERVED, AssetId, AssetKind, Problem
from spheresync.state.records import AssetRecord

GONE = SourceError(SourceFault.NOT_EXPOSED, "not found", status=404)


def asset(name: str, code: str | None = None) -> AssetRecord:
    record = AssetRecord.first_seen(AssetId.parse(f"S/{name}"), AssetKind.VIEW, at="2026-11-24T08:00:00.000000Z")
    return record if code is None else replace(record, problem=Problem.of(record.id, code, "no"))


def met(*names: str) -> UnservedSpaces:
    found = UnservedSpaces()
    for name in names:
        found.note(asset(name), GONE)
    return found


def test_a_space_in_which_anything_is_served_is_not_out() -> None:
    found = met("A", "B")
    assert found.is_out(asset("A").id.space, ())
    found.serving.add(asset("A").id.space)
    assert not found.is_out(asset("A").id.space, ())


@pytest.mark.parametrize(
    ("others", "out"),
    [
        ((), False),
        ((asset("B"),), False),
        ((asset("B", SourceFault.SERVER_ERROR),), False),
        ((asset("B", SourceFault.NOT_EXPOSED),), True),
        ((asset("B", SPACE_NOT_SERVED), asset("C", SourceFault.NOT_EXPOSED)), True),
        ((asset("B", SPACE_NOT_SERVED), asset("C")), False),
        ((asset("B", SPACE_NOT_SERVED), replace(asset("C"), included=False), replace(asset("D"), misses=1)), True),
        ((replace(asset("C"), included=False), replace(asset("D"), misses=1)), False),
    ],
)
def test_one_that_is_asked_for_alone_is_judged_by_what_is_known_of_the_others(
    others: tuple[AssetRecord, ...], out: bool
) -> None:
    assert met("A").is_out(asset("A").id.space, (asset("A"), *others)) is out
