"""What a target is known to hold of an asset, and why it does not hold one as it should."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spheresync.model import (
    Address,
    AssetId,
    DestinationName,
    Digest,
    Fingerprints,
    LiveObject,
    PhysicalName,
    Problem,
    RunId,
    TargetKey,
    TargetName,
)


class CheckpointState(StrEnum):
    """What became of an asset in one target."""

    ACTIVE = "active"
    BOUND = "bound"  # what is known of the asset stands on a table that others made
    RETIRED = "retired"  # kept there, marked
    FORGOTTEN = "forgotten"  # left as it was, no longer managed
    DELETED = "deleted"
    TAKEN_BACK = "taken_back"  # nothing of ours stands on the table of others any more

    @property
    def managed(self) -> bool:
        """Whether something of ours is there, to be written or taken away."""
        return self.in_use or self is CheckpointState.RETIRED

    @property
    def in_use(self) -> bool:
        """Whether the target holds the asset, in a table of ours or on one of others."""
        return self is CheckpointState.ACTIVE or self is CheckpointState.BOUND


NO_RUN = RunId("")
"""The run of a checkpoint that no run of this state wrote."""


@dataclass(frozen=True, slots=True)
class KnownObject:
    """An object of ours in a target, and what was written into it last.

    `body` is the blob of the last written request, `body_digest` the digest that the object's marker carries.
    """

    asset: AssetId
    target: TargetName
    destination: DestinationName
    container: PhysicalName
    name: PhysicalName
    body: Digest
    body_digest: Digest
    version: str | None

    @classmethod
    def standing(
        cls, asset: AssetId, key: TargetKey, live: LiveObject, *, body: Digest, body_digest: Digest, version: str | None
    ) -> KnownObject:
        """One that was found in the target, and of which the state knew nothing."""
        return cls(asset, key.target, key.destination, live.container, live.name, body, body_digest, version)

    @property
    def key(self) -> TargetKey:
        """The target and the destination that it is of."""
        return TargetKey(self.target, self.destination)

    @property
    def address(self) -> Address:
        return Address(self.container, self.name)


@dataclass(frozen=True, slots=True)
class Checkpoint(KnownObject):
    """What a target in a destination was last known to hold of an asset.

    `held` is the fingerprint at which a revert holds the asset, None where nothing holds it.
    """

    fingerprints: Fingerprints | None
    mapping: Digest | None
    definition: Digest | None
    state: CheckpointState
    held: Digest | None
    synced_at: str
    run_id: RunId
    fence: int

    @property
    def is_there(self) -> bool:
        """Whether the object is in the target, as far as is known."""
        return self.state not in {CheckpointState.DELETED, CheckpointState.TAKEN_BACK}

    @property
    def is_ours(self) -> bool:
        """Whether an object that this installation made is in the target, as far as is known."""
        return self.is_there and self.state is not CheckpointState.BOUND

    @classmethod
    def of_object(cls, known: KnownObject, *, retired: bool, at: str) -> Checkpoint:
        """What is known where only the object is: of which definition and by which run it was made, nobody can tell."""
        return cls(
            asset=known.asset,
            target=known.target,
            destination=known.destination,
            container=known.container,
            name=known.name,
            body=known.body,
            body_digest=known.body_digest,
            version=known.version,
            fingerprints=None,
            mapping=None,
            definition=None,
            state=CheckpointState.RETIRED if retired else CheckpointState.ACTIVE,
            held=None,
            synced_at=at,
            run_id=NO_RUN,
            fence=0,
        )


@dataclass(frozen=True, slots=True)
class FormerTable(KnownObject):
    """An object that an asset had in a target before mapping rules named it anew; ours still, and in nobody's use.

    `retired` once it is marked there, `since` when it was left.
    """

    retired: bool
    since: str

    @classmethod
    def left_behind(cls, checkpoint: Checkpoint, *, at: str) -> FormerTable:
        """What a checkpoint knew, of an asset that from now on has another object."""
        return cls(
            asset=checkpoint.asset,
            target=checkpoint.target,
            destination=checkpoint.destination,
            container=checkpoint.container,
            name=checkpoint.name,
            body=checkpoint.body,
            body_digest=checkpoint.body_digest,
            version=checkpoint.version,
            retired=checkpoint.state is CheckpointState.RETIRED,
            since=at,
        )

    def as_checkpoint(self) -> Checkpoint:
        """What is known of it, as of an object in use: to delete it, or to take it into use again."""
        return Checkpoint.of_object(self, retired=self.retired, at=self.since)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What keeps a target from holding an asset as it should, and since when."""

    asset: AssetId
    problem: Problem
    since: str


@dataclass(frozen=True, slots=True)
class UnwrittenGroup:
    """How many assets one kind of problem keeps from being written; `first` of them by name, at most three."""

    code: str
    count: int
    since: str
    first: tuple[Unwritten, ...]
