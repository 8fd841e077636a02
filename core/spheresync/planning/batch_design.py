"""Design the objects of many stored definitions at once. Pure; all values can be pickled for another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spheresync.errors import TargetError, TargetFault
from spheresync.mapping.rules import Decision
from spheresync.model import Address, AssetId, DesiredObject, Digest, LiveObject, PhysicalName, TargetName
from spheresync.observe.incidents import ErrorAccount
from spheresync.state.definitions import decode_asset
from spheresync.targets.design_values import BaseObject
from spheresync.targets.registry import design_of


@dataclass(frozen=True, slots=True)
class RequestedBase:
    """The object of another target that is added to, as it is once the change set is applied."""

    target: TargetName
    address: Address
    digest: Digest
    body: bytes

    @property
    def known(self) -> BaseObject:
        """What a design goes by."""
        design = design_of(self.target)
        columns, types = design.column_names(self.body), design.column_types(self.body)
        return BaseObject(self.address, self.digest, columns, bound=design.is_bound(self.body), types=types)


@dataclass(frozen=True, slots=True)
class DesignRequest:
    """One object to design: of which target, the definition as stored, and what else `TargetDesign.design` takes.

    `bound_to` is an object that others made, as it was just read: then what is to stand there is designed.
    `base` is the object that this one adds to, with its body.
    """

    target: TargetName
    asset: AssetId
    definition: bytes
    decision: Decision
    container: PhysicalName
    name: PhysicalName
    marker: str
    last_body: bytes | None
    bound_to: LiveObject | None = None
    base: RequestedBase | None = None


@dataclass(frozen=True, slots=True)
class WrongDefinition:
    """The answer instead of an object where the stored definition is that of another asset."""

    asset: AssetId


@dataclass(frozen=True, slots=True)
class RefusedDesign:
    """The answer instead of an object that the target would not take, as a value that can go to another process."""

    fault: TargetFault
    message: str
    remedy: str

    @property
    def error(self) -> TargetError:
        """The same, to be told."""
        return TargetError(self.fault, self.message, remedy=self.remedy)


DesignResult: TypeAlias = DesiredObject | ErrorAccount | WrongDefinition | RefusedDesign


def design_all(requests: Sequence[DesignRequest]) -> list[DesignResult]:
    """The designed objects, in the same order; for one that could not be designed, why."""
    return [_designed(request) for request in requests]


def _designed(request: DesignRequest) -> DesignResult:
    try:
        definition = decode_asset(request.definition)
        if definition.id != request.asset:
            return WrongDefinition(definition.id)
        design, asset = design_of(request.target), request.decision.applied(definition)
        if request.bound_to is not None:
            return design.annotate(asset, request.decision, request.bound_to, request.marker)
        return design.design(
            asset,
            request.decision,
            request.container,
            request.name,
            request.marker,
            last_body=request.last_body,
            base=None if request.base is None else request.base.known,
        )
    except TargetError as error:
        return RefusedDesign(error.fault, error.message, error.remedy)
    except Exception as error:  # noqa: BLE001 -- isolates this asset
        return ErrorAccount.of(error)
