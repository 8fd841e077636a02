"""What the engine says reaches an assistant in the words of its tools, whoever adds a text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from spheresync_server.cli.output.engine_texts import about
from spheresync_server.mcp_server.engine_texts import with_tool_names

CORE = Path(__file__).resolve().parents[3] / "core" / "spheresync"
SPEAKING = (
    "discovery",
    "execution",
    "jobs",
    "mapping",
    "planning",
    "runtime",
    "schedule",
    "service",
    "source",
    "state",
    "targets",
)
TO_PEOPLE = frozenset({"alert_conditions.py"})
"""Alerts go to people, who have the command line."""
COMMAND_LINE = re.compile(r"`spheresync [a-z]|(?<![\w-])--(?!profile )[a-z]|\b(?:run|Run) (?:sync|preview|discover)\b")
TO_A_PERSON = re.compile(r"\(at the command line: `[^`]+`\)")
"""What only a person may do, and can do only there, is named for that person."""
"""An option of AWS's own command line is for the person whom the assistant tells how to sign in."""


def texts(node: ast.AST) -> Iterator[str]:
    """String literals as they read, with 7 for what is filled in; documentation is not said to anybody."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in child.values)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value
        else:
            yield from texts(child)


def test_no_text_of_the_engine_reaches_an_assistant_in_words_of_the_command_line() -> None:
    said = {
        text
        for folder in SPEAKING
        for file in (CORE / folder).rglob("*.py")
        if file.name not in TO_PEOPLE
        for text in texts(ast.parse(file.read_text("utf-8")))
        if COMMAND_LINE.search(text)
    }
    assert len(said) >= 5
    told = {text: TO_A_PERSON.sub("", with_tool_names(text)) for text in said}
    left = sorted(text for text, words in told.items() if COMMAND_LINE.search(words))
    assert left == [], "say it in words of tools too: mcp_server/tool_names.py"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SALES/X (sales.x): gone.", "SALES/X (sales.x): gone."),
        ("SALES/X: SALES/X (sales.x): gone.", "SALES/X (sales.x): gone."),
        ("SALES/X: gone.", "SALES/X: gone."),
        ("gone.", "SALES/X: gone."),
        ("SALES/XY: gone.", "SALES/X: SALES/XY: gone."),
    ],
)
def test_what_is_said_of_an_asset_names_it_once(text: str, said: str) -> None:
    assert about("SALES/X", text) == said
