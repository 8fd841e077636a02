"""Identity is the pair of space and name: where text may become an asset, and where the text of one may be compared."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for part in ("core", "server") for path in (ROOT / part).rglob("*.py"))

DOORS = {
    "spheresync/runtime/unknown_names.py": "what people write in a request",
    "spheresync/planning/checkpoint_rebuild.py": "`spheresync.source`, which CONTRACT.md spells SPACE/NAME",
    "spheresync/planning/decisions/items.py": "the same, of what a table held when it was written last",
    "spheresync/mapping/references.py": "what it spelled itself of a pair, for the origins of a definition",
    "spheresync/model/names.py": "what states and files of former versions hold in place of the pair",
}
"""The modules that may turn the text SPACE/NAME into an asset."""

SPLITS = frozenset({"split", "rsplit", "partition", "rpartition", "removeprefix", "removesuffix"})
OTHER_SLASHES = frozenset(
    {
        "spheresync/model/names.py",  # the one that splits an asset's
        "spheresync/lineage/openlineage.py",  # what a connection leads to
        "spheresync/source/datasphere/objects/object_types.py",  # paths of URLs
        "spheresync/dog/routes.py",  # paths of URLs, decoded after they are split
        "spheresync/dog/site.py",
        "spheresync/source/datasphere/edmx/document_reader.py",  # paths inside a document
        "spheresync/source/datasphere/edmx/expressions.py",
        "spheresync/source/datasphere/edmx/semantics.py",
        "spheresync/source/datasphere/listing/pages.py",  # contexts of OData
        "spheresync/source/transport/response_faults.py",  # media types
        "spheresync/targets/quicksight/steps.py",  # ARNs
        "spheresync_server/mcp_server/resources.py",  # an address that a client sent
        "spheresync_server/mcp_server/schemas.py",  # JSON pointers
        "spheresync_server/server_paths.py",  # paths of files
    }
)
"""Modules that split other texts at a slash."""


COMPARED_SUBJECTS = frozenset(
    {
        "spheresync/service/alerts/alert_conditions.py",  # of alerts and findings: fixed words and tiers, never assets
        "spheresync/schedule/obsolete_jobs.py",  # whether a job has a subject at all
        "spheresync/state/records/jobs.py",  # of two jobs of one kind
    }
)


def module_of(path: Path) -> str:
    return str(path.relative_to(ROOT / path.relative_to(ROOT).parts[0]))


@cache
def nodes() -> tuple[tuple[Path, ast.AST], ...]:
    """Every node of every module of the product."""
    return tuple((path, node) for path in SOURCES for node in ast.walk(ast.parse(path.read_bytes())))


def named(node: ast.AST) -> str:
    return ast.unparse(node)


def places(found: Iterable[tuple[Path, ast.AST]]) -> list[str]:
    return [f"{module_of(path)}: {named(node)[:80]}" for path, node in found]


def references_to_parse() -> list[tuple[Path, ast.AST]]:
    """`AssetId.parse`, called or handed on; in its own class it is called `cls.parse`."""
    found = [(path, node) for path, node in nodes() if isinstance(node, ast.Attribute) and node.attr == "parse"]
    own = "spheresync/model/names.py"
    return [(path, node) for path, node in found if named(node) == "AssetId.parse" or module_of(path) == own]


def test_text_becomes_an_asset_at_the_doors_only() -> None:
    assert places((path, node) for path, node in references_to_parse() if module_of(path) not in DOORS) == []
    assert {module_of(path) for path, _ in references_to_parse()} == set(DOORS), "a door that nobody uses is none"


def test_nobody_splits_a_text_at_a_slash_to_find_an_asset() -> None:
    found = (
        (path, node)
        for path, node in nodes()
        if module_of(path) not in OTHER_SLASHES and (_splits_at_slash(node) or _looks_for_slash(node))
    )
    assert places(found) == []


def _splits_at_slash(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in SPLITS:
        return False
    texts = [argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant)]
    return texts in (["/"], ["space "])


def _looks_for_slash(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.In | ast.NotIn):
        return False
    return isinstance(node.left, ast.Constant) and node.left.value == "/"


def test_a_problem_of_an_asset_says_which() -> None:
    """`Problem.of` carries the pair; a subject alone is for people, and an asset's may look like some space's."""
    found = (
        (path, node)
        for path, node in nodes()
        if isinstance(node, ast.Call) and named(node.func) == "Problem" and _spells_its_subject(node)
    )
    assert places(found) == []


def _spells_its_subject(call: ast.Call) -> bool:
    subjects = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "subject")]
    return any(isinstance(subject, ast.Call) and named(subject.func) == "str" for subject in subjects)


def test_the_text_of_a_subject_is_never_compared() -> None:
    """What a problem or a job is about is compared by its asset."""
    found = (
        (path, node)
        for path, node in nodes()
        if isinstance(node, ast.Compare) and module_of(path) not in COMPARED_SUBJECTS
        for side in (node.left, *node.comparators)
        if isinstance(side, ast.Attribute) and side.attr == "subject"
    )
    assert places(found) == []


@pytest.mark.parametrize("module", sorted(OTHER_SLASHES | DOORS.keys() | COMPARED_SUBJECTS))
def test_a_module_that_is_let_through_exists(module: str) -> None:
    assert module in set(map(module_of, SOURCES))
