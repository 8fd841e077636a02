"""From page to page of a listing: by next links, or where a full page has none by `$skip` until an empty one."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx2

from spheresync.errors import SourceError, SourceFault
from spheresync.source.datasphere.listing.pages import Page, decode_page, doubt_of_context
from spheresync.source.transport.http import JSON, TenantHttp

PAGE_SIZE = 500  # rows; the documented page, and the most that `$top` yields
MAX_PAGES = 5000

_NOT_THERE = frozenset({400, 404, 405})
_ABSOLUTE = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")


async def pages_from(http: TenantHttp, first: Page) -> AsyncGenerator[Page, None]:
    """The first page of a listing and every one after it.

    Raises:
        SourceError: a page could not be read, PAGING_LOOP among the reasons. What was yielded before stands.
    """
    pager = _Pager(http, first)
    first = _as_asked(first, first.url)
    page, skip = first, len(first.rows)
    yield page
    probing = False
    for _ in range(MAX_PAGES):
        probing = probing or (page.next_link is None and page.doubt is None and len(page.rows) >= PAGE_SIZE)
        if probing:
            page = await pager.skip(skip)
            if not page.rows:
                return
        elif page.next_link is not None:
            page = await pager.follow(page, page.next_link)
        else:
            return
        page = _as_asked(page, first.url)
        skip += len(page.rows)
        yield page
    raise loop_error(f"{first.url}: more than {MAX_PAGES} pages.")


def _as_asked(page: Page, asked: str) -> Page:
    """The page, doubted where its context names another collection than the one asked for."""
    return page if page.doubt is not None else replace(page, doubt=doubt_of_context(page, asked))


def loop_error(message: str) -> SourceError:
    return SourceError(SourceFault.PAGING_LOOP, message, remedy="Try again; report it to SAP if it lasts.")


class _Pager:
    """Asks for the pages of one listing, each URL once."""

    def __init__(self, http: TenantHttp, first: Page) -> None:
        self._http = http
        self._start = first.url.partition("?")[0]
        self._visited = {first.url}

    async def skip(self, rows: int) -> Page:
        """The page after so many rows."""
        return await self._read(f"{self._start}?$top={PAGE_SIZE}&$skip={rows}")

    async def follow(self, page: Page, link: str) -> Page:
        """The page that a link leads to; where there are two readings of it, the second if the first is not there."""
        *likelier, last = self._readings(page, link)
        for url in likelier:
            try:
                return await self._read(url)
            except SourceError as error:
                if error.status not in _NOT_THERE:
                    raise
        return await self._read(last)

    def _readings(self, page: Page, link: str) -> list[str]:
        """What a next link may mean, likeliest first.

        A relative one is relative to the context URL, itself relative to the request (OData JSON Format 4.0, 4.3). Some
        servers mean the request instead; the reading that leads to the collection being listed is the right one.
        """
        found: list[str] = []
        refused: list[SourceError] = []
        context = "" if _ABSOLUTE.match(link) else (page.context or "").partition("#")[0]
        for base in (context, None) if context else (None,):
            try:
                against = page.url if base is None else self._http.resolve(base, against=page.url)
                found.append(self._http.resolve(link, against=against))
            except SourceError as error:
                refused.append(error)
        meant = [url for url in found if _path(url) == _path(self._start)]
        if meant:
            return meant[:1]
        if refused:
            raise refused[0]
        return list(dict.fromkeys(found))

    async def _read(self, url: str) -> Page:
        url = self._http.resolve(url)
        if url in self._visited:
            raise loop_error(f"{url}: the page was served before.")
        self._visited.add(url)
        return await self._http.read(url, accept=JSON, decode=decode_page)


def _path(url: str) -> str:
    return httpx2.URL(url).path.rstrip("/")
