"""Plan what must exist before the items of a change set can be written, so that the plan shows every call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spheresync.config.sections import TargetSection
from spheresync.mapping.names import derives, rule_key, space_key
from spheresync.mapping.rules import MappingRules
from spheresync.model import Action, Address, AssetId, Digest, PhysicalName, TargetKey, first_of
from spheresync.planning.names.container_notes import container_note, parts_of
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, Prerequisite
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import RequiredObject
from spheresync.targets.registry import design_of

_NAMED = 5
"""So many of the assets that wait are named; of all of them the number is told."""
_UNSEEN = "nobody has seen it; where it exists, it is left as it is"


@dataclass(frozen=True, slots=True)
class PlannedPrerequisites:
    """`failures`: assets whose container could not be designed, and why."""

    needed: tuple[Prerequisite, ...] = ()
    failures: Mapping[AssetId, Exception] = field(default_factory=dict)


def needs_container(item: ChangeSetItem) -> bool:
    """Whether the container must exist before the item is done; what all share also to mark an object as retired."""
    here = design_of(item.target).capabilities
    marks = here.depends_on is not None and not here.goes_with_base and item.action is Action.RETIRE
    return item.action.writes_definition or marks


def is_present(notes: Mapping[str, str], note: str) -> bool:
    """Whether the state knows that a container exists, by its notes about containers."""
    return parts_of(notes.get(note)) is not None


async def plan_prerequisites(
    store: Store,
    mapping: MappingRules,
    marker: str,
    key: TargetKey,
    items: Iterable[ChangeSetItem],
    *,
    gone: Collection[PhysicalName] = frozenset(),
    bound: Collection[Address] = frozenset(),
    held: Collection[Digest] = frozenset(),
) -> PlannedPrerequisites:
    """What the items need that is not known to exist, in the order in which it is made.

    Args:
        store: knows which containers exist, and the texts of spaces.
        mapping: says which containers are those of a space.
        marker: this installation's mark of ownership.
        key: the target and destination of the items.
        items: of that one, blocked ones too.
        gone: containers that were just found missing, whatever the state knows of them.
        bound: objects that others made, or that rules await there; who makes one of ours needs its container.
        held: bodies that stay as they are under rules that have changed, so that what they need may have.
    """
    design = design_of(key.target)
    if design.capabilities.depends_on is not None:
        return await _shared(store, mapping, marker, key, items, held=held)
    waiting: dict[PhysicalName, list[AssetId]] = defaultdict(list)
    for item in items:
        if needs_container(item) and (item.action is Action.CREATE or item.address not in bound):
            waiting[item.container].append(item.asset)
    if not waiting:
        return PlannedPrerequisites()
    notes = await store.meta.with_prefix(container_note(key, ""))
    unknown = [name for name in sorted(waiting) if name in gone or not is_present(notes, container_note(key, name))]
    labels = {space.name: space.label for space in await store.catalog.spaces()} if unknown else {}
    needed: list[Prerequisite] = []
    failures: dict[AssetId, Exception] = {}
    for container in unknown:
        assets = waiting[container]
        absent = container in gone or notes.get(container_note(key, container), "").startswith("absent")
        try:
            source, label = _source(container, assets[0], labels.get(assets[0].space, ""), mapping)
            needed += _of_container(design, key, container, source, label, marker=marker, assets=assets, absent=absent)
        except Exception as error:  # noqa: BLE001 -- isolates this container
            failures |= dict.fromkeys(assets, error)
    return PlannedPrerequisites(tuple(sorted(needed, key=lambda each: (each.wave, each.container))), failures)


async def _shared(
    store: Store,
    mapping: MappingRules,
    marker: str,
    key: TargetKey,
    items: Iterable[ChangeSetItem],
    *,
    held: Collection[Digest],
) -> PlannedPrerequisites:
    """What the items of a target need whose containers are another one's: LF-Tags with their values.

    No item waits for what only bodies that stay need.
    """
    writing = [item for item in items if needs_container(item) and item.after is not None]
    if not (writing or held):
        return PlannedPrerequisites()
    design = design_of(key.target)
    written = {item.after for item in writing if item.after is not None}
    bodies = await store.blobs.get_many({*written, *held})
    notes = await store.meta.with_prefix(container_note(key, ""))
    needed: dict[PhysicalName, Prerequisite] = {}
    by_body = _NeedsByBody(design, marker, mapping.section, bodies)
    for digests, waiting in ((written, writing), (held, [])):
        there = [bodies[digest] for digest in digests if digest in bodies]
        for each in design.shared_prerequisites(there, marker, mapping.section) if there else ():
            seen = parts_of(notes.get(container_note(key, each.desired.container)))
            missing = each.parts - (seen or frozenset())
            if each.desired.container in needed or (seen is not None and not missing):
                continue
            values = first_of(sorted(missing), _NAMED)
            lacking = each.lacks or f"of its values nobody has seen {values}; what is there stays"
            reason = _UNSEEN if seen is None else lacking
            lacking_parts = missing if seen is not None else each.parts
            assets = [item.asset for item in waiting if by_body.needs(item, each.desired.container, lacking_parts)]
            needed[each.desired.container] = _prerequisite(key, each, assets, reason)
    return PlannedPrerequisites(tuple(sorted(needed.values(), key=lambda each: (each.wave, each.container))))


@dataclass(frozen=True, slots=True)
class _NeedsByBody:
    """Which of what is shared each body needs by itself."""

    design: TargetDesign
    marker: str
    section: TargetSection | None
    bodies: Mapping[Digest, bytes]
    known: dict[Digest, Mapping[PhysicalName, frozenset[str]]] = field(default_factory=dict)

    def needs(self, item: ChangeSetItem, container: PhysicalName, parts: frozenset[str]) -> bool:
        """Whether an item needs a container, and of its parts any of these."""
        own = self._of(item.after).get(container) if item.after is not None and item.after in self.bodies else None
        return own is not None and (not own or not own.isdisjoint(parts))

    def _of(self, body: Digest) -> Mapping[PhysicalName, frozenset[str]]:
        if body not in self.known:
            found = self.design.shared_prerequisites([self.bodies[body]], self.marker, self.section)
            self.known[body] = {each.desired.container: each.parts for each in found}
        return self.known[body]


def _prerequisite(key: TargetKey, required: RequiredObject, assets: Sequence[AssetId], reason: str) -> Prerequisite:
    return Prerequisite(
        target=key.target,
        destination=key.destination,
        wave=required.wave,
        operation=required.operation,
        container=required.desired.container,
        name=required.desired.name,
        reason=reason,
        body=required.desired.body.decode("utf-8", "surrogatepass"),
        digest=required.desired.digest,
        assets=tuple(assets[:_NAMED]),
        assets_total=len(assets),
    )


def _of_container(
    design: TargetDesign,
    key: TargetKey,
    container: PhysicalName,
    source: str,
    label: str,
    *,
    marker: str,
    assets: Sequence[AssetId],
    absent: bool,
) -> list[Prerequisite]:
    reason = "it does not exist" if absent else _UNSEEN
    required = design.prerequisites(container, source, label, marker)
    return [_prerequisite(key, each, assets, reason) for each in required]


def _source(container: PhysicalName, asset: AssetId, label: str, mapping: MappingRules) -> tuple[str, str]:
    """What the container stands for, and its text: a space, or what a rule puts together."""
    key = space_key(asset.space)
    if derives(container, mapping.default_database(asset.space), key):
        return key, mapping.personal_data.text(label)
    return rule_key(container), ""
