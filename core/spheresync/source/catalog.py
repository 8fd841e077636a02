"""The catalog: which spaces and assets there are (reference: datasphere-api.md 2).

A listing that failed half way answers what was read and `complete=False`; it never passes for a shorter list.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import quote

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetEntry, Listing, Problem, SpaceEntry, SpaceName, counted
from spheresync.source.http import JSON, TenantHttp
from spheresync.source.rows import Page, Row, decode_page, read_asset, read_space

CURRENT = "/api/v1/datasphere/consumption/catalog"
LEGACY = "/api/v1/dwc/catalog"
PAGE_SIZE = 500  # rows; the documented page, and the most that `$top` yields
MAX_PAGES = 5000
TENANT = "tenant"

_Item = TypeVar("_Item")


@dataclass(slots=True)
class _Tally(Generic[_Item]):
    """What one listing has read so far."""

    scope: str
    items: dict[str, _Item] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True
    rows: int = 0
    announced: int | None = None

    def fail(self, error: SourceError) -> None:
        self.complete = False
        self.problems.append(Problem(self.scope, error.fault.value, error.message, error.remedy))

    def take(self, page: Page, read: Callable[[object, int], Row[_Item]]) -> None:
        """Add a page's rows.

        Raises:
            SourceError: PAGING_LOOP, every row of the page was there before.
        """
        before, faults = len(self.items), len(self.problems)
        for row in page.rows:
            self.rows += 1
            try:
                found = read(row, self.rows)
            except SourceError as error:
                self.fail(error)
                continue
            if found.name not in self.items:
                self.items[found.name] = found.item
                self.problems.extend([found.problem] if found.problem else [])
        if page.count is not None:
            self.announced = page.count
        if page.rows and self.rows > len(page.rows) and (len(self.items), len(self.problems)) == (before, faults):
            raise _loop(f"{page.url}: the page brings nothing new, so the paging leads nowhere.")

    def listing(self) -> Listing[_Item]:
        if self.complete and self.announced is not None and self.announced != len(self.items):
            self.fail(
                SourceError(
                    SourceFault.WRONG_SHAPE,
                    f"The tenant announced {counted(self.announced, 'row')} and served {len(self.items)}.",
                    remedy="Try again; something may have been deployed while the list was read.",
                )
            )
        return Listing(self.scope, tuple(self.items.values()), self.complete, tuple(self.problems))


class Catalog:
    """Lists what the technical user may see; remembers which of the two catalog paths this tenant serves."""

    def __init__(self, http: TenantHttp) -> None:
        self._http = http
        self._base: str | None = None

    async def list_spaces(self) -> Listing[SpaceEntry]:
        """All spaces of the tenant. Never raises SourceError: a failure is an incomplete listing."""
        return await self._collect("spaces", _Tally(TENANT), read_space)

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]:
        """All exposed assets of a space, as `list_spaces`.

        A problem whose subject is `SPACE/NAME` is of that one asset, which is among the items all the same: it is
        listed, but its entry is not to be trusted.
        """
        return await self._collect(
            _assets_of(space),
            _Tally(str(space)),
            lambda row, position: read_asset(row, position, space),
        )

    async def try_assets(self, space: SpaceName) -> int:
        """How many assets the first page of a space's listing holds: what a listing would begin with, one request.

        Without `$top`, so that what is tried is what a listing asks (reference: datasphere-api.md 2.4).

        Raises:
            SourceError: the space cannot be listed.
        """
        return len((await self._first(_assets_of(space))).rows)

    async def _collect(
        self, path: str, tally: _Tally[_Item], read: Callable[[object, int], Row[_Item]]
    ) -> Listing[_Item]:
        try:
            async with aclosing(self._pages(path)) as pages:
                async for page in pages:
                    tally.take(page, read)
        except SourceError as error:
            tally.fail(error)
        return tally.listing()

    async def _pages(self, path: str) -> AsyncGenerator[Page, None]:
        """Every page: by nextLink, or where a full page has none by `$skip` until an empty one."""
        page = await self._first(path)
        start, visited, skip = page.url, {page.url}, len(page.rows)
        probing = page.next_link is None and skip >= PAGE_SIZE
        yield page
        for _ in range(MAX_PAGES):
            if probing:
                link = f"{start.partition('?')[0]}?$top={PAGE_SIZE}&$skip={skip}"
            elif page.next_link is not None:
                link = page.next_link
            else:
                return
            page = await self._page(link, page.url, visited)
            if probing and not page.rows:
                return
            skip += len(page.rows)
            yield page
        raise _loop(f"{start}: more than {MAX_PAGES} pages.")

    async def _page(self, link: str, against: str, visited: set[str]) -> Page:
        url = self._http.resolve(link, against=against)
        if url in visited:
            raise _loop(f"{url}: the page was served before.")
        visited.add(url)
        return await self._http.read(url, accept=JSON, decode=decode_page, patient=True)

    async def _first(self, path: str) -> Page:
        """The first page, and with it the path that this tenant serves; both failing is the current path's error."""
        if self._base is not None:
            return await self._http.read(f"{self._base}/{path}", accept=JSON, decode=decode_page, patient=True)
        try:
            page = await self._http.read(f"{CURRENT}/{path}", accept=JSON, decode=decode_page, patient=True)
            self._base = CURRENT
        except SourceError as error:
            if error.status not in {404, 405} and error.fault is not SourceFault.HTML_INSTEAD:
                raise
            try:
                page = await self._http.read(f"{LEGACY}/{path}", accept=JSON, decode=decode_page, patient=True)
            except SourceError:
                raise error from None
            self._base = LEGACY
        return page


def _assets_of(space: SpaceName) -> str:
    return f"spaces('{_key(space)}')/assets"


def _key(literal: str) -> str:
    """An OData key literal: quotes doubled, then percent-encoded (OData URL conventions 4.3.1)."""
    return quote(literal.replace("'", "''"), safe="")


def _loop(message: str) -> SourceError:
    return SourceError(SourceFault.PAGING_LOOP, message, remedy="Try again; report it to SAP if it lasts.")
