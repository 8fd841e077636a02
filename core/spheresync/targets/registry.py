"""All targets that there are. Besides the assembly of a process this is the only place that names their packages.

Each is loaded when it is first asked for, so that a command that writes nothing loads no client library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from spheresync.config import Destination, Settings
from spheresync.config.datazone import DataZone, Publish
from spheresync.config.glue_context import GlueContext
from spheresync.errors import UsageError
from spheresync.model import (
    DATAZONE,
    DATAZONE_PUBLISHING,
    GLUE,
    GLUE_CONTEXT,
    LAKE_FORMATION,
    QUICK_SIGHT,
    DestinationName,
    TargetKey,
    TargetName,
)
from spheresync.targets.design import TargetDesign
from spheresync.targets.protocol import Target

if TYPE_CHECKING:
    from boto3.session import Session

    from spheresync.targets.aws.door import AwsDoor, AwsPlace
    from spheresync.targets.aws.rate_limit import RateLimit


@dataclass(frozen=True, slots=True)
class TargetResources:
    """What targets of one process share.

    Attributes:
        sessions: makes a session of AWS for some settings: the real one, or that of the embedded AWS.
        rate_limits: of a destination, by AWS service; they outlive generations of settings.
    """

    sessions: Callable[[Settings], Callable[[], Session]]
    rate_limits: Callable[[DestinationName], Mapping[str, RateLimit]]


MakeTarget: TypeAlias = Callable[[Settings, TargetKey, TargetResources, AsyncExitStack], Target]
"""Makes a target of some settings in one destination; what is to be closed with it goes onto the stack."""


@dataclass(frozen=True, slots=True)
class TargetKind:
    """One kind of target: its pure half, and how its other half is made."""

    design: TargetDesign
    make: MakeTarget


@cache
def _glue() -> TargetKind:
    from spheresync.targets.glue.design import GLUE_DESIGN

    return TargetKind(GLUE_DESIGN, _make_glue)


def _make_glue(settings: Settings, key: TargetKey, resources: TargetResources, closing: AsyncExitStack) -> Target:
    from spheresync.targets.glue.target import GlueTarget

    door = _door(settings, key, resources, closing)
    return GlueTarget(door, owner=settings.installation_marker, drift=settings.drift, key=key)


@cache
def _lake_formation() -> TargetKind:
    from spheresync.targets.lakeformation.design import LAKE_FORMATION_DESIGN

    return TargetKind(LAKE_FORMATION_DESIGN, _make_lake_formation)


def _make_lake_formation(
    settings: Settings, key: TargetKey, resources: TargetResources, closing: AsyncExitStack
) -> Target:
    from spheresync.targets.lakeformation.target import LakeFormationTarget

    return LakeFormationTarget(
        _door(settings, key, resources, closing),
        owner=settings.installation_marker,
        drift=settings.drift,
        section=settings.lakeformation,
        key=key,
    )


@cache
def _quick_sight() -> TargetKind:
    from spheresync.targets.quicksight.design import QUICK_SIGHT_DESIGN

    return TargetKind(QUICK_SIGHT_DESIGN, _make_quick_sight)


def _make_quick_sight(
    settings: Settings, key: TargetKey, resources: TargetResources, closing: AsyncExitStack
) -> Target:
    from spheresync.targets.quicksight.target import QuickSightTarget

    account = settings.places[key.destination].account or settings.quicksight.account_id
    return QuickSightTarget(
        _door(settings, key, resources, closing),
        owner=settings.installation_marker,
        drift=settings.drift,
        account=account or "",
        key=key,
    )


@cache
def _datazone() -> TargetKind:
    from spheresync.targets.datazone.design import DATAZONE_DESIGN

    return TargetKind(DATAZONE_DESIGN, _make_datazone)


def _make_datazone(settings: Settings, key: TargetKey, resources: TargetResources, closing: AsyncExitStack) -> Target:
    from spheresync.targets.datazone.target import DataZoneTarget

    section = settings.section_of(DATAZONE)
    assert isinstance(section, DataZone)
    return DataZoneTarget(
        _door(settings, key, resources, closing),
        owner=settings.installation_marker,
        drift=settings.drift,
        section=section,
        key=key,
        account=_account_of(settings.places[key.destination]),
        unpublishes=not (settings.approvals.of_access or settings.datazone.publish is Publish.REVIEW),
    )


@cache
def _datazone_publishing() -> TargetKind:
    from spheresync.targets.datazone.publishing import PUBLISHING_DESIGN

    return TargetKind(PUBLISHING_DESIGN, _make_datazone_publishing)


def _make_datazone_publishing(
    settings: Settings, key: TargetKey, resources: TargetResources, closing: AsyncExitStack
) -> Target:
    from spheresync.targets.datazone.publishing_target import PublishingTarget

    return PublishingTarget(
        _door(settings, key, resources, closing),
        owner=settings.installation_marker,
        section=settings.datazone,
        key=key,
        account=_account_of(settings.places[key.destination]),
    )


@cache
def _glue_context() -> TargetKind:
    from spheresync.targets.glue_context.design import GLUE_CONTEXT_DESIGN

    return TargetKind(GLUE_CONTEXT_DESIGN, _make_glue_context)


def _make_glue_context(
    settings: Settings, key: TargetKey, resources: TargetResources, closing: AsyncExitStack
) -> Target:
    from spheresync.targets.glue_context.target import GlueContextTarget

    section = settings.section_of(GLUE_CONTEXT)
    assert isinstance(section, GlueContext)
    return GlueContextTarget(
        _door(settings, key, resources, closing),
        owner=settings.installation_marker,
        drift=settings.drift,
        section=section,
        key=key,
        account=_account_of(settings.places[key.destination]),
    )


def _account_of(destination: Destination) -> str | None:
    """The account of the catalog of a destination; None where it is that of boto3's chain."""
    catalog = destination.catalog_id
    return destination.account if catalog is None else catalog.partition(":")[0]


def _door(settings: Settings, key: TargetKey, resources: TargetResources, closing: AsyncExitStack) -> AwsDoor:
    """The way to AWS in the destination of a target; each target counts what it sends by itself."""
    from spheresync.targets.aws.door import AwsDoor

    name, destination = key.destination, settings.places[key.destination]
    door = AwsDoor(
        _sessions_in(destination, name, resources.sessions(settings)),
        rate_limits=resources.rate_limits(name),
        place=_aws_place(destination, name, settings.place_of(name).catalog),
    )
    closing.callback(door.close)
    return door


def _sessions_in(destination: Destination, name: DestinationName, base: Callable[[], Session]) -> Callable[[], Session]:
    from spheresync.targets.aws.assumed_role import sessions_of_role

    if destination.role_arn is None:
        return base
    return sessions_of_role(base, name, destination.role_arn, destination.external_id)


def _aws_place(destination: Destination, name: DestinationName, catalog: str | None) -> AwsPlace:
    from spheresync.targets.aws.door import AwsPlace

    asked_by = "" if destination.role_arn is None else f"destinations.{name}"
    return AwsPlace(destination.region, destination.catalog_id, asked_by, catalog)


TARGETS: dict[TargetName, Callable[[], TargetKind]] = {
    GLUE: _glue,
    LAKE_FORMATION: _lake_formation,
    QUICK_SIGHT: _quick_sight,
    DATAZONE: _datazone,
    DATAZONE_PUBLISHING: _datazone_publishing,
    GLUE_CONTEXT: _glue_context,
}
"""How each is loaded, by its name."""


def registered(name: TargetName) -> TargetKind:
    """The kind of target of that name.

    Raises:
        UsageError: there is none.
    """
    load = TARGETS.get(name)
    if load is None:
        raise UsageError(f"there is no target {name!r}.", remedy=f"Valid: {', '.join(sorted(TARGETS))}.")
    return load()


def base_of(key: TargetKey) -> TargetKey | None:
    """The target to whose objects one adds, in the same destination; None where it has its own."""
    depends_on = design_of(key.target).capabilities.depends_on
    return None if depends_on is None else TargetKey(depends_on, key.destination)


def dependents_of(key: TargetKey) -> tuple[TargetKey, ...]:
    """The targets that add to the objects of one, in the same destination, configured or not."""
    kinds = [name for name, load in TARGETS.items() if load().design.capabilities.depends_on == key.target]
    return tuple(TargetKey(name, key.destination) for name in kinds)


def design_of(name: TargetName) -> TargetDesign:
    """The pure half of the target of that name.

    Raises:
        UsageError: there is none.
    """
    return registered(name).design
