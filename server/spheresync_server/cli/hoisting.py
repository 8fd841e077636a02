"""Where the global options stand in a command line; imports nothing heavy, so that it is known before all is loaded."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

_WITH_VALUE = frozenset({"--env", "--config"})
_SWITCHES = frozenset({"--json", "--verbose"})


def hoist(arguments: Sequence[str]) -> list[str]:
    """Move global options to the front, where the parser expects them; what follows `--` stays where it is.

    An option whose value is missing, so that another option stands in its place, gets an empty one: the parser refuses
    that, and the other option keeps its meaning.
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


def wants_json(hoisted: Sequence[str]) -> bool:
    """Whether `--json` stands among the options in front, known even where the rest cannot be parsed."""
    pending = iter(hoisted)
    for argument in pending:
        if argument.partition("=")[0] == "--json":
            return True
        if argument in _WITH_VALUE:
            next(pending, None)
        elif not argument.startswith("--"):
            return False
    return False
