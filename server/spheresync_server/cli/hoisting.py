"""Where the global options stand in a command line; imports nothing heavy, so that it is known before all is loaded."""

from __future__ import annotations

from collections.abc import Sequence

_WITH_VALUE = frozenset({"--env", "--config"})
_SWITCHES = frozenset({"--json", "--verbose"})


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
