"""Options that every command takes, before the command's name and after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import typer


class Environment(StrEnum):
    """The environments of CONTRACT.md."""

    DOG = "dog"
    WOLF = "wolf"
    BEAR = "bear"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the global options said."""

    environment: str | None = None
    file: Path | None = None
    json: bool = False
    verbose: bool = False


def invocation_of(context: typer.Context) -> Invocation:
    """What the options in front of the command said."""
    call = context.obj
    assert isinstance(call, Invocation)
    return call
