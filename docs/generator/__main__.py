"""Write the pages, or say which are stale: `python -m docs.generator [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.generator.pages import reference_pages

FOLDER = Path(__file__).resolve().parents[1] / "reference"


def stale() -> list[Path]:
    """The pages that are not what the code says."""
    return [
        file
        for name, text in reference_pages().items()
        if not (file := FOLDER / f"{name}.md").is_file() or file.read_text("utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        found = stale()
        for file in found:
            sys.stdout.write(f"{file.relative_to(FOLDER.parents[1])} is stale\n")
        return 1 if found else 0
    for name, text in reference_pages().items():
        (FOLDER / f"{name}.md").write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
