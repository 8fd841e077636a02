"""The options that every command takes (--env, --config, --json, --verbose), before the command's name or after it.

Imports nothing heavy: `main` reads these options before the rest of the program is loaded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import typer

_WITH_VALUE = frozenset({"--env", "--config"})
_SWITCHES = frozenset({"--json", "--verbose"})


class Invocation(NamedTuple):
    """What the global options said."""

    environment: str | None = None
    file: Path | None = None
    json: bool = False


def invocation_of(context: typer.Context) -> Invocation:
    """What the global options of this command line said."""
    call = context.obj
    assert isinstance(call, Invocation)
    return call


def move_to_front(arguments: Sequence[str]) -> list[str]:
    """Move global options to the front, where the parser expects them; arguments after `--` stay where they are.

    An option without its value, followed directly by another option, gets an empty value: the parser refuses that, and
    the other option keeps its meaning.
    """
    front: list[str] = []
    rest: list[str] = []
    pending = deque(arguments)
    while pending:
        argument = pending.popleft()
        name = argument.partition("=")[0]
        if argument == "--":
            rest += [argument, *pending]
            break
        if argument in _WITH_VALUE:
            there = bool(pending) and not pending[0].startswith("--")
            front += [argument, pending.popleft()] if there else [f"{argument}="]
        elif name in _SWITCHES or name in _WITH_VALUE:
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--json` is among the options in front; also known where the other arguments cannot be parsed."""
    pending = iter(arguments)
    for argument in pending:
        if argument.partition("=")[0] == "--json":
            return True
        if argument in _WITH_VALUE:
            next(pending, None)
        elif not argument.startswith("--"):
            return False
    return False
