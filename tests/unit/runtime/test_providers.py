"""Generations of settings: who works with which source and targets, and when what former ones opened is closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from spheresync.config import Settings, SettingsSource
from spheresync.model import GLUE, TargetKey
from spheresync.runtime.providers import ProviderGenerations

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Opened:
    """One source or target: the settings it was made with, what it was asked, and whether it is closed."""

    settings: Settings
    requests: int = 0
    closed: bool = False

    gave_up: bool = False

    @property
    def usage(self) -> Any:
        of_source = {"requests": self.requests, "bytes_received": 0, "throttled": 0, "retries": 0}
        return SimpleNamespace(**of_source, saved=0, total_calls=self.requests, bytes_sent=0, throttles=0)

    def close(self) -> None:
        assert not self.closed, "closed once only"
        self.closed = True


@dataclass
class World:
    """A folder with a configuration, and everything that was opened by it."""

    folder: Path
    opened: list[Opened] = field(default_factory=list)
    kept: str | None = None  # by which name the state knows an installation that nobody has named

    def write(self, text: str) -> None:
        (self.folder / "spheresync.yaml").write_text(text, encoding="utf-8")

    def generations(self) -> ProviderGenerations:
        async def make_source(settings: Settings, stack: AsyncExitStack) -> Any:
            await anyio.lowlevel.checkpoint()
            return self._open(settings, stack)

        def make_target(settings: Settings, key: TargetKey, stack: AsyncExitStack) -> Any:
            return self._open(settings, stack)

        source = SettingsSource(None, None, {"HOME": str(self.folder)}, self.folder)
        return ProviderGenerations(source, make_source, make_target, self._kept_name)

    async def _kept_name(self) -> str | None:
        await anyio.lowlevel.checkpoint()
        return self.kept

    def _open(self, settings: Settings, stack: AsyncExitStack) -> Opened:
        opened = Opened(settings)
        stack.callback(opened.close)
        self.opened.append(opened)
        return opened


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.write("prefix: a_")
    yield world


async def test_what_begins_takes_the_new_settings_and_what_is_under_way_keeps_the_old(world: World) -> None:
    generations = world.generations()
    async with generations.in_use() as old:
        source, target = await old.source(), old.target(TargetKey(GLUE))
        world.write("prefix: longer_")
        async with generations.in_use() as new:
            assert (old.settings.prefix, new.settings.prefix) == ("a_", "longer_")
            assert await new.source() is not source and new.target(TargetKey(GLUE)) is not target
            assert [each.closed for each in world.opened] == [False] * 4, "nothing in flight is cut"
        assert await old.source() is source
    assert [each.closed for each in world.opened] == [True, True, False, False], "after its last user"
    await generations.aclose()
    assert all(each.closed for each in world.opened)


async def test_what_nobody_uses_is_closed_when_the_next_begins(world: World) -> None:
    generations = world.generations()
    async with generations.in_use() as old:
        await old.source()
    world.write("prefix: longer_")
    assert not world.opened[0].closed
    async with generations.in_use():
        assert world.opened[0].closed


async def test_a_user_that_is_cancelled_or_fails_is_done_too(world: World) -> None:
    generations = world.generations()
    with anyio.CancelScope() as scope:
        async with generations.in_use() as old:
            await old.source()
            world.write("prefix: longer_")
            assert generations.current is not old
            scope.cancel()
            await anyio.sleep_forever()
    assert world.opened[0].closed
    with pytest.raises(KeyError):
        async with generations.in_use() as second:
            await second.source()
            world.write("prefix: third_")
            raise KeyError
    async with generations.in_use():
        assert world.opened[1].closed


async def test_however_many_ask_at_once_one_source_is_made(world: World) -> None:
    generations = world.generations()
    async with generations.in_use() as providers, anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(providers.source)
    assert len(world.opened) == 1


async def test_what_former_generations_asked_still_counts(world: World) -> None:
    generations = world.generations()
    for number in range(1, 4):
        world.write(f"prefix: p{'x' * number}_")
        async with generations.in_use() as providers:
            await providers.source()
            providers.target(TargetKey(GLUE))
            world.opened[-2].requests, world.opened[-1].requests = 10, number
    spent = generations.spent()
    assert (spent["datasphere_requests"], spent["aws_calls"]) == (30, 6)


async def test_a_file_that_says_the_same_begins_no_generation(world: World) -> None:
    generations = world.generations()
    async with generations.in_use() as old:
        world.write("# a remark\nprefix: a_")
        assert generations.current is old


async def test_a_file_that_broke_leaves_the_last_good_settings_in_force(world: World) -> None:
    generations = world.generations()
    world.write("prefix: NO")
    async with generations.in_use() as providers:
        assert providers.settings.prefix == "a_"
    assert generations.problem is not None
    world.write("prefix: longer_")
    assert generations.problem is None
    assert generations.current.settings.prefix == "longer_"


async def test_a_connection_that_cannot_be_closed_troubles_nobody(world: World) -> None:
    generations = world.generations()
    async with generations.in_use() as providers:
        source = await providers.source()
        source.closed = True  # type: ignore[attr-defined]  # the double's own; its close raises now
        world.write("prefix: longer_")
    async with generations.in_use() as providers:
        assert providers.settings.prefix == "longer_"


async def test_a_derived_name_is_kept_as_soon_as_something_was_written_under_it(world: World) -> None:
    world.write("prefix: one_\n")
    generations = world.generations()
    async with generations.in_use() as providers:
        first = providers.settings.installation_name
    assert first.endswith("one_")
    world.write("prefix: another_\n")
    async with generations.in_use() as providers:
        assert providers.settings.installation_name.endswith("another_"), "nothing bears the former one"
    world.kept = first  # another process has written
    async with generations.in_use() as providers:
        assert (providers.settings.prefix, providers.settings.installation_name) == ("another_", first)
    world.write("prefix: another_\ninstallation: ours\n")
    async with generations.in_use() as providers:
        assert providers.settings.installation_name == "ours"
    await generations.aclose()
