"""The CSN of objects: all of a space in one answer where the tenant offers it, else one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import quote

import anyio

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetEntry, AssetId, SpaceName
from spheresync.source.datasphere.objects.object_list import remedy_of
from spheresync.source.datasphere.objects.object_types import BASE, SIBLINGS, object_path
from spheresync.source.datasphere.objects.space_content import SpaceContent, read_content
from spheresync.source.datasphere.surfaces import BADLY_ANSWERED, OPEN_IT
from spheresync.source.transport.http import JSON, Response, TenantHttp

RUN_TIME = "application/vnd.sap.datasphere.object.content.run-time+json"
"""What is deployed; the design-time form may hold edits that are not (reference: datasphere-api.md 4.2)."""
WORTH_A_WHOLE_SPACE = 5
"""Definitions of one space from which on all of it is asked for at once."""


@dataclass(slots=True)
class _Space:
    """A space of which definitions are being asked for. `content` is None where it is not offered, or not whole."""

    left: int
    lock: anyio.Lock
    asked: bool = False
    content: SpaceContent | None = None


class ObjectDefinitions:
    """Reads the CSN of objects; holds the content of a space while its objects are being read, and no longer."""

    def __init__(self, http: TenantHttp) -> None:
        self._http = http
        self._spaces: dict[SpaceName, _Space] = {}
        self._offers_content = True
        self.saved = 0
        """Requests that were not sent, because the content of a space had the definition."""

    def expect(self, entries: Collection[AssetEntry]) -> None:
        """Tell which definitions will be asked for, each once: of many of a space its content is asked for at once."""
        wanted = Counter(entry.id.space for entry in entries)
        self._spaces = {
            space: _Space(number, anyio.Lock()) for space, number in wanted.items() if number >= WORTH_A_WHOLE_SPACE
        }

    def is_at_hand(self, entry: AssetEntry) -> bool:
        """Whether the content of its space was read already, so that reading its CSN is likely to ask for nothing."""
        space = self._spaces.get(entry.id.space)
        return space is not None and space.content is not None

    async def read(self, entry: AssetEntry) -> bytes | None:
        """The CSN of an object; None where the tenant has none of an asset that the catalog lists.

        Raises:
            SourceError: it could not be read; the message names the asset.
        """
        content = await self._content_of(entry.id.space)
        if content is not None and (body := content.cut_out(entry.id.name, entry.kind)) is not None:
            self.saved += 1
            return body
        missing: SourceError | None = None
        for path in _paths(entry):
            try:
                return await self._http.read(path, accept=RUN_TIME, decode=lambda response: _whole(response).body)
            except SourceError as error:
                if not error.absent:
                    raise _named(entry.id, error, listed=entry.object_type is not None) from error
                missing = missing or error
        if entry.object_type is not None and missing is not None:
            raise _named(entry.id, missing) from missing
        return None

    async def is_served(self, entry: AssetEntry) -> bool:
        """Whether the tenant still has an object; False where it says itself that it has none of that name.

        Raises:
            SourceError: it says neither.
        """
        for path in _paths(entry):
            try:
                await self._http.get(path, accept=RUN_TIME)
            except SourceError as error:
                if not error.absent:
                    raise _named(entry.id, error) from error
            else:
                return True
        return False

    async def _content_of(self, name: SpaceName) -> SpaceContent | None:
        """The content of a space that is worth it. A failure says nothing: its objects are then read one by one."""
        space = self._spaces.get(name)
        if space is None:
            return None
        space.left -= 1
        if space.left <= 0:
            self._spaces.pop(name, None)
        if not space.asked:
            await self._ask_once(space, name)
        return space.content

    async def _ask_once(self, space: _Space, name: SpaceName) -> None:
        async with space.lock:
            if not space.asked and self._offers_content:
                space.content = await self._ask(name)
            space.asked = True

    async def _ask(self, space: SpaceName) -> SpaceContent | None:
        path = f"{BASE}/content?space={quote(space, safe='')}&definitions=true"
        try:
            found = await self._http.read(
                path, accept=JSON, decode=lambda response: read_content(_whole(response), space)
            )
        except SourceError as error:
            unknown = error.status in {400, 404, 405} or error.fault is SourceFault.HTML_INSTEAD
            self._offers_content = self._offers_content and not unknown
            return None
        self.saved -= 1
        return found


def _paths(entry: AssetEntry) -> Iterator[str]:
    """Where an object is read: under its type, then under the one that it may be of instead."""
    for kind in (entry.kind, SIBLINGS.get(entry.kind)):
        if kind is not None:
            try:
                yield object_path(entry.id, kind)
            except SourceError as error:
                raise _named(entry.id, error) from error


def _named(asset: AssetId, error: SourceError, *, listed: bool = False) -> SourceError:
    """`listed`: the list of objects names it, so that a role that may read objects was there."""
    remedy = OPEN_IT if error.fault in BADLY_ANSWERED else remedy_of(error)
    if listed and error.fault is SourceFault.FORBIDDEN:
        remedy = (
            f"Its list was answered, so look whether the technical user (or who signed in) is still a member of space "
            f"{asset.space}, with a role that may read objects (at least DW Modeler)."
        )
    message = f"{asset}: csn: {error.message}"
    return SourceError(error.fault, message, remedy=remedy, status=error.status, absent=error.absent)


def _whole(response: Response) -> Response:
    """The answer, once it is known to end: a body that is cut is asked for again.

    Raises:
        SourceError: TRUNCATED.
    """
    if not response.body.rstrip().endswith(b"}"):
        raise SourceError(SourceFault.TRUNCATED, f"{response.url}: the JSON does not end.", remedy="Try again.")
    return response
