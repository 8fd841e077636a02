"""Design the objects of many stored definitions at once. Pure; all values can be pickled for another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spheresync.mapping.rules import Decision
from spheresync.model import AssetId, DesiredObject, LiveObject, PhysicalName, TargetName
from spheresync.observe.incidents import ErrorAccount
from spheresync.state.definitions import decode_asset
from spheresync.targets.registry import design_of


@dataclass(frozen=True, slots=True)
class DesignRequest:
    """One object to design: of which target, the definition as stored, and what else `TargetDesign.design` takes.

    `bound_to` is an object that others made, as it was just read: then what is to stand there is designed.
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


@dataclass(frozen=True, slots=True)
class WrongDefinition:
    """The answer instead of an object where the stored definition is that of another asset."""

    asset: AssetId


DesignResult: TypeAlias = DesiredObject | ErrorAccount | WrongDefinition


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
        )
    except Exception as error:  # noqa: BLE001 -- isolates this asset
        return ErrorAccount.of(error)
