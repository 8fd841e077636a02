"""The promises of a target that adds to the objects of another one, as tests that any of them runs.

A suite of its own makes a subclass whose `world` fixture gives the target, its design, the settings that it goes by and
somebody else's hands on what it holds.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import Any, Protocol

import anyio
import pytest

from spheresync.config import DriftPolicies
from spheresync.errors import NoObjectError, TargetError, TargetFault
from spheresync.mapping.rules import Decision
from spheresync.model import Action, Address, Asset, DesiredObject, Digest, LiveObject, PhysicalName
from spheresync.targets.design_values import BaseObject
from spheresync.targets.protocol import Operation, Target, cannot_be_seen
from spheresync.targets.registry import registered
from tests.unit.mapping.assets import MARKER, ORDERS

AT = Address(PhysicalName("sales"), PhysicalName("orders"))
COLUMNS = {column.name: f"c{number}" for number, column in enumerate(ORDERS.columns)}


class AddingHands(Protocol):
    """Somebody else who works on the same objects, and what may go wrong with them."""

    async def make_base(self) -> None:
        """Make the object that is added to, with the columns `COLUMNS`."""
        ...

    async def drop_base(self) -> None: ...

    async def add_theirs(self) -> None:
        """Add something that is not ours."""
        ...

    async def change_ours(self) -> None:
        """Change something of ours."""
        ...

    async def break_reading(self) -> None: ...

    async def contents(self) -> Any:
        """All that is added there."""
        ...


@dataclass(slots=True)
class AddingWorld:
    """A target with nothing added yet; `decisions` are two under which it adds different things."""

    target: Target
    hands: AddingHands
    decisions: tuple[Decision, Decision]

    @property
    def design(self) -> Any:
        return registered(self.target.key.target).design

    def desired(self, which: int = 0, asset: Asset = ORDERS) -> DesiredObject:
        base = BaseObject(AT, Digest("base"), COLUMNS, types=dict.fromkeys(COLUMNS, "int"))
        made: DesiredObject = self.design.design(asset, self.decisions[which], *AT, MARKER, base=base)
        return made

    async def there(self) -> LiveObject:
        live = await self.target.read(*AT)
        assert live is not None
        return live

    async def perform(self, which: int = 0, last: bytes | None = None, **more: Any) -> Any:
        for each in self.design.shared_prerequisites([self.desired(which).body], MARKER, self.decisions[which].section):
            await self.target.ensure_container(each.desired)
        operation = Operation(
            asset=ORDERS.id,
            action=Action.METADATA_ONLY,
            container=AT.container,
            name=AT.name,
            desired=self.desired(which),
            last_written=last,
        )
        return await self.target.perform(replace(operation, **more))


class AdditionPromises:
    """What every target keeps that adds to the objects of another one."""

    async def added(self, world: AddingWorld) -> bytes:
        await world.hands.make_base()
        body: bytes = (await world.perform()).body
        return body

    async def test_what_is_added_is_read_back_and_found_done(self, world: AddingWorld) -> None:
        await self.added(world)
        assert world.design.holds(await world.there(), world.desired())
        before = await world.hands.contents()
        again = await world.perform(last=world.desired().body)
        assert again.already and await world.hands.contents() == before
        assert (await world.perform(recovering=True)).already

    async def test_another_body_takes_its_place_and_what_others_added_stays(self, world: AddingWorld) -> None:
        first = await self.added(world)
        await world.hands.add_theirs()
        theirs = world.design.foreign_changes(first, (await world.there()).body)
        assert theirs
        outcome = await world.perform(1, last=first)
        live = await world.there()
        assert world.design.holds(live, world.desired(1)) and not world.design.holds(live, world.desired(0))
        assert world.design.foreign_changes(first, live.body) == theirs
        assert outcome.before is not None, "so that it can be undone"
        back = await world.perform(desired=_restored(world, outcome.before), last=outcome.body, exact=True)
        assert not back.already and world.design.holds(await world.there(), world.desired(0))
        assert world.design.foreign_changes(first, (await world.there()).body) == theirs

    async def test_what_others_changed_of_ours_refuses_what_a_person_reviewed(self, world: AddingWorld) -> None:
        first = await self.added(world)
        await world.hands.change_ours()
        before = await world.hands.contents()
        for more in ({"strict": True}, {"exact": True}):
            with pytest.raises(TargetError) as refused:
                await world.perform(1, last=first, **more)
            assert refused.value.fault is TargetFault.MOVED and str(ORDERS.id) in refused.value.message
            assert await world.hands.contents() == before
        await world.perform(1, last=first)
        assert world.design.holds(await world.there(), world.desired(1)), "a sync goes by the drift policy"

    async def test_without_the_object_nothing_is_added(self, world: AddingWorld) -> None:
        assert await world.target.read(*AT) is None
        with pytest.raises(NoObjectError):
            await world.perform(must_exist=True)
        with pytest.raises(TargetError) as refused:
            await world.perform()
        assert not refused.value.systemic
        first = await self.added(world)
        await world.hands.drop_base()
        assert (await world.perform(last=first, exact=True)).already, "what stood there went with it"

    async def test_what_cannot_be_read_is_not_gone(self, world: AddingWorld) -> None:
        first = await self.added(world)
        await world.hands.break_reading()
        with pytest.raises(TargetError) as refused:
            await world.target.read(*AT)
        assert cannot_be_seen(refused.value)
        with pytest.raises(TargetError):
            await world.perform(1, last=first)

    async def test_a_cancelled_write_is_done_or_not(self, world: AddingWorld) -> None:
        first = await self.added(world)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await world.perform(1, last=first)
        live = await world.there()
        assert any(world.design.holds(live, world.desired(which)) for which in (0, 1))

    async def test_its_design_says_the_same_of_the_same(self, world: AddingWorld) -> None:
        design, desired = world.design, world.desired()
        assert desired == world.desired() and design.fingerprint(desired.body) == desired.digest != design.nothing
        assert design.changes(desired.body, desired.body) == design.own_changes(desired.body, desired.body) == ()
        assert design.untouched(desired.body, desired.body)
        merged = design.merge(desired.body, desired.body, desired.body, DriftPolicies())
        assert (merged.kept, merged.ours_moved) == ((), ())
        assert not design.would_write(desired.body, desired.body, merged.body)
        assert design.changes(None, desired.body) and design.changes(desired.body, world.desired(1).body)
        assert pickle.loads(pickle.dumps(desired)) == desired
        assert design.capabilities.depends_on is not None and design.permissions


def _restored(world: AddingWorld, before: bytes) -> DesiredObject:
    return DesiredObject(*AT, before, world.design.fingerprint(before))
