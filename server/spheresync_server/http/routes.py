"""What operators ask over HTTP beside MCP: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mcp.server.mcpserver import MCPServer
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from spheresync.answers import Vitals
from spheresync.observe.incidents import product_error
from spheresync_server.caller import acting_for
from spheresync_server.dashboard import status_page
from spheresync_server.failure import note_of
from spheresync_server.http.metrics import CONTENT_TYPE, exposition
from spheresync_server.server_context import ServerContext
from spheresync_server.server_paths import Hide
from spheresync_server.untrusted import clean_line

_SHOWN_RUNS = 20

_Answer = Callable[[], Awaitable[Response]]


def add_routes(server: MCPServer[ServerContext], server_context: ServerContext) -> None:
    """Register the routes of CONTRACT.md."""
    service = server_context.service

    def route(path: str, answer: _Answer) -> None:
        async def handle(request: Request) -> Response:
            try:
                with acting_for(server_context.caller_of(request)):
                    return await answer()
            except Exception as error:  # noqa: BLE001 -- isolates this request
                return PlainTextResponse(server_context.hide(note_of(product_error(error, path)).text), 503)

        server.custom_route(path, methods=["GET"])(handle)

    async def alive() -> Response:
        return _told("alive", service.health.alive(server_context.principal), server_context.hide)

    async def ready() -> Response:
        try:
            return _told("ready", await service.health.ready(server_context.principal), server_context.hide)
        except Exception as error:  # noqa: BLE001 -- a process that cannot tell is not ready
            problem = server_context.hide(note_of(product_error(error, "readiness")).text)
            return JSONResponse({"ready": False, "checks": {}, "problems": [problem]}, 503)

    async def metrics() -> Response:
        return Response(
            exposition(await service.health.figures(server_context.principal)), headers={"content-type": CONTENT_TYPE}
        )

    async def page() -> Response:
        runs = await service.runs.list_runs(server_context.principal, limit=_SHOWN_RUNS)
        shown = status_page.render(await service.health.sync_status(server_context.principal), runs.items)
        return HTMLResponse(server_context.hide(shown), headers=status_page.HEADERS)

    route("/healthz", alive)
    route("/readyz", ready)
    route("/metrics", metrics)
    route("/", page)


def _told(word: str, vitals: Vitals, hide: Hide) -> Response:
    """200 or 503, with the reason of each check; supervisors log the body."""
    checks = {
        check.name: {"ok": check.ok, "reason": clean_line(hide(check.reason), longest=500)} for check in vitals.checks
    }
    problems = [f"{name}: {check['reason']}" for name, check in checks.items() if not check["ok"]]
    return JSONResponse({word: vitals.ok, "checks": checks, "problems": problems}, 200 if vitals.ok else 503)
