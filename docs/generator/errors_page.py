"""The pages on errors and exit codes."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from enum import StrEnum

from docs.generator.markdown import code, one_line, page, table
from docs.generator.texts import texts_for
from spheresync import errors
from spheresync.errors import SourceFault, SpheresyncError, TargetFault
from spheresync_server.failure import _TABLE, ExitCode

_REFERENCE = re.compile(r" ?\(reference: [^)]*\)")


def exit_codes_page() -> str:
    """What a script goes by."""
    texts = texts_for("exit_codes", [each.name for each in ExitCode])
    return page(
        "Exit codes",
        table(["Code", "Means"], ([code(str(each.value)), texts[each.name]] for each in ExitCode)),
        "A process that a signal ended exits with 128 and the number of the signal: 130 after "
        "Ctrl-C, 143 after SIGTERM.",
    )


def errors_page() -> str:
    """Kinds of errors, and the words under which their causes are told."""
    return page(
        "Errors",
        "Every error says what happened, to which asset, and what to do next. With `--json` it is "
        "a document whose `error` has `code`, "
        "`message`, `remedy` and, of a configuration, `problems`; of a tool it is a tool error with the same text.",
        "## Kinds\n\n"
        + table(
            ["Code", "Exit code", "When"],
            ([code(word), code(str(exit_code.value)), _told(kind)] for kind, word, exit_code in _TABLE),
        ),
        "## What Datasphere did\n\nWhy an asset or a listing could not be read.\n\n" + _faults(SourceFault),
        "## What a target did\n\nWhy an asset could not be written.\n\n" + _faults(TargetFault),
    )


def _told(kind: type[SpheresyncError]) -> str:
    text = _REFERENCE.sub("", one_line((kind.__doc__ or "").partition("\n\n")[0])).removeprefix("Raised ")
    return text[:1].upper() + text[1:]


def _faults(words: type[StrEnum]) -> str:
    comments = dict(_comments(words.__name__))
    return table(["Word", "Means"], ([code(each.value), comments.get(each.name, "")] for each in words))


def _comments(name: str) -> Iterator[tuple[str, str]]:
    """What the code says of each member, in the comment behind it."""
    source = inspect.getsource(errors)
    kind = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name)
    lines = source.splitlines()
    for node in kind.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, lines[node.lineno - 1].partition("  # ")[2]
