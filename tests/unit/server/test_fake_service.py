"""The fake service cannot drift from the real one: same methods, parameters, defaults and answers."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest

from spheresync.service import Service
from tests.unit.server.fake_asked import Asked
from tests.unit.server.fake_service import PARTS, FakeService

FAKED = sorted(
    name
    for name in dir(FakeService)
    if not name.startswith("_") and inspect.isfunction(getattr(FakeService, name)) and not hasattr(Asked, name)
)


def signature(owner: type, name: str) -> tuple[dict[str, object], dict[str, object]]:
    function = getattr(owner, name)
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    return {each.name: (each.kind, each.default) for each in parameters}, hints


@pytest.mark.parametrize("name", FAKED)
def test_a_fake_method_is_as_the_real_one(name: str) -> None:
    real = [part for part in PARTS.values() if hasattr(part, name)]
    assert len(real) == 1, f"{name} belongs to one part of the service"
    assert signature(FakeService, name) == signature(real[0], name)


def test_the_parts_are_those_of_the_service() -> None:
    assert {"catalog", "changes", "runs", "drift", "undo", "schedule", "audit", "health", "state"} <= PARTS.keys()
    assert set(PARTS) <= set(Service.__slots__)
