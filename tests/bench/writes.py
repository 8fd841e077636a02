"""What a Glue simulator saw: calls by kind, bytes, the rate of creates by its own clock, and the tables themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.simulators.glue_process import GlueSimulator

#: Calls that change a catalog.
WRITES = frozenset(
    {"CreateTable", "UpdateTable", "DeleteTable", "BatchDeleteTable", "CreateDatabase", "UpdateDatabase"}
)
#: Members that Glue adds to what it was given.
_ADDED = frozenset(
    {"DatabaseName", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation", "CatalogId", "VersionId"}
)


@dataclass(frozen=True, slots=True)
class Writes:
    """What was asked of the simulator since it was reset. `per_second` runs from the first to the last CreateTable."""

    calls: Mapping[str, int]
    bytes_sent: int
    per_second: float

    @property
    def total(self) -> int:
        return sum(self.calls.values())

    @property
    def written(self) -> int:
        return sum(count for operation, count in self.calls.items() if operation in WRITES)


def seen(glue: GlueSimulator) -> Writes:
    """Read the simulator's own books."""
    counters = glue.counters()
    times = [entry["at"] for entry in glue.log() if entry["operation"] == "CreateTable"]
    span = times[-1] - times[0] if len(times) > 1 else 0.0
    return Writes(counters["calls"], counters["bytes_received"], (len(times) - 1) / span if span else 0.0)


def save_tables(glue: GlueSimulator, file: Path) -> int:
    """Write the arguments of one CreateTable a line, for the tables that the simulator holds; answers how many."""
    with file.open("w", encoding="utf-8") as lines:
        count = 0
        for database, tables in glue.dump()["tables"].items():
            for table in tables.values():
                kept = {name: value for name, value in table["live"].items() if name not in _ADDED}
                lines.write(json.dumps({"DatabaseName": database, "TableInput": kept}) + "\n")
                count += 1
    return count
