"""Whether a container accepts new objects: one rule, used before a plan shows a create and before a run sends one.

A container that another installation holds, or that only points somewhere else, is closed. One that holds objects of
this installation stays in use: by objects that stand there now, and not by what the state remembers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import anyio

from spheresync.errors import TargetError, TargetFault
from spheresync.model import Action, LiveObject, PhysicalName
from spheresync.planning.decisions.items import as_conflict
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, Checkpoint, FormerTable
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import LiveContainer, Target, cannot_be_seen
from spheresync.targets.registry import design_of

_ASKED_BY_NAME = 10
"""Of the objects that no listing holds, so many are asked for: where one is hidden, all are."""


def why_closed(container: LiveContainer, *, holds_ours: bool) -> TargetError | None:
    """Why nothing new is put into a container, None where it may be."""
    return None if holds_ours else container.closed


async def holds_ours(
    target: Target,
    marker: str,
    container: PhysicalName,
    known: Iterable[Checkpoint | FormerTable],
    *,
    listed: Iterable[LiveObject] | None = None,
) -> bool:
    """Whether objects of this installation stand in a container now, hidden ones too.

    Ours are those with our marker, and those that claim what we wrote last: the installation may have another name now.

    Args:
        target: where it is.
        marker: of this installation.
        container: its name.
        known: what the state says was written, of any container.
        listed: the objects of the container, where they have just been listed.
    """
    written = {each.address: each.body_digest for each in known if each.container == container and _stands(each)}

    def is_ours(live: LiveObject) -> bool:
        return live.owner == marker or (live.digest is not None and live.digest == written.get(live.address))

    if listed is not None:
        if any(live.container == container and is_ours(live) for live in listed):
            return True
    elif written and await _is_listed(target, container, is_ours):
        return True
    if not written:
        return False
    looked = await look_by_name(target, [*written][:_ASKED_BY_NAME])
    return bool(looked.hidden) or any(map(is_ours, looked.found.values()))


async def _is_listed(target: Target, container: PhysicalName, is_ours: Callable[[LiveObject], bool]) -> bool:
    try:
        async for page in target.pages(container):
            if any(map(is_ours, page)):
                return True
    except TargetError as error:
        if error.fault is not TargetFault.NO_CONTAINER and not cannot_be_seen(error):
            raise
    return False


def _stands(known: Checkpoint | FormerTable) -> bool:
    return isinstance(known, FormerTable) or known.is_ours


class ClosedContainers:
    """Says of each container whether it takes new objects; each is looked at once, when it is first asked for."""

    def __init__(self, store: Store, target: Target, marker: str, *, open_now: Iterable[PhysicalName] = ()) -> None:
        """`open_now`: containers that were made, or looked at, a moment ago."""
        self._store = store
        self._target = target
        self._marker = marker
        self._answers: dict[PhysicalName, TargetError | None] = dict.fromkeys(open_now)
        self._looking: defaultdict[PhysicalName, anyio.Lock] = defaultdict(anyio.Lock)

    async def why(self, container: PhysicalName) -> TargetError | None:
        """Why nothing new is put into a container; None where it may be, and where there is none.

        Raises:
            TargetError: it could not be looked at.
            ConfigurationError: AWS cannot be used as it is configured.
        """
        if container not in self._answers:
            async with self._looking[container]:
                if container not in self._answers:
                    self._answers[container] = await self._look(container)
        return self._answers[container]

    async def shown(self, items: Iterable[ChangeSetItem]) -> list[ChangeSetItem]:
        """Items of a plan: what would be made in a closed container is shown as the conflict that it is.

        Raises:
            TargetError: a container could not be looked at.
            ConfigurationError: AWS cannot be used as it is configured.
        """
        design, shown = design_of(self._target.key.target), []
        for item in items:
            why = await self.why(item.container) if item.action is Action.CREATE else None
            shown.append(item if why is None else as_conflict(item, why.message, design))
        return shown

    async def _look(self, name: PhysicalName) -> TargetError | None:
        try:
            container = await self._target.container(name)
        except TargetError as error:
            if cannot_be_seen(error):
                return None  # whose it is may not be known: what may be written into it is
            raise
        if container is None or container.closed is None:
            return None
        key = self._target.key
        known: list[Checkpoint | FormerTable] = [*await self._store.checkpoints.all(key)]
        known += await self._store.former_tables.all(key)
        ours = await holds_ours(self._target, self._marker, name, known)
        return why_closed(container, holds_ours=ours)
