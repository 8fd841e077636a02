"""What a listing left out: gone, or hidden from whoever lists.

Under Lake Formation GetTables answers without the tables that the caller may not see, and says nothing of it. So what a
listing does not hold is asked for by name before anybody says that it is gone: "not found" means gone, and a refusal
means that it cannot be seen, which is told and changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import anyio

from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.isolation import isolated_group
from spheresync.model import Address, LiveObject, PhysicalName
from spheresync.observe.incidents import target_error
from spheresync.targets.protocol import Target

AT_ONCE = 16


@dataclass(slots=True)
class NameLook:
    """`found` are there after all, `hidden` could not be looked at, and why; what is in neither is gone."""

    found: dict[Address, LiveObject] = field(default_factory=dict)
    hidden: dict[Address, TargetError] = field(default_factory=dict)


async def look_by_name(
    target: Target, addresses: Iterable[Address], *, unlisted: Collection[PhysicalName] = ()
) -> NameLook:
    """Look for objects by name, each once.

    Args:
        target: where they should be.
        addresses: what a listing did not hold.
        unlisted: databases that no listing held; each is asked for as a whole first.

    Raises:
        TargetError: the target as a whole is out, so that nothing can be said.
        ConfigurationError: AWS cannot be used as it is configured.
    """
    seen = NameLook()
    by_container: dict[PhysicalName, list[Address]] = defaultdict(list)
    for address in addresses:
        by_container[address[0]].append(address)
    left: list[Address] = []
    for container, there in by_container.items():
        if container in unlisted and (error := await _why_unlisted(target, container)) is not None:
            if error.fault is not TargetFault.NO_CONTAINER:
                seen.hidden.update(dict.fromkeys(there, error))
            continue
        left += there
    await _look_at_each(target, left, seen)
    return seen


async def _look_at_each(target: Target, addresses: Iterable[Address], seen: NameLook) -> None:
    limit = anyio.CapacityLimiter(AT_ONCE)

    async def look(address: Address) -> None:
        async with limit:
            try:
                live = await target.read(*address)
            except Exception as error:  # noqa: BLE001 -- isolates this object
                seen.hidden[address] = of_one(error, ".".join(address))
            else:
                if live is not None:
                    seen.found[address] = live

    async with isolated_group() as group:
        for address in addresses:
            group.start_soon(look, address)


async def _why_unlisted(target: Target, container: PhysicalName) -> TargetError | None:
    """Why a database was in no listing; None where it can be listed by its name."""
    try:
        await anext(target.pages(container), None)
    except Exception as error:  # noqa: BLE001 -- isolates this database
        return of_one(error, f"database {container}")
    return None


def of_one(error: Exception, about: str) -> TargetError:
    """An error as that of one object or database.

    Raises:
        TargetError: it says that the target as a whole is out.
        ConfigurationError: AWS cannot be used as it is configured.
    """
    if isinstance(error, ConfigurationError) or (isinstance(error, TargetError) and error.systemic):
        raise error
    return target_error(error, about)
