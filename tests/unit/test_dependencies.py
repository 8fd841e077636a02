"""What is imported is declared, and the lock holds what is needed and nothing else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = frozenset({"spheresync", "spheresync_server", "docs", "tests"})
PART_OF = {"pydantic_core": "pydantic", "mcp_types": "mcp", "mypy_boto3_glue": "boto3_stubs", "opentelemetry": ""}
"""Import packages that a declared distribution brings as its own; "": a namespace of several, looked at by hand."""

OF_THE_BUILD = frozenset({"trove_classifiers"})
"""What only the build of the wheel needs, in an environment of its own."""


def spelled(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def named(requirement: str) -> tuple[str, frozenset[str]]:
    """The distribution that a requirement names, and its extras."""
    found = re.match(r"([\w.-]+)\s*(?:\[([^\]]*)\])?", requirement)
    assert found is not None, requirement
    return spelled(found[1]), frozenset(spelled(extra) for extra in (found[2] or "").split(",") if extra)


def project() -> dict[str, list[str]]:
    """Requirements by extra; those without are under ""."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return {
        "": document["project"]["dependencies"],
        "build": document["build-system"]["requires"],
        **document["project"]["optional-dependencies"],
    }


def imported(folder: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name.split(".")[0], path) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.split(".")[0], path


def undeclared(folder: str, extras: tuple[str, ...]) -> set[str]:
    declared = {named(each)[0] for extra in extras for each in project()[extra]}
    brought = metadata.packages_distributions()
    missing = set()
    for name, path in imported(folder):
        if name in sys.stdlib_module_names or name in OURS:
            continue
        owners = {PART_OF[name]} if name in PART_OF else {spelled(each) for each in brought.get(name, [name])}
        if not owners & (declared | {""}):
            missing.add(f"{name} in {path.relative_to(ROOT)}")
    return missing


def test_what_the_product_imports_is_declared() -> None:
    assert undeclared("core", ("", "dog", "otel")) | undeclared("server", ("", "dog", "otel")) == set()


def test_what_the_tests_import_is_declared() -> None:
    assert undeclared("tests", ("", "dog", "otel", "dev", "fuzz")) == set()


def test_what_the_documentation_is_made_with_is_declared() -> None:
    assert undeclared("docs", ("", "docs")) == set()


def needed() -> set[str]:
    """Every distribution that is reached from what this project declares; markers of other platforms count too."""
    reached: set[tuple[str, str]] = set()
    todo = [each for requirements in project().values() for each in requirements]
    names: set[str] = set()
    while todo:
        name, extras = named(todo.pop())
        for extra in ("", *extras):
            if name == "spheresync" or (name, extra) in reached:
                continue
            reached.add((name, extra))
            names.add(name)
            try:
                requires = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                continue  # of another platform, or of the build
            for each in requires:
                wanted = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", each)
                if (spelled(wanted[1]) if wanted else "") == extra:
                    todo.append(each)
    return names


def test_the_lock_holds_what_is_needed_and_nothing_else() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    locked = {spelled(line.partition("==")[0]) for line in lines if line and not line.startswith("#")}
    installed = {spelled(each.name) for each in metadata.distributions()}
    assert locked - needed() - OF_THE_BUILD == set()
    assert (needed() & installed) - locked - {"pip", "setuptools"} == set()
