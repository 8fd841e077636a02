"""Planning knows targets by what their designs say, so that a new one is planned as the others are."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import spheresync.model
import spheresync.planning
from spheresync.config.settings import SUPPORTED_TARGETS
from spheresync.model import DATAZONE_PUBLISHING

PLANNING = Path(spheresync.planning.__file__).parent
NAMES = {*SUPPORTED_TARGETS, DATAZONE_PUBLISHING}
EXPORTED = {name: getattr(spheresync.model, name) for name in spheresync.model.__all__}
CONSTANTS = {name for name, value in EXPORTED.items() if isinstance(value, str) and value in NAMES}


@pytest.mark.parametrize("module", sorted(PLANNING.rglob("*.py")), ids=lambda path: str(path.relative_to(PLANNING)))
def test_no_module_asks_for_a_target_by_its_name(module: Path) -> None:
    used = {
        each.id if isinstance(each, ast.Name) else each.value
        for each in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(each, ast.Name | ast.Constant)
    }
    assert CONSTANTS and not used & (NAMES | CONSTANTS)
