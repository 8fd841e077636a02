"""Reading CSN alone, in a process of its own: `python -m tests.bench.pure_csn parse|whole COUNT`.

COUNT documents of 20 columns as the design-time API serves them: three in four are views that join two tables, every
fourth is a table. `parse` reads each into an object; `whole` goes on to what the catalog keeps. Beside it `json.loads`
of the same bytes. Documents come in lots, made while the clock stands, as they come from the tenant. Seconds are those
of the processor.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from spheresync.discovery.normalisation import normalise_all
from spheresync.dog.csn_writer import write_csn
from spheresync.dog.design import Design, Join, Pick, Select, SourceObject
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.model import AssetEntry, AssetId, AssetKind, ColumnRole, Digest, RawDefinition, SpaceName, TechnicalName
from spheresync.source.datasphere.csn.definition import read_object
from spheresync.source.datasphere.csn.document import parse_csn
from spheresync.source.datasphere.normaliser import NORMALISER

COLUMNS = 20
LOT = 50
_SPACE = SpaceName("S")
_TYPES = ("String(40)", "Decimal(15,2)", "Date", "Int32", "DateTimeOffset(7)", "String(10)", "Double", "Boolean")


def documents(count: int) -> Iterator[tuple[str, bytes]]:
    """Name and CSN of each object."""
    tables = [_object(name, AssetKind.LOCAL_TABLE) for name in ("ITEMS", "HEADERS")]
    for number in range(count):
        name = f"ASSET_{number:05d}"
        made = _object(name, AssetKind.LOCAL_TABLE) if number % 4 == 3 else _object(name, AssetKind.VIEW, _select())
        space = DogSpace(_SPACE, "Space", (*tables, made))
        yield name, write_csn(made, space, Landscape((space,)))


def _object(name: str, kind: AssetKind, *reads: Select) -> DogObject:
    columns = tuple(_column(number) for number in range(COLUMNS))
    return DogObject(kind, name, f"Label of {name}", columns, design=Design(reads=reads))


def _column(number: int) -> DogColumn:
    declared, key = parse_type(_TYPES[number % len(_TYPES)]), number == 0
    role = ColumnRole.MEASURE if declared.name in {"Edm.Decimal", "Edm.Double"} else ColumnRole.DIMENSION
    return DogColumn(f"COL_{number:03d}", declared, f"Column {number}", key=key, nullable=not key, role=role)


def _select() -> Select:
    names = [f"COL_{number:03d}" for number in range(COLUMNS)]
    picks = [Pick(name, path=(("ITEMS", "HEADERS")[number % 2], name)) for number, name in enumerate(names[2:])]
    total = Pick("COL_001", function="SUM", arguments=(("ITEMS", "COL_001"),))
    joined = Join(SourceObject("HEADERS"), on=((("ITEMS", "COL_000"), ("HEADERS", "COL_000")),))
    return Select(SourceObject("ITEMS"), (joined,), (Pick("COL_000", path=("ITEMS", "COL_000")), total, *picks))


def lots(count: int) -> Iterator[list[tuple[str, bytes]]]:
    """The documents, some at a time."""
    made = documents(count)
    while lot := list(islice(made, LOT)):
        yield lot


def parse(lot: list[tuple[str, bytes]]) -> None:
    for name, body in lot:
        read_object(parse_csn(body), name)


def whole(lot: list[tuple[str, bytes]]) -> None:
    raw = [
        RawDefinition(
            AssetEntry(AssetId(_SPACE, TechnicalName(name)), "", None, None, False, False, AssetKind.VIEW),
            (("csn", body),),
            Digest(""),
        )
        for name, body in lot
    ]
    normalise_all(NORMALISER, frozenset({_SPACE}), raw)


def bare(lot: list[tuple[str, bytes]]) -> None:
    for _, body in lot:
        json.loads(body)


def measure(work: Callable[[list[tuple[str, bytes]]], None], count: int) -> Mapping[str, float]:
    """Seconds of the processor for ours and for `json.loads`, lot by lot in turn."""
    ours = floor = 0.0
    for lot in lots(count):
        began = time.process_time()
        work(lot)
        ended = time.process_time()
        bare(lot)
        ours, floor = ours + ended - began, floor + time.process_time() - ended
    return {"seconds": ours, "bare_seconds": floor}


def main(mode: str, count: int) -> None:
    """Run one mode and print its figures as JSON."""
    sys.stdout.write(json.dumps(measure({"parse": parse, "whole": whole}[mode], count)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
