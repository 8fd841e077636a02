"""The promises of the port `Target` and of its design, as tests that any target runs.

A suite of its own makes a subclass whose `world` fixture gives the target with its design, and somebody else's hands on
what it holds.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import Any, Protocol

import anyio
import pytest

from spheresync.config import DriftPolicies
from spheresync.errors import TargetError, TargetFault
from spheresync.model import Action, Asset, DesiredObject, LiveObject, PhysicalName
from spheresync.targets.protocol import Operation, Target, cannot_be_seen
from spheresync.targets.registry import registered
from tests.unit.mapping.assets import MARKER, ORDERS, decide

GROUP, NAME = PhysicalName("sales"), PhysicalName("orders")
RELABELLED = replace(ORDERS, labels=(("", "Orders of all countries"),))
AT = "2026-11-24T08:00:00.000000Z"


class Hands(Protocol):
    """Somebody else who works on the same catalog, and what may go wrong with it."""

    async def put(self, body: dict[str, Any]) -> None:
        """Have the object hold this body, whoever made it."""
        ...

    async def hide(self) -> None:
        """Let the object be seen no more by us."""
        ...

    async def break_reading(self) -> None:
        """Let every look at the catalog be refused from now on."""
        ...

    async def contents(self) -> Any:
        """All that the catalog holds, versions included."""
        ...


@dataclass(slots=True)
class World:
    """A target with nothing in it; `note` is a member of a body that is not ours."""

    target: Target
    hands: Hands
    note: dict[str, Any]

    @property
    def design(self) -> Any:
        return registered(self.target.key.target).design

    def desired(self, asset: Asset = ORDERS, *, marker: str = MARKER) -> DesiredObject:
        made: DesiredObject = self.design.design(asset, decide(asset), GROUP, NAME, marker)
        return made

    async def make_group(self) -> None:
        for each in self.design.prerequisites(GROUP, "SALES", "Sales", MARKER):
            await self.target.ensure_container(each.desired)

    async def there(self) -> LiveObject:
        live = await self.target.read(GROUP, NAME)
        assert live is not None
        return live

    async def edit(self, **members: Any) -> None:
        """Somebody else changes members of the object."""
        import json

        await self.hands.put({**json.loads((await self.there()).body), **members})


def operation(action: Action, desired: DesiredObject | None, last: LiveObject | None = None, **more: Any) -> Operation:
    return Operation(
        asset=ORDERS.id,
        action=action,
        container=GROUP,
        name=NAME,
        desired=desired,
        last_written=last.body if last is not None else None,
        expected_version=last.version if last is not None else None,
        **more,
    )


class TargetPromises:
    """What every target keeps."""

    async def created(self, world: World) -> LiveObject:
        await world.make_group()
        await world.target.perform(operation(Action.CREATE, world.desired()))
        return await world.there()

    async def test_what_must_exist_first_is_made_once(self, world: World) -> None:
        for first in (True, False):
            for each in world.design.prerequisites(GROUP, "SALES", "Sales", MARKER):
                outcome = await world.target.ensure_container(each.desired)
                assert (outcome.created, outcome.ours) == (first, True)
        inventory = await world.target.inventory(None)
        assert [*inventory.containers] == [GROUP] and inventory.objects == ()

    async def test_without_it_nothing_is_written(self, world: World) -> None:
        for attempt in (world.target.perform(operation(Action.CREATE, world.desired())), anext(self.pages(world))):
            with pytest.raises(TargetError) as refused:
                await attempt
            assert refused.value.fault is TargetFault.NO_CONTAINER and not refused.value.systemic

    @staticmethod
    def pages(world: World) -> Any:
        return aiter(world.target.pages(GROUP))

    async def test_what_is_written_is_read_back(self, world: World) -> None:
        desired, live = world.desired(), await self.created(world)
        assert (live.owner, live.source, live.digest, live.intact) == (MARKER, str(ORDERS.id), desired.digest, True)
        assert world.design.fingerprint(live.body) == world.design.claim_of(live.body) == desired.digest
        assert world.design.differences(desired.body, live.body) == ()
        assert (await world.target.inventory(None)).objects == (live,)
        assert [each async for page in world.target.pages(GROUP) for each in page] == [live]

    async def test_an_update_keeps_what_others_put_there(self, world: World) -> None:
        written = await self.created(world)
        await world.edit(**world.note)
        noted = await world.there()
        assert world.design.foreign_changes(written.body, noted.body)
        await world.target.perform(operation(Action.UPDATE, world.desired(RELABELLED), noted))
        live = await world.there()
        assert live.digest == world.desired(RELABELLED).digest and live.version != written.version
        assert world.design.foreign_changes(noted.body, live.body) == ()

    @pytest.mark.parametrize("action", [Action.UPDATE, Action.DELETE])
    async def test_what_others_changed_of_ours_is_refused(self, world: World, action: Action) -> None:
        written = await self.created(world)
        before = await self.mixed_up(world)
        desired = world.desired(RELABELLED) if action is Action.UPDATE else None
        with pytest.raises(TargetError) as refused:
            await world.target.perform(operation(action, desired, written, strict=True))
        assert refused.value.fault is TargetFault.MOVED and str(ORDERS.id) in refused.value.message
        assert await world.hands.contents() == before

    async def mixed_up(self, world: World) -> Any:
        """Somebody has put the definition of another view under our marks."""
        import json

        body = json.loads(world.desired(replace(ORDERS, columns=ORDERS.columns[:1])).body)
        ours = json.loads((await world.there()).body)
        marks = next(key for key in ("Marks", "Parameters") if key in ours)
        await world.hands.put({**body, marks: ours[marks]})
        return await world.hands.contents()

    @pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DELETE])
    async def test_what_is_not_ours_is_never_touched(self, world: World, action: Action) -> None:
        import json

        written = await self.created(world)
        await world.hands.put(json.loads(world.desired(marker="spheresync:another").body))
        before = await world.hands.contents()
        desired = None if action is Action.DELETE else world.desired(RELABELLED)
        with pytest.raises(TargetError) as refused:
            await world.target.perform(operation(action, desired, None if action is Action.CREATE else written))
        assert refused.value.fault is TargetFault.CONFLICT
        assert await world.hands.contents() == before

    async def test_what_was_done_is_found_done(self, world: World) -> None:
        written = await self.created(world)
        before = await world.hands.contents()
        again = await world.target.perform(operation(Action.CREATE, world.desired(), recovering=True))
        assert again.already and again.version == written.version
        assert await world.hands.contents() == before
        assert (await world.target.perform(operation(Action.DELETE, None, written))).body == b""
        assert await world.target.read(GROUP, NAME) is None
        assert (await world.target.perform(operation(Action.DELETE, None, written))).already

    async def test_what_is_retired_is_marked_and_comes_back(self, world: World) -> None:
        written = await self.created(world)
        await world.target.perform(
            operation(Action.RETIRE, world.design.retire(written.body, AT, GROUP, NAME), written)
        )
        live = await world.there()
        marks = world.design.marks(live.body)
        assert world.design.is_retired(live.body) and live.intact
        assert (marks.retired_at, marks.retired_object) == (AT, f"{GROUP}.{NAME}")
        await world.target.perform(operation(Action.UPDATE, world.desired(), live))
        assert not world.design.is_retired((await world.there()).body)

    async def test_what_is_hidden_is_not_gone(self, world: World) -> None:
        await self.created(world)
        await world.hands.hide()
        with pytest.raises(TargetError) as refused:
            await world.target.read(GROUP, NAME)
        assert cannot_be_seen(refused.value)

    async def test_a_look_is_whole_or_an_error(self, world: World) -> None:
        await self.created(world)
        await world.hands.break_reading()
        with pytest.raises(TargetError):
            await world.target.inventory(None)
        with pytest.raises(TargetError):
            await anext(self.pages(world))

    async def test_a_cancelled_write_is_done_or_not(self, world: World) -> None:
        written = await self.created(world)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await world.target.perform(operation(Action.UPDATE, world.desired(RELABELLED), written))
        live = await world.there()
        assert live.intact and live.digest in {world.desired().digest, world.desired(RELABELLED).digest}

    async def test_its_design_says_the_same_of_the_same(self, world: World) -> None:
        design, desired = world.design, world.desired()
        assert desired == world.desired() and design.fingerprint(desired.body) == desired.digest
        assert design.changes(desired.body, desired.body) == design.own_changes(desired.body, desired.body) == ()
        assert design.untouched(desired.body, desired.body)
        merged = design.merge(desired.body, desired.body, desired.body, DriftPolicies())
        assert (merged.kept, merged.ours_moved) == ((), ()) and not design.own_changes(desired.body, merged.body)
        proof = design.last_written(desired.body, desired.digest)
        assert proof.proven and proof.body == desired.body
        assert pickle.loads(pickle.dumps(desired)) == desired
        assert all(design.operations(action) for action in Action if action.changes_something and action.removes)
