"""The page on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docs.generator.markdown import code, page, table
from spheresync_server.cli.command_line import command_line


def commands_page() -> str:
    """Every command with its arguments and options, as `--help` has them."""
    program: Any = command_line()  # typer brings its own click, which has no public types
    context = program.make_context("spheresync", [], resilient_parsing=True)
    return page(
        "Commands",
        "Every command also takes these options, before or after its name:",
        _options(program, context),
        "With `--json` stdout holds exactly one document at every exit code, errors too. Logs and "
        "progress go to stderr. "
        "The [exit codes](exit-codes.md) are the same for all commands. The command line acts as `admin` unless "
        "`SPHERESYNC_ROLE` says less.",
        *_described(program, "spheresync"),
    )


def _described(group: Any, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        called = f"{path} {name}"
        context = command.make_context(called, [], resilient_parsing=True)
        if hasattr(command, "commands"):
            yield from _described(command, called)
            continue
        usage = command.get_usage(context).removeprefix("Usage: ")
        yield f"## {called}\n\n{command.help}\n\n```text\n{usage}\n```\n\n{_options(command, context)}"


def _options(command: Any, context: Any) -> str:
    records = [record for each in command.params if (record := each.get_help_record(context)) is not None]
    rows = [[code(name), text] for name, text in records if not name.startswith(("--help", "-h"))]
    return table(["Argument or option", "What it does"], rows) if rows else ""
