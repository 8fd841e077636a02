"""JSON of the catalog into typed rows; what is unusable is said, row by row, never dropped in silence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetEntry, AssetId, Problem, SpaceEntry, SpaceName, TechnicalName
from spheresync.source.http import Response

_Item_co = TypeVar("_Item_co", covariant=True)

_FLAW = SourceFault.WRONG_SHAPE.value
_REMEDY = "Report it to SAP; until it is mended, nothing here counts as deleted."


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a collection as served."""

    rows: tuple[object, ...]
    next_link: str | None
    count: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Row(Generic[_Item_co]):
    """A row that names a space or an asset; `problem` says what else of it is unusable."""

    name: str
    item: _Item_co
    problem: Problem | None


def decode_page(response: Response) -> Page:
    """One OData collection answer.

    Raises:
        SourceError: TRUNCATED (JSON that does not end), TOO_LARGE (nested too deep), WRONG_SHAPE (not a collection).
    """
    document = _load(response)
    if not isinstance(document, dict) or not isinstance(document.get("value"), list):
        raise _wrong(f"{response.url}: the answer holds no list of values.")
    if document.get("error"):
        raise _wrong(f"{response.url}: the answer holds an error beside its values.")
    link = document.get("@odata.nextLink")
    if link is not None and not isinstance(link, str):
        raise _wrong(f"{response.url}: @odata.nextLink is no text.")
    return Page(tuple(document["value"]), link or None, _count(document.get("@odata.count")), response.url)


def read_space(row: object, position: int) -> Row[SpaceEntry]:
    """A row of `spaces`.

    Raises:
        SourceError: WRONG_SHAPE, the row names no space.
    """
    fields = _fields(row, position, "spaces")
    name = _name(fields, position, "spaces")
    faults: list[str] = []
    entry = SpaceEntry(SpaceName(name), _text(fields, "label", faults) or "")
    return Row(name, entry, Problem(name, _FLAW, _told(faults), _REMEDY) if faults else None)


def read_asset(row: object, position: int, space: SpaceName) -> Row[AssetEntry]:
    """A row of `spaces('{space}')/assets`; of a fact of the wrong type the entry holds nothing.

    Raises:
        SourceError: WRONG_SHAPE, the row names no asset or one of another space.
    """
    scope = f"assets of {space}"
    fields = _fields(row, position, scope)
    name = _name(fields, position, scope)
    if not name:
        raise _wrong(f"Row {position} of the {scope} has no usable name.")
    if fields.get("spaceName", space) not in {space, None}:
        raise _wrong(f"Row {position} of the {scope} is {name!r} of another space, {fields['spaceName']!r}.")
    faults: list[str] = []
    entry = AssetEntry(
        id=AssetId(space, TechnicalName(name)),
        label=_text(fields, "label", faults) or "",
        relational_metadata_url=_text(fields, "assetRelationalMetadataUrl", faults) or None,
        analytical_metadata_url=_text(fields, "assetAnalyticalMetadataUrl", faults) or None,
        supports_analytical_queries=_flag(fields, "supportsAnalyticalQueries", faults),
        has_parameters=_flag(fields, "hasParameters", faults),
    )
    return Row(name, entry, Problem.of(entry.id, _FLAW, _told(faults), _REMEDY) if faults else None)


def _load(response: Response) -> object:
    try:
        document: object = json.loads(response.body)
    except json.JSONDecodeError as error:
        raise SourceError(
            SourceFault.TRUNCATED,
            f"{response.url}: the JSON does not parse to its end ({error.msg} at {error.pos}).",
            remedy="Try again.",
        ) from error
    except UnicodeDecodeError as error:
        cut = error.end >= len(response.body)
        raise SourceError(
            SourceFault.TRUNCATED if cut else SourceFault.WRONG_SHAPE,
            f"{response.url}: the JSON is not valid UTF-8 at byte {error.start}.",
            remedy=_REMEDY,
        ) from error
    except RecursionError as error:
        raise SourceError(
            SourceFault.TOO_LARGE, f"{response.url}: the JSON is nested too deep.", remedy=_REMEDY
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise _wrong(f"{response.url}: the JSON holds an unusable value.") from error
    return document


def _count(value: object) -> int | None:
    """`@odata.count`: a number, or a number in quotes as some servers spell Int64."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _fields(row: object, position: int, scope: str) -> dict[str, object]:
    if not isinstance(row, dict):
        raise _wrong(f"Row {position} of the {scope} is no object.")
    return row


def _name(fields: dict[str, object], position: int, scope: str) -> str:
    """What the row calls itself; whether anything of that name can be kept is for `model.unspellable` to say."""
    name = fields.get("name")
    if not isinstance(name, str):
        raise _wrong(f"Row {position} of the {scope} has no usable name.")
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


def _told(faults: list[str]) -> str:
    return f"The catalog's entry is unusable: {'; '.join(faults)}."


def _wrong(message: str) -> SourceError:
    return SourceError(SourceFault.WRONG_SHAPE, message, remedy=_REMEDY)
