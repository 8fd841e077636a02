"""LF-Tags with their allowed values: made, extended, and told apart from those that others made.

Lake Formation keeps nothing with an LF-Tag by which its maker could be known, so one of ours has a value that no table
ever carries: the marker of this installation. By it a lost state finds its tags again.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, cast

import anyio

from spheresync.config.lakeformation import LONGEST_TAG_TEXT
from spheresync.errors import TargetError, TargetFault
from spheresync.model import JsonValue, PhysicalName, counted, digest_json
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.errors import ALREADY_EXISTS, NOT_FOUND, AwsError
from spheresync.targets.protocol import ContainerOutcome

LAKE_FORMATION_SERVICE = "lakeformation"
MOST_VALUES = 1_000
"""Values of an LF-Tag (same place)."""
FRESH = 30.0
"""Seconds for which a key counts as seen."""
MOST_VALUES_A_CALL = 50
"""LFTag values that a request may name (reference: aws-catalogs.md 2)."""
_INVALID = "InvalidInputException"
"""What a CreateLFTag of a key that exists is answered with (not verified on AWS: its model names no other error)."""
_USE = (
    "Set lakeformation.use_existing_keys to true if it may be used: values are added to it and never taken away; "
    "or give another key in lakeformation.tags."
)


def marker_value(owner: str) -> str:
    """The value by which an LF-Tag says that an installation made it; as Lake Formation keeps it, in lower case."""
    told = owner.lower()
    if len(told) <= LONGEST_TAG_TEXT:
        return told
    return f"{told[: LONGEST_TAG_TEXT - 9]}_{digest_json(owner)[-8:]}"


class TagKeys:
    """Makes LF-Tags and adds values to them; nothing is ever taken away from one."""

    def __init__(
        self, door: AwsDoor, owner: str, *, use_existing: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._door = door
        self._marker = marker_value(owner)
        self._use_existing = use_existing
        self._clock = clock
        self._seen: dict[str, tuple[float, frozenset[str]]] = {}  # values of keys that may be used, and when seen
        self._looking: defaultdict[str, anyio.Lock] = defaultdict(anyio.Lock)

    async def require(self, key: str, value: str) -> None:
        """Have an LF-Tag with a value that may be put onto tables; what was seen a moment ago is not asked again.

        Raises:
            TargetError: as `ensure`.
        """
        async with self._looking[key]:
            at, values = self._seen.get(key, (0.0, frozenset()))
            if value not in values or self._clock() - at > FRESH:
                await self.ensure(PhysicalName(key), frozenset({value}))

    def doubt(self, key: str) -> None:
        """Look again before the key is used the next time: something of it was not there."""
        self._seen.pop(key, None)

    async def ensure(self, key: PhysicalName, wanted: frozenset[str]) -> ContainerOutcome:
        """Have an LF-Tag with these values.

        Raises:
            TargetError: CONFLICT where somebody else made it and it may not be used; or what the service answered.
        """
        outcome = await self._ensured(key, wanted)
        self._seen[key] = (self._clock(), outcome.parts)
        return outcome

    async def _ensured(self, key: PhysicalName, wanted: frozenset[str]) -> ContainerOutcome:
        there = await self.values(key)
        _require_room(key, {*(there or ()), *wanted, self._marker})
        if there is None:
            made = await self._make(key, frozenset({*wanted, self._marker}))
            if made is not None:
                return made
            there = await self.values(key) or frozenset()  # somebody else made it meanwhile
        ours = self._marker in there
        if not (ours or self._use_existing):
            text = f"LF-Tag {key} exists and was not made by this installation, so it is not used."
            raise TargetError(TargetFault.CONFLICT, text, remedy=_USE)
        missing = wanted - there
        request_id = await self._extend(key, missing)
        parts = there | missing
        return ContainerOutcome(key, created=False, ours=ours, request_id=request_id, parts=parts, added=missing)

    async def values(self, key: PhysicalName) -> frozenset[str] | None:
        """The values that an LF-Tag allows, None where there is none."""
        try:
            reply = await self._door.call(LAKE_FORMATION_SERVICE, "GetLFTag", {"TagKey": key}, subject=f"LF-Tag {key}")
        except AwsError as error:
            if error.code == NOT_FOUND:
                return None
            raise
        return frozenset(map(str, cast("Sequence[str]", reply.body.get("TagValues") or ())))

    async def _make(self, key: PhysicalName, values: frozenset[str]) -> ContainerOutcome | None:
        """Make an LF-Tag; None where there is one by now."""
        first, *rest = _chunks(values, self._marker)
        try:
            reply = await self._call("CreateLFTag", key, {"TagValues": first})
        except AwsError as error:
            if error.code not in {_INVALID, ALREADY_EXISTS} and not error.needs_look:
                raise
            if await self.values(key) is None:
                raise
            return None
        for chunk in rest:
            await self._call("UpdateLFTag", key, {"TagValuesToAdd": chunk})
        return ContainerOutcome(key, created=True, ours=True, request_id=reply, parts=values, added=values)

    async def _extend(self, key: PhysicalName, missing: frozenset[str]) -> str | None:
        request_id = None
        for chunk in _chunks(missing):
            try:
                request_id = await self._call("UpdateLFTag", key, {"TagValuesToAdd": chunk})
            except AwsError as error:  # another writer may have added them
                there = await self.values(key) if error.needs_look else None
                if there is None or not there >= set(chunk):
                    raise
        return request_id

    async def _call(self, operation: str, key: PhysicalName, params: Mapping[str, Any]) -> str | None:
        reply = await self._door.call(
            LAKE_FORMATION_SERVICE, operation, {"TagKey": key, **params}, subject=f"LF-Tag {key}", write=True
        )
        return reply.request_id


def _require_room(key: PhysicalName, values: Collection[str]) -> None:
    if len(values) > MOST_VALUES:
        text = f"LF-Tag {key} would have {counted(len(values), 'value')}, {MOST_VALUES} at most, ours by its marker."
        remedy = "Let lakeformation.tags say a fact with fewer values, or have values that nobody uses taken away."
        raise TargetError(TargetFault.LIMIT, text, remedy=remedy)


def _chunks(values: frozenset[str], first: str = "") -> Iterator[list[JsonValue]]:
    """The values, fifty a call; the marker goes with the first, since by it the key is ours."""
    ordered: list[JsonValue] = [*sorted(values, key=lambda value: (value != first, value))]
    for start in range(0, len(ordered), MOST_VALUES_A_CALL):
        yield ordered[start : start + MOST_VALUES_A_CALL]
