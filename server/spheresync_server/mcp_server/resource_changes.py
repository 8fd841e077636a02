"""Tell clients that follow a resource when it has changed, whoever changed it: this server, its scheduler, a command.

Clients of 2026-07-28 listen (`subscriptions/listen`), those before it subscribe to one resource after another
(`resources/subscribe`); both get `notifications/resources/updated` and read the resource again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp import MCPError
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated, ServerEvent
from mcp.types import INVALID_PARAMS, EmptyResult, SubscribeRequestParams, UnsubscribeRequestParams

from spheresync.model import counted
from spheresync_server.server_context import ServerContext

log = logging.getLogger(__name__)

SUBSCRIBING = frozenset({"subscriptions/listen", "resources/subscribe"})
"""Methods by which a client begins to follow something."""
_SCHEME = "spheresync://"
_PATIENCE = 5.0
"""Seconds in which a client has to take a notification."""
_MOST = 1_000
"""Resources that one session may follow."""

RequestContext = ServerRequestContext[Any, Any]


@dataclass(slots=True)
class _Follower:
    """A client of before 2026-07-28, and what it follows."""

    session: ServerSession
    resources: set[str] = field(default_factory=set)


class ResourceChanges:
    """The subscriptions of one server, and what their clients were told last. A bus of the SDK's, too."""

    def __init__(self, server_context: ServerContext) -> None:
        self._server_context = server_context
        self._bus = InMemorySubscriptionBus()
        self._followers: dict[Connection, _Follower] = {}
        self._listening = 0
        self._versions: dict[str, object] = {}
        self._looks = False
        self._beginning = anyio.Lock()

    async def publish(self, event: ServerEvent) -> None:
        """Tell those that follow the resource of an event."""
        await self._bus.publish(event)
        if isinstance(event, ResourceUpdated):
            await self._tell_followers(event.uri)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Begin to tell a stream; the answer ends that."""
        leave: Callable[[], None] | None = self._bus.subscribe(listener)
        self._listening += 1

        def unsubscribe() -> None:
            nonlocal leave
            if leave is not None:
                leave()
                leave = None
                self._listening -= 1

        return unsubscribe

    async def subscribe_session(self, ctx: RequestContext, params: SubscribeRequestParams) -> EmptyResult:
        """Begin to tell a session of one resource.

        Raises:
            MCPError: it follows too many already.
        """
        followed = self._follower(ctx.session).resources
        if len(followed) >= _MOST and params.uri not in followed:
            raise MCPError(
                INVALID_PARAMS, f"A session follows at most {counted(_MOST, 'resource')}; end some subscriptions."
            )
        followed.add(params.uri)
        return EmptyResult()

    async def unsubscribe_session(self, ctx: RequestContext, params: UnsubscribeRequestParams) -> EmptyResult:
        """End that."""
        self._follower(ctx.session).resources.discard(params.uri)
        return EmptyResult()

    def _follower(self, session: ServerSession) -> _Follower:
        """Who a session belongs to: the SDK makes one for each request, and only its connection lasts."""
        connection = session._connection  # noqa: SLF001 -- the SDK has no public name for it
        follower = self._followers.get(connection)
        if follower is None:
            follower = self._followers[connection] = _Follower(session)
            connection.exit_stack.callback(self._followers.pop, connection, None)
        return follower

    async def follow(self) -> None:
        """Know, before a first client follows anything, how things stand, and look for changes from then on."""
        async with self._beginning:
            if not self._followed:
                self._versions = await self._present()
            if not self._looks:
                self._looks = True
                self._server_context.service.background.follow_changes(self._compare)

    @property
    def _followed(self) -> bool:
        """Whether anybody follows anything: else nothing is looked at."""
        return self._listening > 0 or any(each.resources for each in self._followers.values())

    async def _present(self) -> dict[str, object]:
        return dict(await self._server_context.service.background.resource_versions())

    async def _compare(self) -> None:
        """Tell what has another version than at the last look."""
        if not self._followed:
            return
        before, self._versions = self._versions, await self._present()
        for path, version in self._versions.items():
            if path not in before or before[path] != version:
                await self.publish(ResourceUpdated(uri=f"{_SCHEME}{path}"))

    async def _tell_followers(self, uri: str) -> None:
        for connection, follower in list(self._followers.items()):
            if uri not in follower.resources:
                continue
            try:
                with anyio.fail_after(_PATIENCE):
                    await follower.session.send_resource_updated(uri)
            except Exception as error:  # noqa: BLE001 -- a client that has gone holds up no other
                log.debug("a client that followed %s has gone: %s", uri, type(error).__name__)
                self._followers.pop(connection, None)
