"""The context file of the dog environment, which no configuration names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from spheresync.config.context import BusinessContext

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def embedded_context() -> BusinessContext:
    """What it says; it is read when somebody first asks, so that no start waits for it."""
    from spheresync.config.context_patterns import ContextPatterns
    from spheresync.config.reading.context_files import ParsedFiles, read_context

    read = read_context(ContextPatterns(_PACKAGE, ("dog/landscape/context.yaml",)), ParsedFiles())
    assert not read.problems and not read.faults
    return BusinessContext(read.context.entries, read.context.terms)
