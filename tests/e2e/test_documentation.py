"""A reader who does what a page says, in its order, sees what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documentation.blocks import PAGES, Block, blocks_of, name_of
from tests.documentation.session import Session


def has_commands(page: Path) -> bool:
    return any(block.language == "console" and block.is_run for block in blocks_of(page))


@pytest.mark.parametrize("page", [*filter(has_commands, PAGES)], ids=name_of)
def test_every_command_of_a_page_does_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    session = Session(tmp_path)
    for block in blocks_of(page):
        session.read(block)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$ spheresync assets --colour", "ended with 2"),
        ("$ spheresync --version\nspheresync of another name", "does not print"),
        ("$ spheresync apply cs_…", "has printed an id"),
    ],
)
def test_a_page_that_promises_what_is_not_so_fails(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=why):
        Session(tmp_path).read(Block("a page", 1, "console", "", text))
