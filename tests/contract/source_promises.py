"""The promises of the port `Source`, as tests that any source runs.

A suite of its own makes a subclass whose `world` fixture gives an open source over content that is known, and ways to
change and to break what it is read from.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio
import pytest

from spheresync.errors import SourceError
from spheresync.model import AssetEntry, AssetId, SpaceName
from spheresync.source.protocol import Source


@dataclass(frozen=True, slots=True)
class World:
    """A source and what stands behind it: two spaces at least, one of them longer than a page of its listing."""

    source: Source
    holds: Mapping[SpaceName, frozenset[AssetId]]
    long: SpaceName
    short: SpaceName
    break_all: Callable[[], None]
    break_listing: Callable[[SpaceName], None]
    break_second_pages: Callable[[], None]
    break_definition: Callable[[AssetId], None]
    remove: Callable[[AssetId], None]
    relabel: Callable[[AssetId], None]


async def entries(world: World, space: SpaceName) -> dict[AssetId, AssetEntry]:
    return {entry.id: entry for entry in (await world.source.list_assets(space)).items}


async def an_entry(world: World) -> AssetEntry:
    return next(iter((await entries(world, world.short)).values()))


class SourcePromises:
    """What every source keeps."""

    async def test_all_there_is_is_listed_once_and_said_to_be_all(self, world: World) -> None:
        spaces = await world.source.list_spaces()
        assert spaces.complete and not spaces.problems
        assert sorted(entry.name for entry in spaces.items) == sorted(world.holds)
        for space, assets in world.holds.items():
            listing = await world.source.list_assets(space)
            assert listing.complete and not listing.problems
            assert sorted(entry.id for entry in listing.items) == sorted(assets)

    async def test_an_outage_is_an_incomplete_listing_with_its_reason_and_no_error(self, world: World) -> None:
        world.break_all()
        for listing in (await world.source.list_spaces(), await world.source.list_assets(world.short)):
            assert not listing.complete and listing.problems
            assert all(problem.message and problem.remedy for problem in listing.problems)

    async def test_a_space_that_cannot_be_listed_leaves_the_others_whole(self, world: World) -> None:
        world.break_listing(world.short)
        listings = {}

        async def listed(space: SpaceName) -> None:
            listings[space] = await world.source.list_assets(space)

        async with anyio.create_task_group() as group:
            for space in world.holds:
                group.start_soon(listed, space)
        assert {space for space, listing in listings.items() if not listing.complete} == {world.short}

    async def test_the_beginning_of_a_listing_never_passes_for_the_whole(self, world: World) -> None:
        world.break_second_pages()
        assert not (await world.source.list_assets(world.long)).complete
        assert (await world.source.list_assets(world.short)).complete

    async def test_a_definition_becomes_the_asset_that_was_asked_for(self, world: World) -> None:
        entry = await an_entry(world)
        asset = world.source.normaliser.normalise(await world.source.fetch(entry))
        assert asset.id == entry.id and asset.columns

    async def test_the_digest_moves_with_the_definition_and_only_then(self, world: World) -> None:
        entry = await an_entry(world)
        before = await world.source.fetch(entry)
        assert (await world.source.fetch(entry)).digest == before.digest
        world.relabel(entry.id)
        changed = (await entries(world, world.short))[entry.id]
        assert (await world.source.fetch(changed)).digest != before.digest

    async def test_a_definition_that_is_none_is_an_error_that_names_its_asset(self, world: World) -> None:
        entry = await an_entry(world)
        world.break_definition(entry.id)
        with pytest.raises(SourceError) as raised:
            world.source.normaliser.normalise(await world.source.fetch(entry))
        assert str(entry.id) in raised.value.message

    async def test_what_is_gone_is_told_from_what_is_there(self, world: World) -> None:
        gone, there = list((await entries(world, world.short)).values())[:2]
        world.remove(gone.id)
        assert not await world.source.is_served(gone) and not await world.source.holds(gone.id)
        assert await world.source.is_served(there) and await world.source.holds(there.id)

    async def test_an_outage_never_proves_that_something_is_gone(self, world: World) -> None:
        entry = await an_entry(world)
        world.break_all()
        with pytest.raises(SourceError):
            await world.source.is_served(entry)
        with pytest.raises(SourceError):
            await world.source.holds(entry.id)

    async def test_usage_counts_what_was_sent_and_is_a_value(self, world: World) -> None:
        before = world.source.usage
        await world.source.list_assets(world.long)
        after = world.source.usage
        assert after.requests >= before.requests + 2 and after.bytes_received > before.bytes_received
        assert world.source.usage == after

    async def test_a_check_says_what_works_and_what_to_do_about_the_rest(self, world: World) -> None:
        assert all(each.ok for each in await world.source.check())
        world.break_listing(world.short)
        (broken,) = [each for each in await world.source.check() if not each.ok]
        assert world.short in broken.message and broken.remedy

    async def test_definitions_can_be_normalised_by_another_process(self, world: World) -> None:
        raw = await world.source.fetch(await an_entry(world))
        normaliser = pickle.loads(pickle.dumps(world.source.normaliser))
        assert normaliser.normalise(pickle.loads(pickle.dumps(raw))) == world.source.normaliser.normalise(raw)
