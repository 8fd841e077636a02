"""Whole processes, timed from their start to their end, with the peak of their memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_STOPWATCH = Path(__file__).with_name("stopwatch.py")


class ProcessFailedError(Exception):
    """Raised when a measured process ended otherwise than with exit code 0; holds what it said."""


@dataclass(frozen=True, slots=True)
class LogMetrics:
    """One finished process. Times in seconds, `peak_mib` its largest resident set."""

    stdout: str
    exit_code: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


def measure(command: Sequence[str], *, environment: Mapping[str, str] | None = None, folder: Path = ROOT) -> LogMetrics:
    """Run `command` in `folder` and measure it; `environment` goes on top of ours.

    Raises:
        ProcessFailedError: it did not end with exit code 0.
    """
    with tempfile.TemporaryDirectory(prefix="spheresync-bench-") as temporary:
        result_file = Path(temporary) / "result.json"
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_STOPWATCH), str(result_file), *command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        figures = json.loads(result_file.read_text(encoding="utf-8")) if result_file.exists() else None
    if figures is None or figures["exit_code"] != 0:
        code = "did not start" if figures is None else f"ended with exit code {figures['exit_code']}"
        said = f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}".strip()
        raise ProcessFailedError(f"{' '.join(command)} {code}:\n{said}")
    return LogMetrics(stdout=done.stdout, **figures)


def measure_module(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> LogMetrics:
    """Run a module of this folder in a process of its own.

    Raises:
        ProcessFailedError: it did not end with exit code 0.
    """
    return measure([sys.executable, "-m", f"tests.bench.{module}", *arguments], environment=environment)
