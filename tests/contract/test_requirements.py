"""The list of promises is whole, and says nothing that is not so."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.requirements import AREAS, LATER, PROMISES, LaterPromise, Promise

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT.parent / "shared" / "CONTRACT.md"
OUTSIDE = ("tests/e2e", "tests/faults", "tests/contract")
ID = re.compile(r"[a-z]+(:[a-z0-9]+(-[a-z0-9]+)*){1,2}")
GUARANTEES = "docs/explanation/guarantees.md"
RELY = "What you can rely on"
ALL: tuple[Promise | LaterPromise, ...] = (*PROMISES, *LATER)


@cache
def nodes_of(file: Path) -> frozenset[str]:
    """Node ids of all tests of a file, without parameters, read and not collected."""
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(f"{file.relative_to(ROOT).as_posix()}::{name}" for name in named_tests(tree))


def named_tests(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child.name.startswith("test_"):
            yield child.name
        elif isinstance(child, ast.ClassDef) and (child.name.startswith("Test") or child.name.endswith("Promises")):
            yield from (f"{child.name}::{name}" for name in named_tests(child))


def bullets() -> list[str]:
    """The sentences in bold with which the bullets of the page on guarantees begin."""
    body = (ROOT / GUARANTEES).read_text("utf-8")
    starts = re.findall(r"^- (.*)$", body, re.MULTILINE)
    bold = re.findall(r"^- \*\*(.+?)\*\*", body, re.MULTILINE)
    assert len(bold) == len(starts) > 0, "every bullet begins with its promise in bold"
    return bold


def headings(document: Path) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE))


def test_ids_are_unique_and_well_formed() -> None:
    ids = Counter(promise.id for promise in ALL)
    assert [one for one, count in ids.items() if count > 1] == []
    assert [one for one in ids if not ID.fullmatch(one) or one.partition(":")[0] not in AREAS] == []
    assert {one.partition(":")[0] for one in ids} == AREAS


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
def test_a_promise_is_held_by_tests_that_exist(promise: Promise) -> None:
    assert promise.tests
    assert len(set(promise.tests)) == len(promise.tests)
    for node in promise.tests:
        file = ROOT / node.partition("::")[0]
        assert file.is_file(), f"{node}: there is no such file"
        assert node in nodes_of(file), f"{node}: there is no such test"


def test_every_test_from_outside_holds_a_promise() -> None:
    files = [file for folder in OUTSIDE for file in (ROOT / folder).rglob("test_*.py") if file != Path(__file__)]
    there = {node for file in files for node in nodes_of(file)}
    idle = there - {node for promise in PROMISES for node in promise.tests}
    assert sorted(idle) == [], "add each to the promise that it holds, in tests/contract/promises_*.py"


def test_every_promise_of_the_page_on_guarantees_is_listed() -> None:
    listed = [promise.text for promise in PROMISES if promise.source == f"{GUARANTEES}#{RELY}"]
    assert sorted(listed) == sorted(bullets())


def test_texts_are_sentences_and_what_comes_later_says_why() -> None:
    assert [one.id for one in ALL if not one.text.endswith(".") or "\n" in one.text] == []
    assert [one.id for one in LATER if not one.reason] == []


def test_sources_are_sections_that_exist() -> None:
    sources = {tuple(one.source.split("#", 1)) for one in ALL}
    documents = {document for document, _ in sources} - {"CONTRACT.md"}
    assert [each for each in documents if each != "README.md" and not each.startswith("docs/")] == []
    for each in documents:
        assert {section for document, section in sources if document == each} <= headings(ROOT / each), each
    if not CONTRACT.is_file():
        pytest.skip("CONTRACT.md is not here (lone checkout)")
    of_contract = {section for document, section in sources if document == "CONTRACT.md"}
    assert of_contract <= headings(CONTRACT)
