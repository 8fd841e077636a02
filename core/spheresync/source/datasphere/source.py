"""Datasphere as a source: what the rest of the product uses of this package."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from spheresync.errors import SourceError
from spheresync.model import (
    NO_SPACE_MESSAGE,
    NO_SPACE_REMEDY,
    AssetEntry,
    AssetId,
    Listing,
    RawDefinition,
    SpaceEntry,
    SpaceName,
)
from spheresync.source.datasphere.checks import CATALOG, SIGN_IN, check_spaces, spaces_counted
from spheresync.source.datasphere.definition import fetch, is_served
from spheresync.source.datasphere.listing.catalog import Catalog
from spheresync.source.datasphere.normaliser import NORMALISER
from spheresync.source.datasphere.objects.listing import Objects
from spheresync.source.protocol import Check, Normaliser, SourceUsage
from spheresync.source.transport.http import TenantHttp
from spheresync.source.transport.signed_in import CodeExchange


class DatasphereSource:
    """One tenant of SAP Datasphere, read-only. Use as an async context manager, which opens and closes `http` too."""

    def __init__(self, http: TenantHttp, *, objects: bool = False) -> None:
        """`objects`: read the design-time API too (`datasphere.objects: on`)."""
        self._http = http
        self._catalog = Catalog(self._http)
        self._objects = Objects(self._http, self._catalog) if objects else None

    async def __aenter__(self) -> DatasphereSource:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    @property
    def normaliser(self) -> Normaliser:
        return NORMALISER

    @property
    def usage(self) -> SourceUsage:
        usage = self._http.usage
        return usage if self._objects is None else replace(usage, saved=self._objects.definitions.saved)

    @property
    def gave_up(self) -> bool:
        return self._http.gave_up

    @property
    def code_exchange(self) -> CodeExchange | None:
        return self._http.signed_in

    async def list_spaces(self) -> Listing[SpaceEntry]:
        """All spaces; incomplete where something failed, never an error."""
        return await self._catalog.list_spaces()

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]:
        """All exposed assets of a space, and where they are read its other objects; incomplete where one failed."""
        if self._objects is None:
            return replace(await self._catalog.list_assets(space), catalog_only=True)
        return await self._objects.list_assets(space)

    def expect(self, entries: Sequence[AssetEntry]) -> None:
        """Tell which definitions will be fetched next, each once."""
        if self._objects is not None:
            self._objects.definitions.expect(entries)

    async def fetch(self, entry: AssetEntry) -> RawDefinition:
        """The documents of an asset.

        Raises:
            SourceError: they could not be read; the message names the asset.
        """
        return await fetch(self._http, entry, self._objects.definitions if self._objects is not None else None)

    async def is_served(self, entry: AssetEntry) -> bool:
        """Whether the tenant still serves a definition of an asset that it does not list.

        Raises:
            SourceError: it says neither.
        """
        if self._objects is not None and entry.object_type is not None:
            return await self._objects.definitions.is_served(entry)
        return await is_served(self._http, entry)

    async def holds(self, asset: AssetId) -> bool:
        """Whether the catalog still has an asset that no listing held, asked for it by name.

        Raises:
            SourceError: it says neither.
        """
        return await self._catalog.holds(asset)

    async def check(
        self, wants: Callable[[SpaceName], bool] = lambda _: True, known: Mapping[SpaceName, Check] | None = None
    ) -> tuple[Check, ...]:
        """Test sign-in, catalog and the listing of each space that `wants` admits, one request a space and list.

        In this order; what cannot be tested for a failure before it is left out. `known`: spaces that there were, each
        with what to say where the catalog lists it no more.
        """
        try:
            await self._http.auth.token()
        except SourceError as error:
            return (Check(SIGN_IN, False, error.message, error.remedy),)
        signed_in = Check(SIGN_IN, True, f"The token server gave a token.{self._http.auth.describe()}")
        spaces = await self.list_spaces()
        if not spaces.complete:
            problem = spaces.problems[0]
            return signed_in, Check(CATALOG, False, problem.message, problem.remedy)
        gone = [said for space, said in (known or {}).items() if space not in {each.name for each in spaces.items}]
        if not spaces.items:
            nothing = Check(
                CATALOG,
                False,
                NO_SPACE_MESSAGE,
                NO_SPACE_REMEDY,
            )
            return signed_in, nothing, *gone
        wanted = [space.name for space in spaces.items if wants(space.name)]
        listed = Check(CATALOG, True, f"The catalog lists {spaces_counted(len(spaces.items))}.")
        left_out = len(spaces.items) - len(wanted)
        tried = await check_spaces(wanted, self._catalog.try_assets, left_out=left_out)
        objects = await self._objects.check(wanted) if self._objects is not None else ()
        return signed_in, listed, *tried, *objects, *gone
