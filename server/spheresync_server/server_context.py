"""What every tool, resource and route of one MCP server is given: the service and the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from spheresync.errors import SpheresyncError
from spheresync.model import Principal
from spheresync.model.principals import CallerRole, roles_include
from spheresync.personal_values import mask_personal_values
from spheresync_server.caller import CallerOf, current_caller
from spheresync_server.json_texts import Json
from spheresync_server.masking import mask_json, masks_for
from spheresync_server.server_paths import Hide, hide_in
from spheresync_server.toolsets import EVERY_TOOLSET, Toolset

if TYPE_CHECKING:
    from spheresync.service import Service


_LATEST = 1.0  # seconds


class ServiceStartup:
    """The service of a server that already answers its client while the service is still being loaded and opened."""

    def __init__(self) -> None:
        self._service: Service | None = None
        self._failure: SpheresyncError | None = None
        self._completed = anyio.Event()
        self._wanted = anyio.Event()

    @classmethod
    def of(cls, service: Service) -> ServiceStartup:
        """Of a service that is already open."""
        startup = cls()
        startup.complete(service)
        return startup

    def complete(self, service: Service) -> None:
        self._service = service
        self._completed.set()

    def fail(self, error: SpheresyncError) -> None:
        """The service could not be opened: everybody who waits for it gets the error."""
        self._failure = error
        self._completed.set()

    async def wait(self) -> None:
        """Wait for the service.

        Raises:
            SpheresyncError: it cannot be opened.
        """
        self._wanted.set()
        await self._completed.wait()
        if self._failure is not None:
            raise self._failure

    async def give_way(self) -> None:
        """Let the client's first questions be answered, which need no service, before that is loaded beside them.

        Returns once somebody waits for it, at the latest after a second.
        """
        with anyio.move_on_after(_LATEST):
            await self._wanted.wait()

    async def wait_for_failure(self) -> None:
        """Return once it is known that the service cannot be opened, and never where it is open."""
        await self._completed.wait()
        if self._failure is None:
            await anyio.sleep_forever()

    @property
    def opened(self) -> Service | None:
        """The service, None before it is open."""
        return self._service

    @property
    def service(self) -> Service:
        """The open service; callers that may come before it is open have to `wait` first."""
        assert self._service is not None
        return self._service


@dataclass(frozen=True, slots=True)
class ServerContext:
    """The service, and how the caller of each request is found, on whose behalf the service is asked.

    `show_settings` returns the effective settings without secrets; `hide` removes paths of this machine from a text;
    `toolsets` are the parts of the tools that are offered.
    """

    startup: ServiceStartup
    caller_of: CallerOf
    show_settings: Callable[[], Json]
    read_only: bool = False
    hide: Hide = str
    toolsets: frozenset[Toolset] = EVERY_TOOLSET

    @property
    def service(self) -> Service:
        return self.startup.service

    @property
    def principal(self) -> Principal:
        """The caller of the request that is being answered."""
        return current_caller()

    def allows(self, needed: CallerRole) -> bool:
        """Whether that caller has the role, or one that includes it."""
        return roles_include(self.principal.roles, needed)

    def for_caller(self, text: str) -> str:
        """A text as the caller may see it: no paths, and no values of persons unless the caller's role reads them."""
        return mask_personal_values(self.hide(text)) if self.masks else self.hide(text)

    def document_for_caller(self, value: Json) -> Json:
        """As `for_caller`, every text of a document but for names."""
        value = hide_in(value, self.hide)
        return mask_json(value) if self.masks else value

    @property
    def masks(self) -> bool:
        """Whether values of persons are masked for the caller."""
        service = self.startup.opened
        return masks_for(self.principal.roles, None if service is None else service.settings)


class ServiceTools:
    """Tools that ask the service of one server."""

    def __init__(self, server_context: ServerContext) -> None:
        self._server_context = server_context

    @property
    def _service(self) -> Service:
        return self._server_context.service
