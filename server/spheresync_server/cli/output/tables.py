"""Where results for people are written: rich tables on stdout, with nothing in them taken for markup."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from spheresync_server.untrusted import clean_line

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 200
"""Columns where stdout is no terminal: names are never cut."""


def out() -> Console:
    """The console of results."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDE
    return Console(file=sys.stdout, markup=False, highlight=False, emoji=False, width=width, soft_wrap=False)


def place_of(target: str, destination: str | None) -> str:
    """A target as people read it: `glue`, or `glue in eu` where the destination is not the default one."""
    return target if destination is None else f"{target} in {destination}"


def say(*lines: str) -> None:
    """Write lines; each is one of ours or already cleaned."""
    console = out()
    for line in lines:
        console.print(line, soft_wrap=True)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table; numbers stand to the right, every text is cleaned."""
    from rich import box
    from rich.table import Table

    listed = [list(row) for row in rows]
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, head in enumerate(heads):
        number = bool(listed) and all(isinstance(row[at], int) for row in listed)
        grid.add_column(head, justify="right" if number else "left", overflow="fold")
    for row in listed:
        grid.add_row(*(clean_line(str(cell)) if cell is not None else "–" for cell in row))
    out().print(grid)


def shown_more(shown: int, total: int, cursor: str | None) -> None:
    """How much of a list was shown, and how to see the rest."""
    if cursor is None:
        say(f"{total} in all.")
    else:
        say(f"{shown} of {total}. More: --cursor {cursor}")
