"""Task groups hand out bare errors, and the one that decides."""

from __future__ import annotations

import ast
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import FenceError, SourceError, SourceFault, SpheresyncError, StateError
from spheresync.isolation import deciding, isolated_group

pytestmark = pytest.mark.anyio
OPENERS = {"create_task_group", "create_task", "gather"}
SOURCES = Path(__file__).resolve().parents[2]


async def throw(error: BaseException) -> None:
    await anyio.lowlevel.checkpoint()
    raise error


@pytest.mark.parametrize("error", [StateError("full"), FenceError("lost"), KeyError("name")])
async def test_one_error_of_a_task_arrives_as_it_was_raised(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        async with isolated_group() as group:
            group.start_soon(throw, error)
    assert caught.value is error


async def test_so_does_one_of_the_body() -> None:
    with pytest.raises(SpheresyncError, match="full"):
        async with isolated_group():
            raise StateError("full")


async def test_nested_groups_hand_the_same_error_on() -> None:
    with pytest.raises(StateError, match="full"):
        async with isolated_group() as outer:

            async def inner() -> None:
                async with isolated_group() as group:
                    group.start_soon(throw, StateError("full"))

            outer.start_soon(inner)


async def test_a_cancelled_group_is_cancelled_and_raises_nothing() -> None:
    with anyio.move_on_after(0):
        async with isolated_group() as group:
            group.start_soon(anyio.sleep_forever)


RANKED: list[list[BaseException]] = [
    [KeyboardInterrupt()],
    [FenceError("lost")],
    [KeyError("x"), ValueError("y")],
    [StateError("full"), SourceError(SourceFault.TRUNCATED, "short")],
]


FOUND = [(rank, error) for rank, errors in enumerate(RANKED) for error in errors]


@given(st.lists(st.sampled_from(FOUND), min_size=1, max_size=6))
def test_the_deciding_error_is_the_first_of_the_most_urgent_kind(found: list[tuple[int, BaseException]]) -> None:
    group = BaseExceptionGroup("tasks", [BaseExceptionGroup("inner", [error]) for _, error in found])
    assert deciding(group) is min(found, key=lambda each: each[0])[1]


def test_every_task_group_of_the_product_is_an_isolated_one() -> None:
    """A group that anyio opens itself wraps errors of the product, and `except*` elsewhere would take them apart."""
    opened, starred = set(), set()
    for path in [*(SOURCES / "core").rglob("*.py"), *(SOURCES / "server").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in OPENERS:
                opened.add(path.name)
            if isinstance(node, ast.TryStar):
                starred.add(path.name)
    assert (opened, starred) == ({"isolation.py"}, set())
