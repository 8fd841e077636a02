"""Markdown of the pages: a heading, sentences, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTE = (
    "*Made from the code by `python -m docs.generator`: edit the code, or the descriptions in "
    "`docs/generator`, and not this page.*"
)


def page(title: str, *parts: str) -> str:
    """A whole page."""
    return "\n\n".join((f"# {title}", NOTE, *(part.strip() for part in parts if part.strip()))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a row per line, as wide as its texts."""
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return "\n".join(lines)


def code(text: str) -> str:
    """A text as code; empty where there is none."""
    return f"`{text}`" if text else ""


def one_line(text: str) -> str:
    """A docstring's text on one line; what is doubled there to be code in reStructuredText is code here."""
    return " ".join(text.split()).replace("``", "`")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one_line(cell).replace("|", "\\|") for cell in cells) + " |"
