"""Options that every command takes, before the command's name and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import typer

_WITH_VALUE = frozenset({"--env", "--config"})
_SWITCHES = frozenset({"--json", "--verbose"})


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


def hoist(arguments: Sequence[str]) -> list[str]:
    """Move global options to the front, where the parser expects them; what follows `--` stays where it is."""
    front: list[str] = []
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        if argument == "--":
            rest += [argument, *pending]
        elif argument in _SWITCHES or ("=" in argument and argument.partition("=")[0] in _WITH_VALUE):
            front.append(argument)
        elif argument in _WITH_VALUE:
            front += [argument, *([value] if (value := next(pending, None)) is not None else [])]
        else:
            rest.append(argument)
    return front + rest


def wants_json(hoisted: Sequence[str]) -> bool:
    """Whether `--json` stands among the options in front, known even where the rest cannot be parsed."""
    pending = iter(hoisted)
    for argument in pending:
        if argument == "--json":
            return True
        if argument in _WITH_VALUE:
            next(pending, None)
        elif not argument.startswith("--"):
            return False
    return False
