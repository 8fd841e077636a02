"""Notes in the state of which containers of a target were looked at, so that none is looked at twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from spheresync.errors import TargetError
from spheresync.model import PhysicalName, TargetKey
from spheresync.state.port import Tx
from spheresync.state.remedies import TABLES_LOST
from spheresync.targets.protocol import Inventory

CONTAINER_NOTES = "container:"
"""What all of them begin with; a restored state has none before a sync has looked."""
_UNMADE_NOTES = "unmade:"


def container_note(key: TargetKey, container: str) -> str:
    """Under which key the state notes that a container was looked at."""
    return f"{CONTAINER_NOTES}{key.target}:{key.destination}:{container}"


def unmade_note(key: TargetKey, container: str) -> str:
    """Under which key the state notes that something which all share could not be made or brought up to date.

    Whoever was written meanwhile asks for it no more, so only this says that it is to be tried again.
    """
    return f"{_UNMADE_NOTES}{key.target}:{key.destination}:{container}"


def _looked_note(key: TargetKey) -> str:
    """Under which key the state notes that all of a target was looked at since records of tables were lost."""
    return f"{TABLES_LOST}:{key.target}:{key.destination}"


def parts_of(note: str | None) -> frozenset[str] | None:
    """What of a container was seen there (the values of an LF-Tag); None where nobody knows that there is one."""
    if note is None or not note.startswith("present"):
        return None
    return frozenset(note.split("\n")[1:])


def present(at: str, parts: Iterable[str] = ()) -> str:
    """The note that a container is there, with what was seen of it."""
    return "\n".join([f"present {at}", *sorted(parts)])


async def note_containers(
    tx: Tx,
    key: TargetKey,
    inventory: Inventory,
    *,
    looked_at: frozenset[PhysicalName],
    closed: Mapping[PhysicalName, TargetError],
    at: str,
) -> None:
    """Note which containers there are; what could not be listed, and what is closed, is looked at again."""
    for container in (looked_at | inventory.containers.keys()) - inventory.unseen.keys() - closed.keys():
        there = present(at) if container in inventory.containers else f"absent {at}"
        await tx.meta.set(container_note(key, container), there)


async def note_looked_everywhere(tx: Tx, key: TargetKey, in_force: Sequence[TargetKey], now: str) -> None:
    """Forget that records of tables were lost, once every target in force was looked at since."""
    since = await tx.meta.get(TABLES_LOST)
    if since is None:
        return
    others = [each for each in in_force if each != key]
    looked = [await tx.meta.get(_looked_note(each)) for each in others]
    if all(at is not None and at >= since for at in looked):
        await tx.meta.delete(TABLES_LOST)
        for each in others:
            await tx.meta.delete(_looked_note(each))
    else:
        await tx.meta.set(_looked_note(key), now)
