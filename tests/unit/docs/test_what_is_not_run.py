"""What no test can run on a page is at least what the program understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.exceptions import TyperException

from tests.bench.__main__ import SECTIONS
from tests.documentation import checks
from tests.documentation.blocks import NOT_RUN, PAGES, ROOT, Block, blocks_of, code_in, name_of, prose_of

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
LANGUAGES = {"", "console", "ini", "json", "mermaid", "text", "toml", "yaml", "{toctree}"}
COMMANDS = {*checks.command_line().commands}  # type: ignore[attr-defined]  # typer's own click has no public types
HAND_WRITTEN = [page for page in PAGES if page.parent.name != "reference" or page.stem == "index"]
by_page = pytest.mark.parametrize("page", HAND_WRITTEN, ids=name_of)


def of_language(language: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return pytest.mark.parametrize("block", [each for each in BLOCKS if each.language == language], ids=str)


def parsed(arguments: list[str], where: object, *, only_named: bool = False) -> None:
    """It is a command; one that a sentence only names may lack its arguments."""
    try:
        checks.parse(arguments)
    except TyperException as error:
        if not (only_named and type(error).__name__ == "MissingParameter"):
            pytest.fail(f"{where}: spheresync {shlex.join(arguments)}: {error.format_message()}")


def test_blocks_are_of_languages_that_a_test_reads() -> None:
    """Commands stand in `console` alone, where they are run or marked."""
    assert {str(each): each.language for each in BLOCKS if each.language not in LANGUAGES} == {}
    assert [str(each) for each in BLOCKS if each.language == "" and "spheresync " in each.text] == []


def test_what_is_not_run_says_why() -> None:
    told = [block for block in BLOCKS if block.note]
    assert len(told) > 5 and [str(block) for block in told if not block.note.startswith(NOT_RUN)] == []


@of_language("console")
def test_every_command_in_a_block_is_one(block: Block, tmp_path: Path) -> None:
    exported: dict[str, str] = {}
    for command in block.commands():
        for arguments in checks.commands_of_ours(command.text):
            parsed(arguments, block)
        words = shlex.split(command.text, comments=True)
        exported |= dict(word.split("=", 1) for word in words if word.startswith("SPHERESYNC_"))
        if words[0] == "make":
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text("utf-8"), f"{block}: there is no such target"
    checks.check_variables(exported, tmp_path)


@of_language("yaml")
def test_every_block_of_settings_is_read(block: Block, tmp_path: Path) -> None:
    checks.check_settings(block, tmp_path)


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.language in checks.FOR_HOSTS], ids=str)
def test_every_block_for_an_assistant_starts_the_program(block: Block) -> None:
    for server in checks.servers_in(block):
        assert server["command"] == "spheresync"
        parsed(server["args"], block)
        assert {*server.get("env", {})} <= checks.VARIABLES


@of_language("ini")
def test_a_unit_starts_the_program_with_settings_that_there_are(block: Block, tmp_path: Path) -> None:
    entries = [line.split("=", 1) for line in block.text.splitlines() if "=" in line]
    (start,) = [value for key, value in entries if key == "ExecStart"]
    (arguments,) = checks.commands_of_ours(start)
    parsed(arguments, block)
    given: Any = dict(value.split("=", 1) for key, value in entries if key == "Environment")
    checks.check_variables({name: value for name, value in given.items() if name.startswith("SPHERESYNC_")}, tmp_path)


@by_page
def test_every_command_in_a_sentence_is_one(page: Path) -> None:
    for text in map(checks.with_numbers, code_in(page)):
        first, _, rest = text.partition(" ")
        ours = text if first == "spheresync" else f"spheresync {text}" if first in COMMANDS and "--" in rest else ""
        for arguments in checks.commands_of_ours(ours):
            if arguments and "<" not in ours:
                parsed(arguments, name_of(page), only_named=True)


@by_page
def test_every_setting_in_a_sentence_is_one(page: Path) -> None:
    wrong = {text: keys for text in code_in(page) if (keys := checks.unknown_keys(text))}
    assert wrong == {}


@by_page
def test_every_variable_is_one(page: Path) -> None:
    named = {*re.findall(r"\bSPHERESYNC_[A-Z_]*[A-Z]\b(?!_)", page.read_text("utf-8"))}
    assert named - checks.VARIABLES == set()


@by_page
def test_every_link_leads_to_a_page(page: Path) -> None:
    """Sphinx looks at those in `docs/`; the README is read where Sphinx is not."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(page)):
        path, _, _ = target.partition("#")
        assert target.startswith("https://") or not path or (page.parent / path).exists(), f"{name_of(page)}: {target}"


def test_every_measurement_in_a_sentence_can_be_made_again() -> None:
    named = re.findall(r"tests\.bench --only (\w+)", (ROOT / "docs/explanation/speed.md").read_text("utf-8"))
    assert len(named) > 5 and {*named} <= {*SECTIONS}


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("deletion: {misses: 3, grase: 0s}", ["deletion.grase"]),
        ("destinations: {eu: {regio: x}}", ["destinations.NAME.regio"]),
        ("approvals: {four_eyes: [deletes]}", []),
        ("personal_data: none", []),
    ],
)
def test_a_key_that_there_is_not_is_found(text: str, wrong: list[str]) -> None:
    found = [re.sub(r"^destinations\.\w+", "destinations.NAME", key) for key in checks.unknown_keys(text)]
    assert found == wrong


def test_a_command_that_is_none_is_found_whoever_calls_it() -> None:
    line = "sudo -u spheresync env A=b /opt/spheresync/bin/spheresync preview --colour && useradd spheresync"
    (arguments,) = checks.commands_of_ours(line)
    assert arguments == ["preview", "--colour"]
    with pytest.raises(TyperException):
        checks.parse(arguments)
    checks.parse(["schedule", "pause", "medium", "--json"])
    with pytest.raises(TyperException):
        checks.parse(["schedule", "pause", "medium", "--jason"])
