"""What CONTRIBUTING.md, the page on targets and the product's own texts say of the layout is where they say it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "core" / "spheresync", ROOT / "server" / "spheresync_server")
GUIDE = "\n".join((ROOT / name).read_text("utf-8") for name in ("CONTRIBUTING.md", "docs/how-to/write-a-target.md"))
MODULES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))

_PATH = re.compile(r"`((?:[a-z_0-9]+/)*[a-z_0-9]+\.py|(?:[a-z_0-9]+/)+)`")
"""A module or a folder; one with a placeholder such as `<name>` is none."""
_ANSWER = re.compile(r"`([a-z_0-9/]+\.py)`: ((?:`\w+`(?:, )?)+)")
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_MISSING = "no such file or folder: a move left its name behind"


def paths_in(text: str) -> list[str]:
    return _PATH.findall(text)


def exists(path: str, beside: Path = ROOT) -> bool:
    roots = (beside, ROOT, *PACKAGES, ROOT / "core", ROOT / "server")
    return any((root / path).exists() for root in roots)


def test_every_path_of_the_guide_exists() -> None:
    halves_of_a_new_target = {"design.py"}
    paths = {*paths_in(GUIDE)} - halves_of_a_new_target
    assert len(paths) > 20 and [path for path in sorted(paths) if not exists(path)] == [], _MISSING


def test_every_name_that_the_guide_gives_as_an_answer_is_defined_there() -> None:
    answers = _ANSWER.findall(GUIDE)
    assert len(answers) >= 9
    for path, names in answers:
        tree = ast.parse((PACKAGES[0] / path).read_text("utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)}
        assert {*re.findall(r"`(\w+)`", names)} <= defined, path


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_modules_that_docstrings_name_exist(package: Path) -> None:
    """A docstring names a module by its file, from the package, the repository or beside itself."""
    for module in (path for path in MODULES if path.is_relative_to(package)):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count("`") > 1:
                named = [path for path in paths_in(node.value) if path.endswith(".py")]
                gone = [path for path in named if not exists(path, module.parent)]
                assert gone == [], f"{module.relative_to(ROOT)}: {_MISSING}"
