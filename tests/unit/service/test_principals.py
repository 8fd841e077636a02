"""Every call of the service carries its principal: who holds no role is refused at each method of each part."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast, get_type_hints

import pytest

from spheresync.errors import PermissionRefusedError
from spheresync.model import Principal, PrincipalKind
from spheresync.service import Service
from spheresync.service.background import Background

pytestmark = pytest.mark.anyio

NOBODY = Principal(PrincipalKind.SERVICE, "nobody", frozenset())
PARTS = {
    name: part
    for name, part in get_type_hints(Service).items()
    if name in {"catalog", "changes", "runs", "drift", "undo", "schedule", "audit", "health", "state", "sign_in"}
}
METHODS = [
    (part, name)
    for part in PARTS.values()
    for name, _ in inspect.getmembers(part, inspect.isfunction)
    if not name.startswith("_")
]


async def test_the_walk_sees_every_part() -> None:
    assert len(PARTS) == 10
    assert {each for each in Service.__slots__ if each not in PARTS} == {
        "background",
        "context",
        "supervisor",
        "tool_calls",  # notes who was refused, whoever that is
    }
    assert all("principal" not in inspect.signature(each).parameters for _, each in _public(Background)), "no caller"


def _public(part: type) -> list[tuple[str, Callable[..., Any]]]:
    return [each for each in inspect.getmembers(part, inspect.isfunction) if not each[0].startswith("_")]


@pytest.mark.parametrize(("part", "name"), METHODS, ids=[f"{part.__name__}.{name}" for part, name in METHODS])
async def test_who_holds_no_role_is_refused_before_anything_else(part: type, name: str) -> None:
    context = SimpleNamespace(store=None)  # whatever comes after the door would break on it
    needed = [each for each in inspect.signature(part).parameters if each != "context"]
    made = part(cast("Any", context), **dict.fromkeys(needed))
    method = getattr(made, name)
    given: dict[str, Any] = {
        each.name: NOBODY if each.name == "principal" else None
        for each in inspect.signature(method).parameters.values()
        if each.default is inspect.Parameter.empty
    }
    assert given.get("principal") is NOBODY, "principal is a parameter without a default"
    with pytest.raises(PermissionRefusedError):
        answer = method(**given)
        if inspect.isawaitable(answer):
            await answer
