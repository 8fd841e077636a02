"""Doctor names a target that adds to objects of another one which is not configured beside it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from spheresync.model import GLUE, DestinationName, TargetKey, TargetName
from spheresync.service.health.connections import missing_dependencies
from spheresync.targets import registry
from spheresync.targets.design_values import Capabilities

TAGS = TargetName("tags")
HERE, THERE = DestinationName("default"), DestinationName("eu")


@pytest.fixture(autouse=True)
def _tags_depend_on_glue(monkeypatch: pytest.MonkeyPatch) -> None:
    design = SimpleNamespace(capabilities=Capabilities(depends_on=GLUE))
    kind = registry.TargetKind(cast("Any", design), cast("Any", None))
    monkeypatch.setitem(registry.TARGETS, TAGS, lambda: kind)


@pytest.mark.parametrize("keys", [[], [TargetKey(GLUE, HERE)], [TargetKey(TAGS, HERE), TargetKey(GLUE, HERE)]])
def test_a_target_whose_dependency_is_configured_is_no_finding(keys: list[TargetKey]) -> None:
    assert missing_dependencies(keys) == []


@pytest.mark.parametrize("others", [[], [TargetKey(GLUE, THERE)]])
def test_a_target_whose_dependency_is_not_configured_in_its_destination_is_named(others: list[TargetKey]) -> None:
    (found,) = missing_dependencies([TargetKey(TAGS, HERE), *others])
    assert not found.ok
    assert found.connection == str(TargetKey(TAGS, HERE))
    assert "glue is no target of this destination" in found.message
    assert "Add glue to `targets:`" in found.remedy
