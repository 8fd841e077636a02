"""Names: of spaces and assets in Datasphere, of what stands for them in a target, of what this product saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

SpaceName = NewType("SpaceName", str)
"""A space's technical name, exactly as in Datasphere."""
TechnicalName = NewType("TechnicalName", str)
"""An asset's or column's technical name, exactly as in Datasphere: case-sensitive, may hold dots, slashes, spaces."""
PhysicalName = NewType("PhysicalName", str)
"""A name in a target: `[a-z0-9_]{1,128}`."""
TargetName = NewType("TargetName", str)
DestinationName = NewType("DestinationName", str)
ChangeSetId = NewType("ChangeSetId", str)
RunId = NewType("RunId", str)
GLUE = TargetName("glue")
DEFAULT_DESTINATION = DestinationName("default")


@dataclass(frozen=True, slots=True, order=True)
class AssetId:
    """An asset's natural key: technical names never change in Datasphere (reference: datasphere-api.md 8)."""

    space: SpaceName
    name: TechnicalName

    def __str__(self) -> str:
        return f"{self.space}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> AssetId:
        """Split `SPACE/NAME` at the first slash; names may hold slashes.

        Raises:
            ValueError: there is no slash, or one side is empty.
        """
        space, slash, name = text.partition("/")
        if not (slash and space and name):
            raise ValueError(f"{text!r} is not of the form SPACE/NAME")
        return cls(SpaceName(space), TechnicalName(name))
