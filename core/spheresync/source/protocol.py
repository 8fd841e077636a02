"""What discovery asks of any source of assets; `tests/contract/source_promises.py` holds every source to it.

A source only reads. It keeps no state of its own: what it answers is for the caller to remember.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from spheresync.model import Asset, AssetEntry, AssetId, Listing, RawDefinition, SpaceEntry, SpaceName

if TYPE_CHECKING:
    from spheresync.source.transport.signed_in import CodeExchange


@dataclass(frozen=True, slots=True)
class SourceUsage:
    """What a source was asked so far. `bytes_received` counts bodies as on the wire, compressed."""

    requests: int = 0  # everything sent: retries, token requests and repeats after a 401 too
    token_requests: int = 0
    bytes_received: int = 0
    retries: int = 0
    throttled: int = 0  # answers 429
    saved: int = 0  # requests that were not needed, because one answer held several definitions


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of testing one connection."""

    connection: str
    ok: bool
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Normaliser:
    """How raw definitions of a source become assets. Pure, and picklable, so that another process can do it.

    `normalise` raises SourceError where the documents define no asset. `version` rises whenever it answers otherwise
    than before for the same documents, so that every asset is normalised anew.
    """

    version: int
    normalise: Callable[[RawDefinition], Asset]


class Source(Protocol):
    """One tenant, read-only, open for use."""

    @property
    def normaliser(self) -> Normaliser: ...

    @property
    def usage(self) -> SourceUsage:
        """What was asked since this source was made; a value that does not change afterwards."""
        ...

    @property
    def gave_up(self) -> bool:
        """Whether the tenant is asked nothing now, because it has answered nothing useful for too long."""
        ...

    @property
    def code_exchange(self) -> CodeExchange | None:
        """How a person signs in; None where nobody needs to be."""
        ...

    async def list_spaces(self) -> Listing[SpaceEntry]:
        """All spaces; incomplete, with the reason, where something failed. Never an error or a part."""
        ...

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]:
        """All assets of a space; incomplete, with the reason, where something failed."""
        ...

    def expect(self, entries: Sequence[AssetEntry]) -> None:
        """Tell which definitions will be fetched next, each once, so that a source may read several at a time."""
        ...

    async def fetch(self, entry: AssetEntry) -> RawDefinition:
        """The documents that define an asset.

        Raises:
            SourceError: they could not be read; the message names the asset.
        """
        ...

    async def is_served(self, entry: AssetEntry) -> bool:
        """Whether a definition of an asset that is not listed is still served.

        Raises:
            SourceError: the tenant says neither.
        """
        ...

    async def holds(self, asset: AssetId) -> bool:
        """Whether the catalog still has an asset that no listing held, asked for it by name.

        Raises:
            SourceError: the tenant says neither.
        """
        ...

    async def check(
        self, wants: Callable[[SpaceName], bool] = lambda _: True, known: Mapping[SpaceName, Check] | None = None
    ) -> tuple[Check, ...]:
        """Test sign-in, catalog and the listing of each space that `wants` admits.

        `known`: spaces that there were, each with what to say where the catalog lists it no more.
        """
        ...
