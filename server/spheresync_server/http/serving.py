"""Run the server over Streamable HTTP until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from spheresync.errors import UsageError
from spheresync.isolation import isolated_group
from spheresync_server.http.loopback import LoopbackOnly
from spheresync_server.http.message_validation import MessageValidation
from spheresync_server.http.routes import add_routes
from spheresync_server.server_context import ServerContext

_MCP = "/mcp"
_GRACE = 1
"""Seconds that open HTTP connections get to end."""


def bind(host: str, port: int) -> socket.socket:
    """A listening address, taken before anything else starts; port 0 takes a free one.

    Raises:
        UsageError: somebody else has it, or it may not be taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Of TCP by name: asyncio sends at once (TCP_NODELAY) only where it is, and each answer would wait 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise UsageError(
            f"port {port} of {host} cannot be used: {error.strerror or error}.",
            remedy="Another server may be running; end it or give another --port.",
        ) from error
    return listening


async def serve_http(server: MCPServer[ServerContext], server_context: ServerContext, listening: socket.socket) -> None:
    """Serve MCP at /mcp and the operator's routes beside it, on an address that is already bound."""
    add_routes(server, server_context)
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # LoopbackOnly checks every route
    app = LoopbackOnly(MessageValidation(server.streamable_http_app(transport_security=unchecked), _MCP))
    logging.getLogger("uvicorn.error").addFilter(_is_no_account_of_open_streams)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
    )
    web = _QuietServer(config)
    async with _ended_by_cancellation(web):
        await web.serve(sockets=[listening])


def _is_no_account_of_open_streams(record: logging.LogRecord) -> bool:
    """Whether a log record is more than uvicorn's account of streams that clients held open to the last."""
    cut_off = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cut_off and "timeout graceful shutdown exceeded" not in record.getMessage()


class _QuietServer(uvicorn.Server):
    """uvicorn without signal handlers of its own: the process has one place for signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _ended_by_cancellation(web: uvicorn.Server) -> AsyncIterator[None]:
    """Turn a cancellation into uvicorn's orderly end, which needs to run on for a moment."""
    async with isolated_group() as group:

        async def watch() -> None:
            try:
                await anyio.sleep_forever()
            finally:
                web.should_exit = True

        group.start_soon(watch)
        with anyio.CancelScope(shield=True):
            yield
        group.cancel_scope.cancel()
