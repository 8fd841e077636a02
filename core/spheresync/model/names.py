"""Names: of spaces and assets in Datasphere, of what stands for them in a target, of what this product saves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, NewType

from spheresync.model.json_values import JsonValue

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
LAKE_FORMATION = TargetName("lakeformation")
QUICK_SIGHT = TargetName("quicksight")
DATAZONE = TargetName("datazone")
DATAZONE_PUBLISHING = TargetName("datazone_publishing")
GLUE_CONTEXT = TargetName("glue_context")
TARGET_NAMES = frozenset({GLUE, LAKE_FORMATION, QUICK_SIGHT, DATAZONE, DATAZONE_PUBLISHING, GLUE_CONTEXT})
DEFAULT_DESTINATION = DestinationName("default")


class Address(NamedTuple):
    """Where an object is in a target, or will be (Glue: database and table)."""

    container: PhysicalName
    name: PhysicalName


@dataclass(frozen=True, slots=True, order=True)
class TargetKey:
    """A target in a destination: what has its own checkpoint, guards, drift and status of each asset.

    `spaces`: globs of the spaces whose assets it is for, as settings have them; no part of what it is.
    """

    target: TargetName
    destination: DestinationName = DEFAULT_DESTINATION
    spaces: tuple[str, ...] = field(default=("*",), compare=False, repr=False)

    def __str__(self) -> str:
        """As people read it: `glue`, or `glue in eu` where the destination is not the default one."""
        return self.target if self.destination == DEFAULT_DESTINATION else f"{self.target} in {self.destination}"

    def to_json(self) -> JsonValue:
        """The pair, as states and files keep it."""
        return [self.target, self.destination]

    @classmethod
    def from_json(cls, value: JsonValue) -> TargetKey:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is no pair of two texts.
        """
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError("a target key is a pair of target and destination")
        target, destination = value
        if not isinstance(target, str) or not isinstance(destination, str):
            raise ValueError("a target key is a pair of two texts")
        return cls(TargetName(target), DestinationName(destination))


@dataclass(frozen=True, slots=True, order=True)
class AssetId:
    """An asset's natural key: technical names never change in Datasphere (reference: datasphere-api.md 8).

    Identity is the pair. `SPACE/NAME` is its spelling for people; whatever the program itself is to read again, it
    writes as `to_json`. Only what `unspellable` admits is ever known by one, so that the spelling is exact as well.
    """

    space: SpaceName
    name: TechnicalName

    def __str__(self) -> str:
        return f"{self.space}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> AssetId:
        """Split `SPACE/NAME` at the first slash; names may hold slashes.

        For what people write (through `runtime.unknown_names.named_asset`), and for what CONTRACT.md spells so.

        Raises:
            ValueError: there is no slash, one side is empty, or one holds what no name can.
        """
        space, slash, name = text.partition("/")
        if not (slash and space and name):
            raise ValueError(f"{text!r} is not of the form SPACE/NAME")
        if why := unspellable(space, of_space=True) or unspellable(name):
            raise ValueError(f"{text!r} names no asset: {why}")
        return cls(SpaceName(space), TechnicalName(name))

    def to_json(self) -> JsonValue:
        """The pair, as states and files keep it."""
        return [self.space, self.name]

    @classmethod
    def from_json(cls, value: JsonValue) -> AssetId:
        """Read what `to_json` wrote, or the spelling that states and files of former versions hold in its place.

        Raises:
            ValueError: it is neither.
        """
        if isinstance(value, str):
            return cls.parse(value)
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError("an asset is a pair of space and name")
        space, name = value
        if not isinstance(space, str) or not isinstance(name, str):
            raise ValueError("an asset is a pair of two texts")
        return cls(SpaceName(space), TechnicalName(name))


def unspellable(name: str, *, of_space: bool = False) -> str | None:
    """Why nothing of this name can be told apart, kept and written to AWS; None for a name that can be.

    `of_space`: the name is a space's, which stands before the first slash of `SPACE/NAME`.
    """
    if not name:
        return "the name is empty"
    if of_space and "/" in name:
        return "the name holds a slash, and SPACE/NAME is split at the first one"
    if not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name):
        return "the name holds half a character (a lone surrogate), which neither the state nor AWS can keep"
    return None


UNSPELLABLE_REMEDY = "Rename it in Datasphere, or take it away from the technical user; all else goes on without it."


def shown(name: str) -> str:
    """A name as any document can hold it: what no UTF-8 spells is written as an escape."""
    return name.encode("utf-8", "backslashreplace").decode()
