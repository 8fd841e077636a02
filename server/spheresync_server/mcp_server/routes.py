"""What operators ask over HTTP beside MCP: is it alive, is it ready, how is it doing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mcp.server.mcpserver import MCPServer
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from spheresync.errors import SpheresyncError
from spheresync_server.failure import note_of
from spheresync_server.mcp_server import status_page
from spheresync_server.mcp_server.desk import Desk
from spheresync_server.mcp_server.figures import exposition
from spheresync_server.untrusted import clean_line

_NEWEST_RUNS = 200
_SHOWN_RUNS = 20

_Answer = Callable[[], Awaitable[Response]]


def add_routes(server: MCPServer[Desk], desk: Desk) -> None:
    """Register the routes of CONTRACT.md."""
    service = desk.service

    def route(path: str, answer: _Answer) -> None:
        async def handle(_: Request) -> Response:
            try:
                return await answer()
            except SpheresyncError as error:
                return PlainTextResponse(note_of(error).text, 503)

        server.custom_route(path, methods=["GET"])(handle)

    async def alive() -> Response:
        return JSONResponse({"alive": True})

    async def ready() -> Response:
        try:
            status = await service.sync_status()
        except SpheresyncError as error:
            return JSONResponse({"ready": False, "problems": [note_of(error).text]}, 503)
        problems = [clean_line(f"{problem.subject}: {problem.message}") for problem in status.problems]
        return JSONResponse({"ready": True, "health": status.health, "problems": problems})

    async def metrics() -> Response:
        text = exposition(await service.sync_status(), await service.list_runs(limit=_NEWEST_RUNS))
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    async def page() -> Response:
        runs = await service.list_runs(limit=_SHOWN_RUNS)
        return HTMLResponse(status_page.render(await service.sync_status(), runs.items), headers=status_page.HEADERS)

    route("/healthz", alive)
    route("/readyz", ready)
    route("/metrics", metrics)
    route("/", page)
