"""What a target that adds to the objects of another one goes by of it. Pure.

Lake Formation tags the tables of Glue: it has no names of its own to give, waits for what is not there yet, and looks
again when what is ours of a table has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from spheresync.config import DeletionPolicy
from spheresync.mapping.rules import Decision
from spheresync.model import Action, Address, AssetId, Digest, Problem, digest_json
from spheresync.planning.decisions.asset_work import AssetWork, RemovalRules
from spheresync.state.records import ChangeSetItem, Checkpoint, CheckpointState


@dataclass(frozen=True, slots=True)
class KnownBase:
    """An object that is there, or is made by the same change set: its digest, and the blob of its body."""

    address: Address
    digest: Digest
    body: Digest

    @property
    def basis(self) -> Digest:
        """What a dependent object is designed from, besides the asset and the rules."""
        return digest_json([self.digest, *self.address])


def known_base(checkpoint: Checkpoint | None) -> KnownBase | None:
    """What a checkpoint says of the object to add to; None where there is none to be managed."""
    if checkpoint is None or not checkpoint.state.managed:
        return None
    return KnownBase(checkpoint.address, checkpoint.body_digest, checkpoint.body)


def digest_with(decision: Decision, base: KnownBase | None) -> Digest:
    """Over all that decides what a dependent object holds, but for the definition of the asset."""
    return digest_json([decision.digest, None if base is None else base.basis])


def as_dependent(work: AssetWork, checkpoint: Checkpoint | None, *, goes_with_base: bool) -> AssetWork:
    """The work of an asset in a target that adds to another one's objects.

    Args:
        work: as it would be without.
        checkpoint: of the asset in the dependent target.
        goes_with_base: what the dependent target holds is gone once the other one's object is.
    """
    bound = checkpoint is not None and checkpoint.state is CheckpointState.BOUND
    if not goes_with_base or bound:
        return work
    if work in {AssetWork.RETIRE, AssetWork.DELETE}:
        return AssetWork.UNCHANGED
    return work


def follows_base(checkpoint: Checkpoint | None, base: Checkpoint | None, *, goes_with_base: bool) -> bool:
    """Whether what becomes of an asset that is gone is said by the other target's object alone: nothing is retired or
    deleted of what was added to it.
    """
    bound = checkpoint is not None and checkpoint.state is CheckpointState.BOUND
    return goes_with_base and base is not None and not bound


def as_unwanted(work: AssetWork, checkpoint: Checkpoint | None, rules: RemovalRules) -> AssetWork:
    """The work of an asset that is to have nothing in a target: what it had goes as that of one that is gone.

    Rules are the wish of a person, so that nothing is waited for.
    """
    if work in {AssetWork.HELD, AssetWork.FORGET, AssetWork.TAKE_BACK, AssetWork.RETIRE, AssetWork.DELETE}:
        return work
    if checkpoint is None or not checkpoint.state.managed:
        return AssetWork.NOTHING
    if rules.policy is DeletionPolicy.KEEP:
        return AssetWork.UNCHANGED
    if checkpoint.state is CheckpointState.RETIRED:
        return AssetWork.DELETE if rules.offer_deletes else AssetWork.UNCHANGED
    return AssetWork.RETIRE


@dataclass(slots=True)
class BaseObjects:
    """The objects of the other target by asset, as they are once the change set is applied.

    `waits` says why an asset has none yet, and where it would be, if that is known; `gone` names those whose objects
    are not there any more, `made` objects that are made by the change set, so that nothing stands on them; `held` says
    of which nothing is written, and why, so that nothing is added to them either.
    """

    known: dict[AssetId, KnownBase] = field(default_factory=dict)
    waits: dict[AssetId, tuple[str, Address | None]] = field(default_factory=dict)
    gone: set[AssetId] = field(default_factory=set)
    made: set[tuple[AssetId, Address]] = field(default_factory=set)
    held: dict[AssetId, str] = field(default_factory=dict)

    @classmethod
    def of(cls, checkpoints: Iterable[Checkpoint]) -> BaseObjects:
        """What the state knows."""
        found = cls()
        for checkpoint in checkpoints:
            base = known_base(checkpoint)
            if base is not None:
                found.known[checkpoint.asset] = base
            elif not checkpoint.is_there:
                found.gone.add(checkpoint.asset)
        return found

    def planned(self, items: Iterable[ChangeSetItem], failed: Iterable[Problem]) -> None:
        """Take in what the same change set does there, and what of it cannot be planned."""
        for item in items:
            # What is managed again stands as it was found; what should stand there may say less of a table of others.
            body = item.before if item.action is Action.ADOPT else item.after
            written = item.action.writes_definition or item.action is Action.ADOPT
            if written and item.blocked_by is None and body is not None:
                assert item.after_digest is not None
                self.known[item.asset] = KnownBase(item.address, item.after_digest, body)
                if item.action is Action.CREATE:
                    self.made.add((item.asset, item.address))
            elif item.action in {Action.HELD, Action.CONFLICT} or item.action.writes_definition:
                self.waits.setdefault(item.asset, (item.reason, item.address))
                if item.action is Action.CONFLICT:  # what stands there is another's, whatever the state knows
                    self.known.pop(item.asset, None)
                elif item.action is Action.HELD:
                    self.held[item.asset] = item.reason
        for problem in failed:
            if problem.asset is not None:
                self.waits.setdefault(problem.asset, (problem.message, None))

    def why_waiting(self, asset: AssetId) -> tuple[str, Address | None]:
        """Why an asset has no object to add to, and where it would be."""
        return self.waits.get(asset, ("it was not written there yet", None))
