"""`spheresync serve`: the MCP server, over stdio or HTTP."""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spheresync import __version__
from spheresync.errors import UsageError
from spheresync_server import opening
from spheresync_server.caller import CallerRole, local_principal, role_from, server_default_role
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.running import InterruptedBySignalError, leave_now, run_until_signalled

if TYPE_CHECKING:
    import socket

    from spheresync.config import Settings, SettingsSource

_PORTS = {"dog": 8000, "wolf": 5000, "bear": 5000}
_LOCAL = "127.0.0.1"


def serve(
    context: typer.Context,
    *,
    transport: Annotated[Literal["stdio", "http"], typer.Option(help="How clients reach it.")] = "stdio",
    host: Annotated[str, typer.Option(metavar="H", help="Loopback address, for http.")] = _LOCAL,
    port: Annotated[
        int | None, typer.Option(metavar="P", min=0, max=65535, help="For http; default 8000 in dog, else 5000.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only tools that change nothing.")] = False,
    scheduler: Annotated[
        bool | None, typer.Option("--scheduler/--no-scheduler", help="Run syncs on schedule (not in this release).")
    ] = None,
) -> int:
    """Serve AI assistants by MCP, over stdio or HTTP."""
    if scheduler:
        raise UsageError(
            "the scheduler comes with a later release.", remedy="Until then run `spheresync sync` from cron."
        )
    address = _loopback(host)
    call = invocation_of(context)
    source = opening.settings_source(call.environment, call.file)
    settings = source.current()
    role = role_from(os.environ, server_default_role(settings.env))
    if transport == "stdio":
        return _over_stdio(source, role, read_only=read_only)

    from spheresync_server.mcp_server.http_serving import bind

    listening = bind(address, _PORTS[settings.env] if port is None else port)
    _announce(listening, settings, role, read_only=read_only)
    return _over_http(source, role, listening, read_only=read_only)


def _loopback(host: str) -> str:
    """The address to bind.

    Raises:
        UsageError: it can be reached from other machines.
    """
    if host == "localhost":
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


def _over_stdio(source: SettingsSource, role: CallerRole, *, read_only: bool) -> int:
    from spheresync_server.mcp_server.desk import Desk
    from spheresync_server.mcp_server.server import build_server

    async def work() -> int:
        async with opening.open_service(source) as service:
            if not read_only:
                service.look_after_runs()
            desk = Desk(service, local_principal(role), role, lambda: source.current().redacted(), read_only)
            await build_server(desk).run_stdio_async()
        return 0

    try:
        return run_until_signalled(work)
    except InterruptedBySignalError:
        leave_now(0)


def _over_http(source: SettingsSource, role: CallerRole, listening: socket.socket, *, read_only: bool) -> int:
    from spheresync_server.mcp_server.desk import Desk
    from spheresync_server.mcp_server.http_serving import serve_http
    from spheresync_server.mcp_server.server import build_server

    async def work() -> int:
        async with opening.open_service(source) as service:
            if not read_only:
                service.look_after_runs()
            desk = Desk(service, local_principal(role), role, lambda: source.current().redacted(), read_only)
            await serve_http(build_server(desk), desk, listening)
        return 0

    try:
        return run_until_signalled(work)
    except InterruptedBySignalError:
        return 0  # a signal is how a server is meant to end
    finally:
        listening.close()


def _announce(listening: socket.socket, settings: Settings, role: CallerRole, *, read_only: bool) -> None:
    host, port = listening.getsockname()[:2]
    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    may = f"role {role}, read-only" if read_only else f"role {role}"
    sys.stderr.write(f"Spheresync {__version__} ({settings.env}, {may}): MCP at {base}/mcp, status at {base}/\n")
    sys.stderr.flush()
