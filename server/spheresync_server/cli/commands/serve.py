"""`spheresync serve`: the MCP server, over stdio or HTTP."""

from __future__ import annotations

import ipaddress
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import anyio
import anyio.to_thread
import typer

from spheresync import __version__
from spheresync.errors import UsageError
from spheresync.isolation import isolated_group
from spheresync.model import Environment
from spheresync.model.principals import CallerRole
from spheresync.observe.export import exporting
from spheresync.observe.incidents import product_error
from spheresync.runtime.garbage import collect_while_serving
from spheresync_server import service_access
from spheresync_server.caller import local_caller, role_from, server_default_role
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.interruption import (
    InterruptedBySignalError,
    exit_now,
    exit_unless_closed,
    run_until_signalled,
)
from spheresync_server.toolsets import Toolset, toolsets_in

if TYPE_CHECKING:
    import socket

    from spheresync.config import Settings, SettingsSource
    from spheresync.service import Service
    from spheresync_server.server_context import ServerContext

_PORTS = {Environment.DOG: 8000, Environment.WOLF: 5000, Environment.BEAR: 5000}
_LOCAL = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class _ServeOptions:
    """How a server serves: as whom, whether it changes anything, and whether it syncs by itself."""

    role: CallerRole
    read_only: bool
    scheduler: bool
    toolsets: frozenset[Toolset]


def serve(
    context: typer.Context,
    *,
    transport: Annotated[Literal["stdio", "http"], typer.Option(help="How clients reach it.")] = "stdio",
    host: Annotated[str, typer.Option(metavar="H", help="Loopback address, for http.")] = _LOCAL,
    port: Annotated[
        int | None, typer.Option(metavar="P", min=0, max=65535, help="For http; default 8000 in dog, else 5000.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only tools that change nothing.")] = False,
    toolsets: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Only tools of these: catalog, changes, runs, audit, governance, admin."),
    ] = None,
    scheduler: Annotated[
        bool | None,
        typer.Option("--scheduler/--no-scheduler", help="Sync by itself, in tiers; by default over http and in dog."),
    ] = None,
) -> int:
    """Serve AI assistants by MCP, over stdio or HTTP."""
    if scheduler and read_only:
        raise UsageError("--read-only changes nothing, so nothing is synced by itself.", remedy="Give one of the two.")
    address, offered = _loopback(host), toolsets_in(toolsets)
    call = invocation_of(context)
    source = service_access.settings_source(call.environment, call.file)
    settings = source.current()
    role = role_from(os.environ, server_default_role(settings.env))
    by_default = transport == "http" or settings.env.is_embedded
    alone = not read_only and (by_default if scheduler is None else scheduler)
    manner = _ServeOptions(role, read_only, alone, offered)
    if transport == "stdio":
        return _over_stdio(source, manner)

    from spheresync_server.http.serving import bind

    listening = bind(address, _PORTS[settings.env] if port is None else port)
    return _over_http(source, manner, listening, partial(_announce, listening, settings, manner))


def _loopback(host: str) -> str:
    """The address to bind.

    Raises:
        UsageError: it can be reached from other machines.
    """
    if host.lower() == "localhost":
        return _LOCAL
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise UsageError(
            f"--host {host} could be reached from other machines, and no token issuer is configured that would tell "
            "callers apart.",
            remedy=f"Bind to {_LOCAL}, localhost or ::1.",
        )
    return host


def _over_stdio(source: SettingsSource, manner: _ServeOptions) -> int:
    async def speak(server_context: ServerContext) -> None:
        from spheresync_server.mcp_server.server import build_server

        server = build_server(server_context)
        collect_while_serving()
        await server.run_stdio_async()

    try:
        _serve(source, manner, speak)
    except InterruptedBySignalError as interruption:
        exit_now(_exit_code_after(interruption))
    return 0


def _over_http(
    source: SettingsSource, manner: _ServeOptions, listening: socket.socket, announce: Callable[[], None]
) -> int:
    async def speak(server_context: ServerContext) -> None:
        from spheresync_server.http.serving import serve_http
        from spheresync_server.mcp_server.server import build_server

        await server_context.startup.wait()
        announce()
        server = build_server(server_context)
        collect_while_serving()
        await serve_http(server, server_context, listening)

    try:
        _serve(source, manner, speak)
    except InterruptedBySignalError as interruption:
        return _exit_code_after(interruption)
    finally:
        listening.close()
    return 0


def _serve(source: SettingsSource, manner: _ServeOptions, speak: Callable[[ServerContext], Awaitable[None]]) -> None:
    from spheresync_server.server_context import ServerContext, ServiceStartup
    from spheresync_server.server_paths import hiding

    startup = ServiceStartup()
    opened: list[Service] = []

    async def open_and_keep(left: anyio.Event) -> None:
        try:
            await keep_open(left)
        except Exception as error:
            if not opened:
                startup.fail(product_error(error, "state"))
                await left.wait()  # until whoever waits has heard of it
            raise

    async def keep_open(left: anyio.Event) -> None:
        await startup.give_way()
        await anyio.to_thread.run_sync(service_access.load_service)
        async with service_access.open_service(source) as service:
            opened.append(service)
            service.background.watch_event_loop()
            service.background.tell_figures()
            if not manner.read_only:
                service.background.look_after_runs()
            if manner.scheduler:
                service.background.keep_schedule()
            startup.complete(service)
            await left.wait()

    async def work() -> None:
        left = anyio.Event()
        shown = lambda: startup.service.settings.redacted()  # noqa: E731, PLW0108 -- of the settings in force then
        caller_of, hide = local_caller(manner.role), hiding(source.places)
        async with isolated_group() as group:
            group.start_soon(open_and_keep, left)
            await speak(ServerContext(startup, caller_of, shown, manner.read_only, hide, manner.toolsets))
            closing.enter_context(exit_unless_closed(0))  # the client has left
            left.set()

    def with_runs(interruption: InterruptedBySignalError) -> InterruptedBySignalError:
        return InterruptedBySignalError(
            interruption.number, runs=[run for service in opened for run in service.driven_runs]
        )

    try:
        with ExitStack() as closing, exporting(os.environ):
            run_until_signalled(work, lambda interruption: _exit_code_after(with_runs(interruption)))
    except InterruptedBySignalError as interruption:
        raise with_runs(interruption) from interruption


def _exit_code_after(interruption: InterruptedBySignalError) -> int:
    """The exit code: SIGTERM is how a supervisor ends a server, Ctrl-C is a person who wants to know what became of it.

    On stderr whatever the options, because stdout may belong to the protocol.
    """
    stopped = interruption.number == signal.SIGTERM
    if interruption.runs or not stopped:
        sys.stderr.write(f"spheresync: {interruption.note.text}\n")
    return 0 if stopped else interruption.exit_code


def _announce(listening: socket.socket, settings: Settings, manner: _ServeOptions) -> None:
    host, port = listening.getsockname()[:2]
    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    may = f"role {manner.role}, read-only" if manner.read_only else f"role {manner.role}"
    if manner.scheduler:
        may += ", scheduler"
    sys.stderr.write(f"Spheresync {__version__} ({settings.env}, {may}): MCP at {base}/mcp, status at {base}/\n")
    sys.stderr.flush()
