"""`1 item`, `2 items`: no text of ours says `1 items` or `item(s)`, and numbers of things are said in one way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from spheresync.model import counted

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*(ROOT / "core").rglob("*.py"), *(ROOT / "server").rglob("*.py")])
_PLURAL = re.compile(r" (?:(?:more|further|of|known|new|other) )?([a-z]+s)\b")
_NO_NOUNS = frozenset(
    re.findall(
        r"\w+",
        """
        is was has does holds lists stays as this deletes its undoes needs serves tells says means shows ends goes
        gives reads asks names exists takes belongs comes counts changes works matches writes puts leads begins
        answers follows loses marks claims adds brings speaks becomes wants carries fits finds
        """,
    )
)
_ALWAYS_MANY = frozenset({"characters", "bytes", "levels", "times", "pages", "minutes"})
"""Nouns that follow limits of ours, which are far from one, or come after `counted`."""
_CHECKED = frozenset(
    {
        "GREATEST",
        "MOST_FAILURES_IN_A_ROW",
        "MOST_GLOSSARIES",
        "MOST_RUNS_A_DAY",
        "MOST_TAGS",
        "_MOST_IN_ID",
        "LARGEST_PAGE",
        "MOST_DIGITS",
        "_BEFORE_ROOT",
        "_DEEPEST",
        "budget.attributes",
        "budget.tags",
        "most",
        "self._budget.inherited",
        "self._budget.parts",
        "self._budget.properties",
    }
)
"""Limits of ours, which are far from one."""


def texts(tree: ast.AST) -> Iterator[ast.JoinedStr]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))


def uncounted(text: ast.JoinedStr) -> Iterator[str]:
    """Numbers that stand before a plural without having been asked whether they are one."""
    for value, after in zip(text.values, text.values[1:], strict=False):
        if not isinstance(value, ast.FormattedValue) or not isinstance(after, ast.Constant):
            continue
        match = _PLURAL.match(str(after.value))
        said = ast.unparse(value.value)
        if match is None or match[1] in _NO_NOUNS | _ALWAYS_MANY or "counted(" in said or said in _CHECKED:
            continue
        yield f"{{{said}}}{after.value}"


# Each of these is asked before: it is said of two or more, or no number stands there.
_SAID_OTHERWISE = (
    "core/spheresync/planning/decisions/guards.py: {count} assets of space ",
    "core/spheresync/planning/decisions/guards.py: {destination} leaves out all ",
    "core/spheresync/runtime/unknown_names.py: {len(names)} known ones.",
    "core/spheresync/service/selection.py: {len(outside) - 1} more of other tiers)",
    "core/spheresync/state/sqlite/store.py: {run.id} of process ",
    "server/spheresync_server/mcp_server/server.py: {not_released(name)} tools/list shows what there is.",
)


def test_numbers_of_things_are_said_by_one_function() -> None:
    found = [
        f"{file.relative_to(ROOT).as_posix()}: {said}"
        for file in FILES
        for text in texts(ast.parse(file.read_text("utf-8")))
        for said in uncounted(text)
    ]
    assert [each for each in found if not each.startswith(_SAID_OTHERWISE)] == []


def test_no_text_leaves_the_number_open() -> None:
    left_open = [
        f"{file.name}:{node.lineno}"
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and re.search(r"\w(?<!http)\(s\)", str(node.value))
    ]
    assert left_open == []


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "item", "1 item"),
        (0, "item", "0 items"),
        (2, "audit entry", "2 audit entries"),
        (1, "audit entry", "1 audit entry"),
        (2, "day", "2 days"),
        (2, "more failure", "2 more failures"),
    ],
)
def test_one_thing_and_several(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said
