"""The one table that a benchmark prints."""

from __future__ import annotations

from collections.abc import Iterable

from tests.bench.figures import Figure

_HEAD = ("figure", "value", "baseline", "ratio", "target", "verdict")
_RIGHT = frozenset({1, 2, 3})


def spell_table(figures: Iterable[Figure]) -> str:
    """Rows under a head, a blank line and the section's name before each section."""
    rows: list[tuple[str, ...]] = []
    sections: list[str] = []
    for figure in figures:
        rows.append(_cells(figure))
        sections.append(figure.section)
    widths = [max(len(row[place]) for row in (_HEAD, *rows)) for place in range(len(_HEAD))]
    lines = [_line(_HEAD, widths), "-" * (sum(widths) + 2 * (len(widths) - 1))]
    for number, (row, section) in enumerate(zip(rows, sections, strict=True)):
        if number == 0 or sections[number - 1] != section:
            lines.extend([*([""] if number else []), f"[{section}]"])
        lines.append(_line(row, widths))
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    baseline = "" if figure.baseline is None else f"{_number(figure.baseline)} {figure.beside}".strip()
    return (
        figure.name,
        f"{_number(figure.value)} {figure.unit}".strip(),
        baseline,
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.target is None else str(figure.target),
        figure.verdict,
    )


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [
        cell.rjust(width) if place in _RIGHT else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
