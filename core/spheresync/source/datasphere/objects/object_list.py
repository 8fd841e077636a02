"""Which objects a space holds: the lists of the design-time API, page by page to the empty one.

The lists have no count and no cursor, and a page may be shorter than was asked for (reference: datasphere-api.md 4.2).
A server that ignores `skip` answers the same page for ever: that is an error, not the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from spheresync.errors import REFUSALS, SourceError, SourceFault
from spheresync.isolation import isolated_group
from spheresync.model import AssetId, AssetKind, Problem, SpaceName, TechnicalName, counted
from spheresync.source.datasphere.listing.pages import MAX_ROWS, REMEDY, load_json
from spheresync.source.datasphere.listing.paging import MAX_PAGES, loop_error
from spheresync.source.datasphere.objects.object_types import SEGMENTS, space_path
from spheresync.source.transport.http import JSON, Response, TenantHttp

PAGE = 200
"""The most that `top` yields (reference: datasphere-api.md 4.2)."""
MAX_OBJECTS = 200_000
_SELECT = "&select=technicalName,businessName,status"
_NOT_DEPLOYED = "notdeployed"
_NOT_OFFERED = frozenset({404, 405})
_ROLE = (
    "Give the technical user (or who signed in) a role that may read objects (at least DW Modeler), "
    "or set datasphere.objects: off."
)
_NOT_THERE = (
    "Wait for the next listing; if it stays so, look whether the object is deployed and the tenant offers its type."
)


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One object as its list names it."""

    name: TechnicalName
    label: str
    deployed: bool


@dataclass(slots=True)
class ObjectList:
    """The objects of one space by name. It is all of them where there are no problems."""

    kinds: dict[TechnicalName, AssetKind] = field(default_factory=dict)
    labels: dict[TechnicalName, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    flaws: dict[SpaceName | AssetId, Problem] = field(default_factory=dict)
    not_offered: frozenset[AssetKind] = frozenset()


class ObjectLists:
    """Lists objects; remembers whether this tenant takes `select`."""

    def __init__(self, http: TenantHttp) -> None:
        self._http = http
        self._select = _SELECT

    async def of(self, space: SpaceName, offered: Collection[str] | None) -> ObjectList:
        """The objects of a space. Never raises SourceError: a failure is a problem of the list.

        `offered`: segments that the discovery document names, None where there is none.
        """
        found: dict[AssetKind, list[ListedObject]] = {}
        errors: dict[AssetKind, SourceError] = {}
        missing = {kind for kind, segment in SEGMENTS.items() if offered is not None and segment not in offered}

        async def read(kind: AssetKind) -> None:
            rows = found.setdefault(kind, [])
            try:
                await self._rows(f"{space_path(space)}/{SEGMENTS[kind]}", rows)
            except SourceError as error:
                if offered is None and error.status in _NOT_OFFERED and error.absent:
                    missing.add(kind)
                    return
                errors[kind] = error

        async with isolated_group() as group:
            for kind in SEGMENTS.keys() - missing:
                group.start_soon(read, kind)
        listed = ObjectList(problems=list(_problems(space, errors)), not_offered=frozenset(missing))
        for kind in SEGMENTS:
            for each in found.get(kind, ()):
                _add(listed, space, kind, each)
        return listed

    async def try_views(self, space: SpaceName) -> None:
        """Ask for the beginning of the list of views, as a listing does.

        Raises:
            SourceError: it cannot be listed.
        """
        await self._page(f"{space_path(space)}/{SEGMENTS[AssetKind.VIEW]}", 0)

    async def _rows(self, path: str, rows: list[ListedObject]) -> None:
        seen: set[TechnicalName] = set()
        skip = 0
        for _ in range(MAX_PAGES):
            page = await self._page(path, skip)
            if not page:
                return
            fresh = [each for each in page if each.name not in seen]
            if not fresh:
                raise loop_error(f"{path}: the page at skip={skip} brings nothing new; the tenant ignores `skip`.")
            seen |= {each.name for each in fresh}
            rows += fresh
            skip += len(page)
            if len(rows) > MAX_OBJECTS:
                raise SourceError(
                    SourceFault.TOO_LARGE,
                    f"{path}: more than {counted(MAX_OBJECTS, 'object')} were listed.",
                    remedy=REMEDY,
                )
        raise loop_error(f"{path}: more than {MAX_PAGES} pages.")

    async def _page(self, path: str, skip: int) -> list[ListedObject]:
        query = f"{path}?top={PAGE}&skip={skip}"
        if self._select:
            try:
                return await self._http.read(query + self._select, accept=JSON, decode=_decode, patient=True)
            except SourceError as error:
                if error.status != 400:
                    raise
            page = await self._http.read(query, accept=JSON, decode=_decode, patient=True)
            self._select = ""
            return page
        return await self._http.read(query, accept=JSON, decode=_decode, patient=True)


def _add(listed: ObjectList, space: SpaceName, kind: AssetKind, each: ListedObject) -> None:
    if not each.deployed:
        return
    known = listed.kinds.setdefault(each.name, kind)
    if known is not kind:
        asset = AssetId(space, each.name)
        text = f"Two lists of objects hold it, as {known} and as {kind}, so it was left as it was."
        listed.flaws[asset] = Problem.of(asset, SourceFault.WRONG_SHAPE, text, REMEDY)
    elif each.label:
        listed.labels[each.name] = each.label


def _problems(space: SpaceName, errors: dict[AssetKind, SourceError]) -> Iterator[Problem]:
    """One problem for all types that failed alike."""
    by_fault: dict[tuple[str, int | None], list[tuple[AssetKind, SourceError]]] = {}
    for kind, error in errors.items():
        by_fault.setdefault((error.fault, error.status), []).append((kind, error))
    for (fault, _), failed in by_fault.items():
        names = ", ".join(SEGMENTS[kind] for kind, _ in failed)
        error = failed[0][1]
        said = f"objects of {space} ({names}): {error.message}"
        if error.fault in REFUSALS:
            said = f"{said.rstrip('.')}; what the catalog lists is read without them"
        yield Problem(space, fault, said, remedy_of(error))


def remedy_of(error: SourceError) -> str:
    """What to do where objects cannot be read: the catalog asks for less than they do."""
    if error.fault is SourceFault.NOT_EXPOSED:
        return _NOT_THERE
    return _ROLE if error.fault in REFUSALS else error.remedy


def _decode(response: Response) -> list[ListedObject]:
    """One page: a bare JSON array of objects with a `technicalName`.

    Raises:
        SourceError: TRUNCATED, TOO_LARGE, or WRONG_SHAPE.
    """
    document = load_json(response)
    if not isinstance(document, list):
        raise _wrong(f"{response.url}: the answer is no list of objects.")
    if len(document) > MAX_ROWS:
        raise _wrong(f"{response.url}: the page holds {counted(len(document), 'row')}, more than {MAX_ROWS}.")
    return [_row(response.url, number, row) for number, row in enumerate(document)]


def _row(url: str, number: int, row: object) -> ListedObject:
    name = row.get("technicalName") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(name, str) or not name:
        raise _wrong(f"{url}: row {number} names no object.")
    label, status = row.get("businessName"), row.get("status")
    word = "".join(status.split()).replace("_", "").lower() if isinstance(status, str) else ""
    return ListedObject(TechnicalName(name), label if isinstance(label, str) else "", word != _NOT_DEPLOYED)


def _wrong(message: str) -> SourceError:
    return SourceError(SourceFault.WRONG_SHAPE, message, remedy=REMEDY)
