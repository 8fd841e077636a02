"""The product as its users run it: its command line, in wolf, on a state folder of its own."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.processes import LogMetrics, ProcessFailedError, measure

#: More than any machine asks for, so that the rate limit never waits; what SAP allows is another matter.
UNLIMITED = "100000000"


def program() -> str:
    """The path of the installed `spheresync`: beside this interpreter, else on the path.

    Raises:
        ProcessFailedError: it is not installed.
    """
    beside = Path(sys.executable).with_name("spheresync")
    found = str(beside) if beside.exists() else shutil.which("spheresync")
    if found is None:
        raise ProcessFailedError("spheresync is not installed beside this interpreter: run `make install`.")
    return found


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command cost and the JSON document that it answered."""

    cost: LogMetrics
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation: a folder to run in, and the environment that leads to its tenant and its AWS."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> Answered:
        """Run a command to its end, as a whole process.

        Raises:
            ProcessFailedError: it did not end with exit code 0.
        """
        cost = measure(self.command(*arguments, "--json"), environment=self.environment, folder=self.folder)
        return Answered(cost, json.loads(cost.stdout))

    def command(self, *arguments: str) -> list[str]:
        return [program(), "--env", "wolf", *arguments]


@contextmanager
def installed(*environments: Mapping[str, str]) -> Iterator[Installation]:
    """A fresh installation in a temporary folder; `environments` say where tenant and AWS are."""
    with tempfile.TemporaryDirectory(prefix="spheresync-bench-") as folder:
        yield Installation(Path(folder), wolf_environment(Path(folder) / "state", *environments))


def wolf_environment(state: Path, *environments: Mapping[str, str]) -> dict[str, str]:
    """Variables of a wolf installation whose state is in `state`, with `environments` on top."""
    merged = {
        "SPHERESYNC_ENV": "wolf",
        "SPHERESYNC_STATE_DIR": str(state),
        "SPHERESYNC_DATASPHERE__MAX_REQUESTS_PER_MINUTE": UNLIMITED,
    }
    for environment in environments:
        merged.update(environment)
    return merged
