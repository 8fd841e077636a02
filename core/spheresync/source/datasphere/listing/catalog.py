"""The catalog: which spaces and assets there are (reference: datasphere-api.md 2).

A listing that failed half way answers what was read and `complete=False`; it never passes for a shorter list.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import TypeVar
from urllib.parse import quote

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetEntry, AssetId, Listing, SpaceEntry, SpaceName
from spheresync.model.json_document import read_json
from spheresync.source.datasphere.listing.listing_collector import ListingCollector
from spheresync.source.datasphere.listing.pages import Page, decode_page
from spheresync.source.datasphere.listing.paging import pages_from
from spheresync.source.datasphere.listing.rows import Row, read_asset, read_space
from spheresync.source.transport.http import JSON, Response, TenantHttp

CURRENT = "/api/v1/datasphere/consumption/catalog"
LEGACY = "/api/v1/dwc/catalog"
TENANT = "tenant"

_Item = TypeVar("_Item")


class Catalog:
    """Lists what the technical user may see; remembers which of the two catalog paths this tenant serves."""

    def __init__(self, http: TenantHttp) -> None:
        self._http = http
        self._base: str | None = None
        self._takes_names = True

    async def list_spaces(self) -> Listing[SpaceEntry]:
        """All spaces of the tenant. Never raises SourceError: a failure is an incomplete listing."""
        return await self._collect("spaces", ListingCollector(TENANT, "spaces"), read_space)

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]:
        """All exposed assets of a space, as `list_spaces`.

        An asset among the `flaws` is listed, but its entry is not to be trusted.
        """
        collector: ListingCollector[AssetEntry] = ListingCollector(str(space), f"assets of {space}")
        return await self._collect(_assets_of(space), collector, lambda row: read_asset(row, space))

    async def try_assets(self, space: SpaceName) -> int:
        """How many assets the first page of a space's listing holds: what a listing would begin with, one request.

        Without `$top`, so that what is tried is what a listing asks (reference: datasphere-api.md 2.4).

        Raises:
            SourceError: the space cannot be listed.
        """
        return len((await self._first(_assets_of(space))).rows)

    async def holds(self, asset: AssetId) -> bool:
        """Whether the catalog answers with an asset that is asked for by its name; False too where it takes no such.

        Raises:
            SourceError: it says neither.
        """
        if not self._takes_names:
            return False
        path = f"{self._base or CURRENT}/{_assets_of(asset.space)}('{_key(asset.name)}')"
        try:
            entity = await self._http.read(path, accept=JSON, decode=_decode_entity)
        except SourceError as error:
            if not (_serves_no_such(error) or error.status == 400):
                raise
            self._takes_names = error.status == 404
            return False
        return isinstance(entity, dict) and entity.get("name") == asset.name

    async def _collect(
        self, path: str, collector: ListingCollector[_Item], read: Callable[[object], Row[_Item]]
    ) -> Listing[_Item]:
        try:
            async with aclosing(pages_from(self._http, await self._first(path))) as pages:
                async for page in pages:
                    collector.take(page, read)
        except SourceError as error:
            collector.fail(error)
        return collector.listing()

    async def _first(self, path: str) -> Page:
        """The first page, and with it the path that this tenant serves; both failing is the current path's error."""
        if self._base is not None:
            return await self._http.read(f"{self._base}/{path}", accept=JSON, decode=decode_page, patient=True)
        try:
            page = await self._http.read(f"{CURRENT}/{path}", accept=JSON, decode=decode_page, patient=True)
            self._base = CURRENT
        except SourceError as error:
            if not _serves_no_such(error):
                raise
            try:
                page = await self._http.read(f"{LEGACY}/{path}", accept=JSON, decode=decode_page, patient=True)
            except SourceError:
                raise error from None
            self._base = LEGACY
        return page


def _serves_no_such(error: SourceError) -> bool:
    """Whether a tenant answers that it knows no such request (reference: datasphere-api.md 11.5)."""
    if error.fault is SourceFault.SERVER_ERROR:  # a 404 of the router before it
        return False
    return error.status in {404, 405} or error.fault is SourceFault.HTML_INSTEAD


def _decode_entity(response: Response) -> object:
    try:
        return read_json(response.body)
    except (ValueError, RecursionError):
        return None


def _assets_of(space: SpaceName) -> str:
    return f"spaces('{_key(space)}')/assets"


def _key(literal: str) -> str:
    """An OData key literal: quotes doubled, then percent-encoded (OData URL conventions 4.3.1)."""
    return quote(literal.replace("'", "''"), safe="")
