"""Which operations have a double: one entry for each double. A service may have several that share its operations."""

from __future__ import annotations

from spheresync.dog.services.datazone.double import DataZone
from spheresync.dog.services.double import Double
from spheresync.dog.services.glue_context.double import GlueContext
from spheresync.dog.services.lakeformation.double import LakeFormation
from spheresync.dog.services.quicksight.double import QuickSight

DOUBLES: tuple[type[Double], ...] = (LakeFormation, QuickSight, DataZone, GlueContext)


def double_for(service: str, operation: str) -> type[Double] | None:
    """The double that has an operation of a service, by botocore's names."""
    return next((each for each in DOUBLES if each.service == service and operation in each.operations), None)


def double_named(name: str) -> type[Double]:
    """The double whose state is kept under `name`."""
    return next(each for each in DOUBLES if each.name == name)
