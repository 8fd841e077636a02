"""Where each target stands, and what others manage in that very place.

What is known of one catalog says nothing of another: a destination that is in another one by now would count as in sync
there. So the place goes on record, and another one is refused as long as tables are known at the former. And two
destinations may be in one place: what one of them manages there is nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spheresync.config import Settings
from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.mapping.rules import MappingRules
from spheresync.model import Address, DestinationName, Place, TargetKey
from spheresync.runtime.installation_name import noted_name
from spheresync.state.port import Store, Tx
from spheresync.state.records import Checkpoint
from spheresync.targets.protocol import Target
from spheresync.targets.registry import base_of

_NOTE = "place:"
_PREFIX = "prefix:"
"""Notes of how the databases of a destination began, where it was written last."""
_EARLY = ("catalog ", "the own catalog ")
"""How the notes of an early version begin."""


async def require_same_place(
    store: Store, settings: Settings, target: Target, known: Iterable[Checkpoint] | None = None
) -> None:
    """Refuse to go by what is known of a destination that is in another place by now, or was written under another
    name; what only AWS can say of that, the target itself looks at before it writes.

    `known`: the checkpoints of the target, where they are at hand: to read those of many assets takes its time.

    Raises:
        TargetError: CONFLICT; it was written elsewhere, and tables are known there, or as another installation.
    """
    await _require_same_name(store, settings)
    key, name = target.key, target.key.destination
    noted = await store.meta.get(_NOTE + name)
    if noted is None:
        target.expect(None)
        return
    before, now = _read(noted), settings.place_of(name)
    if before is not None:
        moved = not before.may_be(now)
    else:  # else damaged, which says nothing
        moved = noted.startswith(_EARLY) and noted != settings.places[name].place
    prefix, prefix_now = await store.meta.get(_PREFIX + name), settings.prefix_in(name)
    renamed = prefix is not None and prefix != prefix_now
    whose = await _written_there(store, settings, name) if moved or renamed else None
    if (moved or whose is not None) and await _is_known(store, name):
        with_prefixes = (f", prefix {prefix!r},", f", prefix {prefix_now!r},") if renamed else ("", "")
        raise _moved(name, f"{before or noted}{with_prefixes[0]}", f"{now}{with_prefixes[1]}", whose)
    if known is None:
        known = await store.checkpoints.all(key)
    target.expect(before.catalog if before is not None and any(held.is_there for held in known) else None)


async def _is_known(store: Store, name: DestinationName) -> bool:
    """Whether anything is known in a destination, of whichever target: all of them have one place."""
    for key in await store.checkpoints.keys():
        if key.destination == name and any(held.is_there for held in await store.checkpoints.all(key)):
            return True
    return False


async def _written_there(store: Store, settings: Settings, name: DestinationName) -> DestinationName | None:
    """The other destination in force that was written until now where this one is by the settings, prefix and all.

    So it is where two have changed their names: what each knows is of the other one's tables.
    """
    now, prefix = settings.place_of(name), settings.prefix_in(name)
    for other in map(DestinationName, settings.places):
        noted = _read(await store.meta.get(_NOTE + other)) if other != name else None
        if noted is None or not noted.may_be(now) or await store.meta.get(_PREFIX + other) != prefix:
            continue
        if await _is_known(store, other):
            return other
    return None


def _moved(name: DestinationName, before: str, now: str, whose: DestinationName | None) -> TargetError:
    text = (
        f"destination {name} was written in {before} until now and is {now} by the settings and the environment of "
        "this process: what is known of the one says nothing of the other, so nothing was done there."
    )
    remedy = "Give the new place another name under `destinations:`, or put the former one back."
    if whose is not None:
        text = f"{text} That is where destination {whose} was written until now, as if names had changed places."
        remedy = (
            f"Put the names back under `destinations:`, so that {name} and {whose} are where they were: then all goes "
            f"on. Where {name} is meant to be there, give it a name that nothing was written under."
        )
    return TargetError(TargetFault.CONFLICT, text, remedy=remedy, systemic=True)


async def _require_same_name(store: Store, settings: Settings) -> None:
    """A table carries the name, and gets the new one with the next write; what stands beside tables is found by it."""
    name = await noted_name(store)
    if name in {None, settings.installation_name}:
        return
    beside = ", ".join(sorted({key.target for key in await store.checkpoints.keys() if base_of(key) is not None}))
    if not beside:
        return
    raise TargetError(
        TargetFault.CONFLICT,
        f"this state has written as installation {name}, and the configuration says installation: "
        f"{settings.installation_name}. What is ours in {beside} is known by that name only, so nothing was done: it "
        "would be somebody else's, and made once more.",
        remedy=f"Write installation: {name} again. For another installation beside it take another state folder "
        "(SPHERESYNC_STATE_DIR) and another prefix; what stands can be taken over under its own name only, from an "
        "empty state too.",
        systemic=True,
    )


async def note_place(tx: Tx, settings: Settings, target: Target) -> None:
    """Put on record where a target is, as far as that is known by now; `require_same_place` has let it pass."""
    name = target.key.destination
    noted = _read(await tx.meta.get(_NOTE + name)) or Place()
    place = settings.place_of(name).or_else(Place(None, target.catalog))
    if place.may_be(noted):
        place = place.or_else(noted)
    await tx.meta.set(_NOTE + name, place.as_note())
    await tx.meta.set(_PREFIX + name, settings.prefix_in(name))


async def note_where_written(store: Store, settings: Settings, target: Target) -> None:
    """Put on record whose catalog was written, where no plan could know it as nothing stood there before."""
    name = target.key.destination
    noted = _read(await store.meta.get(_NOTE + name))
    if settings.place_of(name).catalog is not None or (noted is not None and noted.catalog is not None):
        return
    try:
        found = await target.find_catalog()
    except (TargetError, ConfigurationError):
        return  # the next run that reads anything there knows
    if found is not None:
        await store.write(lambda tx: note_place(tx, settings, target))


def _read(noted: str | None) -> Place | None:
    """A note, None where there is none or an early version wrote it as a text."""
    try:
        return None if noted is None else Place.of_note(noted)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """What others manage in the place of one target.

    Attributes:
        held: what other destinations in force manage there, and which does.
        left: what destinations held there that are in force no more.
        before: the mapping rules of others that may be there and come first among the destinations.
        after: those of the others there.
    """

    held: Mapping[Address, TargetKey] = field(default_factory=dict)
    left: frozenset[Address] = frozenset()
    before: Mapping[TargetKey, MappingRules] = field(default_factory=dict)
    after: tuple[MappingRules, ...] = ()


ALONE = SharedPlace()


class Places:
    """The places of all targets in force, as far as they are known."""

    def __init__(self, store: Store, settings: Settings, places: Mapping[TargetKey, Place]) -> None:
        self._store = store
        self._settings = settings
        self._places = dict(places)

    @classmethod
    async def find(cls, store: Store, settings: Settings, target_of: Callable[[TargetKey], Target]) -> Places:
        """Find them by settings and notes; AWS is asked only where two may be one place and nobody knows."""
        places = {}
        for key in settings.target_keys:
            noted = _read(await store.meta.get(_NOTE + key.destination)) or Place()
            here = settings.place_of(key.destination)
            places[key] = here.or_else(noted) if here.may_be(noted) else here
        for key, place in [*places.items()]:
            has_own = base_of(key) is None
            if (
                place.catalog is None
                and has_own
                and any(_is_open(place, places[each]) for each in _beside(key, places))
            ):
                try:
                    found = await target_of(key).find_catalog()
                except (TargetError, ConfigurationError):
                    continue  # planning it fails alike, and says so
                for each in [each for each in places if each.destination == key.destination]:
                    places[each] = places[each].or_else(Place(None, found))
        return cls(store, settings, places)

    def require_apart(self, key: TargetKey) -> None:
        """Refuse a target that would write the tables of another.

        Raises:
            TargetError: CONFLICT; another destination is the same place, and its databases have the same names.
        """
        place, prefix = self._places[key], self._settings.prefix_in(key.destination)
        same = [each for each in _beside(key, self._places) if self._places[each] == place]
        same = [each for each in same if self._settings.prefix_in(each.destination) == prefix]
        if same:
            names = " and ".join(str(each.destination) for each in self._places if each == key or each in same)
            raise TargetError(
                TargetFault.CONFLICT,
                f"destinations {names} are all {place}, with the same prefix, so they would write the same tables; "
                "nothing was done there.",
                remedy="Give each its own region, catalog_id or prefix, or leave one of them out.",
                systemic=True,
            )

    async def shared_with(self, key: TargetKey, mapping: MappingRules | None = None) -> SharedPlace:
        """What others manage in the place of a target; what nobody knows to be apart counts as one place."""
        beside = [each for each in _beside(key, self._places) if self._places[each].may_be(self._places[key])]
        mine = await _ranks(self._store, key) if beside else {}
        held: dict[Address, TargetKey] = {}
        order = list(self._places)
        for other in beside:
            for address, rank in (await _ranks(self._store, other)).items():
                if (rank, order.index(other)) < (mine.get(address, _NOT_HELD), order.index(key)):
                    held.setdefault(address, other)
        rules = {each: mapping.of(each) for each in beside} if mapping is not None else {}
        first = {each for each in beside if order.index(each) < order.index(key)}
        return SharedPlace(
            held,
            await self._left(key),
            {each: rules[each] for each in rules if each in first},
            tuple(rules[each] for each in rules if each not in first),
        )

    def one_place(self, key: TargetKey, other: TargetKey) -> bool:
        """Whether two targets write the same catalog, as far as nobody knows better."""
        return other in _beside(key, self._places) and self._places[key].may_be(self._places[other])

    async def _left(self, key: TargetKey) -> frozenset[Address]:
        """What destinations that are in force no more held in the place of a target."""
        left = set[Address]()
        for other in await self._store.checkpoints.keys():
            if other.target == key.target and other not in self._places:
                place = _read(await self._store.meta.get(_NOTE + other.destination))
                if place is not None and place.may_be(self._places[key]):
                    left |= (await _ranks(self._store, other)).keys()
        return frozenset(left)


async def _ranks(store: Store, key: TargetKey) -> dict[Address, int]:
    """What a target manages, and how much it is its own: what is in use most, what it had before least."""
    ranks = {former.address: _FORMER for former in await store.former_tables.all(key)}
    for each in await store.checkpoints.all(key):
        if each.state.managed:
            ranks[each.address] = _IN_USE if each.state.in_use else _RETIRED
    return ranks


_IN_USE, _RETIRED, _FORMER, _NOT_HELD = range(4)


def _beside(key: TargetKey, keys: Iterable[TargetKey]) -> Sequence[TargetKey]:
    """The same target in other destinations."""
    return [each for each in keys if each != key and each.target == key.target]


def _is_open(one: Place, other: Place) -> bool:
    """Whether two may be one place, and only AWS can say; two of the same credentials are."""
    return one.may_be(other) and one != other


def _away(key: TargetKey) -> str:
    return f"away:{key.target}:{key.destination}"


async def note_away(tx: Tx, in_force: Sequence[TargetKey], at: str) -> None:
    """Put on record which targets are known and in force no more while others are planned."""
    for key in await tx.checkpoints.keys():
        if key not in in_force:
            await tx.meta.set(_away(key), at)


async def was_away(store: Store, key: TargetKey) -> bool:
    """Whether others were planned while a target was not in force: what is known of it has to be proven again."""
    return await store.meta.get(_away(key)) is not None


async def note_back(tx: Tx, key: TargetKey) -> None:
    """Put on record that all of a target was looked at since it is in force again."""
    await tx.meta.delete(_away(key))


async def count_left(store: Store, settings: Settings, key: TargetKey) -> int:
    """How many tables a target holds that is in force no more, but for those that others in its place manage now."""
    there = {each.address for each in await store.checkpoints.all(key) if each.state.in_use}
    place = _read(await store.meta.get(_NOTE + key.destination)) or Place()
    for other in _beside(key, settings.target_keys if there else ()):
        now = settings.place_of(other.destination)
        now = now.or_else(_read(await store.meta.get(_NOTE + other.destination)) or Place())
        if now.may_be(place):
            there -= (await _ranks(store, other)).keys()
    return len(there)
