"""The one protocol every target implements; plan, run and state know targets only through it.

A target is told what it should hold and what it was last known to hold, and answers with what it holds now. It keeps
no state of its own, so that a crash loses nothing: what an `Outcome` says is for the caller to journal.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from spheresync.errors import TargetError, TargetFault
from spheresync.model import (
    Action,
    Address,
    AssetId,
    DesiredObject,
    FieldChange,
    LiveObject,
    PhysicalName,
    Problem,
    TargetKey,
)


@dataclass(frozen=True, slots=True)
class LiveContainer:
    """A container (Glue: a database) that exists. `owner` and `source` are our markers, None where there are none.

    `closed`: why nothing new is put into it, None where nothing speaks against that.
    """

    name: PhysicalName
    ours: bool
    owner: str | None = None
    source: str | None = None
    closed: TargetError | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a target holds now: the containers that exist, and every object in them that may be listed.

    Never a part of a container: one whose objects could not be listed is in `unseen`, with the reason, and in nothing
    else. An object that is in no listing may be hidden from whoever lists (`cannot_be_seen`).
    """

    containers: Mapping[PhysicalName, LiveContainer]
    objects: tuple[LiveObject, ...]
    unseen: Mapping[PhysicalName, TargetError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContainerOutcome:
    """That a container exists. A foreign one may receive our objects, and is itself never changed or deleted.

    `parts` are those of it that are there now (the values of an LF-Tag), `added` those that were put there just now.
    """

    container: PhysicalName
    created: bool
    ours: bool
    request_id: str | None = None
    parts: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Operation:
    """One write to one object.

    `container` and `name` address it. `desired` is what it should hold (None only for a delete).
    `last_written` is the body the object is believed to hold under `expected_version`: what was last written there,
    or, for the repair of drift, what a sweep has just read. A difference between it and the live object is somebody
    else's change. `expected_version` None means unknown. `seen` is the object as it was just read, so that it need not
    be read again before it is changed; None where nobody has.
    """

    asset: AssetId
    action: Action
    container: PhysicalName
    name: PhysicalName
    desired: DesiredObject | None
    last_written: bytes | None = None
    expected_version: str | None = None
    minor: bool = False  # nothing a reader would want an old version of has changed
    known: bytes | None = None  # as the state knows the object, with what failed since; None: as `last_written` says
    recovering: bool = False  # may have been sent before, and not have come to its end: read before writing
    strict: bool = False  # a person reviewed exactly this change: a text edited since refuses it, whatever the policy
    exact: bool = False  # write the body as it is or not at all: what others changed since `last_written` refuses it
    seen: LiveObject | None = None
    must_exist: bool = False  # where no object stands there, none is made: NoObjectError
    homes: Mapping[str, Collection[Address]] = field(default_factory=dict)  # where known assets have their places

    @property
    def subject(self) -> str:
        """The asset and its object, as messages name them."""
        return f"{self.asset} ({self.container}.{self.name})"

    def is_left_by(self, source: str | None) -> bool:
        """Whether an asset whose mark is there is known to have its place elsewhere by now, or none any more."""
        homes = None if source is None else self.homes.get(source)
        return homes is not None and Address(self.container, self.name) not in homes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one operation left behind.

    `version` is the best knowledge after the write; a wrong one only costs the next write a read. `body` is what the
    object holds now (empty after a delete), `before` what it held, where that is known better than by what was written
    last: the same body where nothing was sent.
    """

    version: str | None
    body: bytes
    before: bytes | None = None
    request_id: str | None = None
    already: bool = False  # found done, nothing sent
    kept: tuple[FieldChange, ...] = ()  # other people's edits that the drift policy let stand
    did: Action | None = None  # what was done where that is not what was asked: a table that was gone was made again


@dataclass(frozen=True, slots=True)
class BodyChange:
    """What an object holds, as far as is known (None: nothing of ours), and what it is to hold."""

    address: Address
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """What a target has cost so far: requests as sent (repeats included) by API name, bytes of their bodies."""

    calls: Mapping[str, int] = field(default_factory=dict)
    bytes_sent: int = 0
    throttles: int = 0
    retries: int = 0

    @property
    def total_calls(self) -> int:
        return sum(self.calls.values())


def cannot_be_seen(error: TargetError) -> bool:
    """Whether an object may not be looked at: it may be there, as somebody's, so it counts as neither gone nor ours."""
    return error.fault is TargetFault.DENIED and not error.systemic


class Target(Protocol):
    """A catalog of one destination. Every method raises `TargetError`; `fault` says what can be done about it."""

    @property
    def key(self) -> TargetKey: ...

    @property
    def usage(self) -> Usage:
        """What was sent since this target was made; a value that does not change afterwards."""
        ...

    @property
    def catalog(self) -> str | None:
        """The id of the catalog that it writes to, None as long as nothing has shown it."""
        ...

    def expect(self, catalog: str | None) -> None:
        """Do nothing in another catalog than this one: a fault of CONFLICT, before anything is written."""
        ...

    async def find_catalog(self) -> str | None:
        """As `catalog`, asked for where nothing has shown it yet; None where nobody can say."""
        ...

    async def inventory(
        self, containers: frozenset[PhysicalName] | None, *, and_ours: bool = False, apart: bool = False
    ) -> Inventory:
        """Which of `containers` (None: all there are) exist, and every object in them; an error is never a part.

        `and_ours`: of every container that carries our marker too. `apart`: a container that cannot be listed by itself
        is told in `unseen`, where it would else fail the whole.
        """
        ...

    def pages(self, container: PhysicalName) -> AsyncIterator[tuple[LiveObject, ...]]:
        """Every object of a container, a page at a time; a fault of NO_CONTAINER says that it does not exist.

        An error ends the iteration, so that what came before is never taken for all there is.
        """
        ...

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        """Create the container if it does not exist; one that does is left as it is, and one that is closed refused."""
        ...

    async def container(self, name: PhysicalName) -> LiveContainer | None:
        """The container now, without its objects; None where there is none."""
        ...

    async def perform(self, operation: Operation) -> Outcome:
        """Do one operation. Cancelling waits for a request under way, whose outcome is then still returned."""
        ...

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        """The object now, or None where there is none; one that may not be looked at is an error (`cannot_be_seen`)."""
        ...

    async def check(self) -> tuple[Problem, ...]:
        """What stands in the way of reading and writing here: nothing is written to find out."""
        return ()

    async def concerned(self, changes: Sequence[BodyChange]) -> tuple[Problem, ...]:  # noqa: ARG002 -- the default
        """Who gains or loses what by changes of access, where that can be known: nothing is written to find out."""
        return ()

    async def endangered(self, there: Collection[Address]) -> tuple[Problem, ...]:  # noqa: ARG002 -- the default
        """What may take away, or makes worthless, what is ours on these objects; DENIED where nobody can say."""
        return ()


UNAVAILABLE = "unavailable"
"""Code of the finding that a target cannot be had where it is configured, and of what waits for it."""


@runtime_checkable
class MayBeUnavailable(Protocol):
    """A target that the installed SDK, a Region or a catalog may not have."""

    async def unavailable(self) -> Problem | None:
        """Why nothing can be kept there, None where it can; asked for where something is to be written.

        Raises:
            TargetError: nobody can say.
        """
        ...


@runtime_checkable
class TakesLineage(Protocol):
    """A target that shows where data comes from."""

    async def take_lineage(self, event: bytes) -> None:
        """Take one OpenLineage event; one that comes twice has the same run id.

        Raises:
            TargetError: it was not taken.
        """
        ...
