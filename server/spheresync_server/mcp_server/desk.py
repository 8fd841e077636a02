"""What every tool, resource and route of one server works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from spheresync.errors import SpheresyncError
from spheresync.model import Principal
from spheresync.model.roles import Role
from spheresync.personal_values import mask_personal_values
from spheresync_server.masking import mask_json, masks_for
from spheresync_server.mcp_server.server_paths import Hide, hide_in
from spheresync_server.untrusted import Json

if TYPE_CHECKING:
    from spheresync.service import Service


class Opening:
    """The service of a server that speaks at once: loading and opening it takes as long as a client's first words."""

    def __init__(self) -> None:
        self._service: Service | None = None
        self._failure: SpheresyncError | None = None
        self._ended = anyio.Event()

    @classmethod
    def of(cls, service: Service) -> Opening:
        """Of a service that is open already."""
        opening = cls()
        opening.end(service)
        return opening

    def end(self, service: Service) -> None:
        self._service = service
        self._ended.set()

    def fail(self, error: SpheresyncError) -> None:
        """It could not be opened: whoever waits is told why, and the server ends."""
        self._failure = error
        self._ended.set()

    async def wait(self) -> None:
        """Wait for the service.

        Raises:
            SpheresyncError: it cannot be opened.
        """
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure

    async def wait_for_failure(self) -> None:
        """Return once it is known that the service cannot be opened, and never where it is open."""
        await self._ended.wait()
        if self._failure is None:
            await anyio.sleep_forever()

    @property
    def opened(self) -> Service | None:
        """The service, None before it is open."""
        return self._service

    @property
    def service(self) -> Service:
        """The open service; whoever may come before it has to `wait`."""
        assert self._service is not None
        return self._service


@dataclass(frozen=True, slots=True)
class Desk:
    """The service, and the caller on whose behalf it is asked.

    `show_settings` answers the effective settings with secrets redacted, `hide` a text without paths of this machine.
    """

    opening: Opening
    principal: Principal
    role: Role
    show_settings: Callable[[], Json]
    read_only: bool = False
    hide: Hide = str

    @property
    def service(self) -> Service:
        return self.opening.service

    def told(self, text: str) -> str:
        """A text as this caller may see it: without paths, and without values of persons unless the role reads them."""
        return mask_personal_values(self.hide(text)) if self._masks else self.hide(text)

    def told_document(self, value: Json) -> Json:
        """As `told`, every text of a document but for names."""
        value = hide_in(value, self.hide)
        return mask_json(value) if self._masks else value

    @property
    def _masks(self) -> bool:
        service = self.opening.opened
        return masks_for(self.role, None if service is None else service.settings)


class DeskTools:
    """Tools that ask the service of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def _service(self) -> Service:
        return self._desk.service
