"""Rows of the catalog into typed entries; what is unusable is said, never dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from spheresync.errors import SourceFault
from spheresync.model import AssetEntry, AssetId, Problem, SpaceEntry, SpaceName, TechnicalName
from spheresync.source.datasphere.listing.pages import REMEDY

_Item_co = TypeVar("_Item_co", covariant=True)


class RowFault(Enum):
    """Why a row names nothing; the value goes on after what the row is."""

    NO_OBJECT = "is no object"
    NO_NAME = "has no usable name"
    OTHER_SPACE = "is of another space"


class UnusableRowError(Exception):
    """A row names no space and no asset of the space. `example` shows what it says instead."""

    def __init__(self, fault: RowFault, example: str = "") -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.example = example


@dataclass(frozen=True, slots=True)
class Row(Generic[_Item_co]):
    """A row that names a space or an asset; `problem` says what else of it is unusable."""

    id: SpaceName | AssetId
    item: _Item_co
    problem: Problem | None


def read_space(row: object) -> Row[SpaceEntry]:
    """A row of `spaces`.

    Raises:
        UnusableRowError: the row names no space.
    """
    fields = _fields(row)
    name = SpaceName(_name(fields))
    faults: list[str] = []
    entry = SpaceEntry(name, _text(fields, "label", faults) or "")
    return Row(name, entry, _problem(name, faults))


def read_asset(row: object, space: SpaceName) -> Row[AssetEntry]:
    """A row of `spaces('{space}')/assets`; of a fact of the wrong type the entry holds nothing.

    Raises:
        UnusableRowError: the row names no asset, or one of another space.
    """
    fields = _fields(row)
    name = _name(fields)
    if not name:
        raise UnusableRowError(RowFault.NO_NAME)
    stated = fields.get("spaceName")
    if stated is not None and stated != space:
        raise UnusableRowError(RowFault.OTHER_SPACE, f"{name[:100]!r} of {str(stated)[:100]!r}")
    faults: list[str] = []
    entry = AssetEntry(
        id=AssetId(space, TechnicalName(name)),
        label=_text(fields, "label", faults) or "",
        relational_metadata_url=_text(fields, "assetRelationalMetadataUrl", faults) or None,
        analytical_metadata_url=_text(fields, "assetAnalyticalMetadataUrl", faults) or None,
        supports_analytical_queries=_flag(fields, "supportsAnalyticalQueries", faults),
        has_parameters=_flag(fields, "hasParameters", faults),
    )
    return Row(entry.id, entry, _problem(entry.id, faults))


def contradiction(listed: SpaceName | AssetId) -> Problem:
    """The problem of what is listed twice with different content."""
    return _flaw(listed, "The catalog lists it twice with different content, so it was left as it was.")


def _fields(row: object) -> dict[str, object]:
    if not isinstance(row, dict):
        raise UnusableRowError(RowFault.NO_OBJECT)
    return row


def _name(fields: dict[str, object]) -> str:
    """What the row calls itself; whether anything of that name can be kept is for `model.unspellable` to say."""
    name = fields.get("name")
    if not isinstance(name, str):
        raise UnusableRowError(RowFault.NO_NAME)
    return name


def _text(fields: dict[str, object], key: str, faults: list[str]) -> str | None:
    value = fields.get(key)
    if value is None or isinstance(value, str):
        return value
    faults.append(f"{key} is no text")
    return None


def _flag(fields: dict[str, object], key: str, faults: list[str]) -> bool:
    value = fields.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    faults.append(f"{key} is neither true nor false")
    return False


def _problem(listed: SpaceName | AssetId, faults: list[str]) -> Problem | None:
    return _flaw(listed, f"The catalog's entry is unusable: {'; '.join(faults)}.") if faults else None


def _flaw(listed: SpaceName | AssetId, message: str) -> Problem:
    code = SourceFault.WRONG_SHAPE.value
    if isinstance(listed, AssetId):
        return Problem.of(listed, code, message, REMEDY)
    return Problem(listed, code, message, REMEDY)
