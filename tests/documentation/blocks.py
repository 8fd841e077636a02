"""The fenced blocks of a page, and the commands in them.

A block `console` is what a terminal shows: commands after `$ `, what goes on in the next line after `> `, and what is
printed. A block is run unless its first line says why not, as in `console not-run: it needs a tenant`. A block `yaml`
that begins with a comment that names a file is that file.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
NOT_RUN = "not-run: "
_FENCE = re.compile(r"^ *```")
_FILE = re.compile(r"# ([\w./-]+\.yaml)")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `note` is what its first line says behind the language, `line` where that stands."""

    page: str
    line: int
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}"

    @property
    def is_run(self) -> bool:
        return not self.note.startswith(NOT_RUN)

    @property
    def file(self) -> str | None:
        """The file that it is, None where it names none."""
        named = _FILE.fullmatch(self.text.partition("\n")[0])
        return None if named is None else named[1]

    def commands(self) -> list[Command]:
        """The commands of a block `console`, each with what is printed after it."""
        found: list[tuple[list[str], list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append(([line.removeprefix("$ ")], []))
            elif line.startswith("> ") and not found[-1][1]:
                found[-1][0].append(line.removeprefix("> "))
            else:
                assert found, f"{self}: a block `console` begins with a command, which stands after `$ `"
                found[-1][1].append(line)
        return [Command("\n".join(lines), tuple(filter(None, printed))) for lines, printed in found]


@dataclass(frozen=True, slots=True)
class Command:
    """One command, and the lines that a reader is shown of what it prints; `…` in them stands for anything."""

    text: str
    printed: tuple[str, ...]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> Iterator[Block]:
    """The blocks of a page in their order."""
    begun: tuple[int, str] | None = None
    held: list[str] = []
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        if not _FENCE.match(line):
            held.append(line)
        elif begun is None:
            begun, held = (number, line.strip().removeprefix("```")), []
        else:
            language, _, note = begun[1].partition(" ")
            yield Block(name_of(page), begun[0], language, note, textwrap.dedent("\n".join(held)))
            begun = None
    assert begun is None, f"{name_of(page)}: the last block does not end"


def prose_of(page: Path) -> str:
    """The page without its blocks."""
    kept, inside = [], False
    for line in page.read_text("utf-8").splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def code_in(page: Path) -> list[str]:
    """What stands as code in the sentences of a page, on one line each."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose_of(page))]
