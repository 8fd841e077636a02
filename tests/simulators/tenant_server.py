"""A Datasphere tenant over real HTTP, in a process of its own.

    python -m tests.simulators.tenant_server --port 0 --spaces 5 --assets 1000 --columns 20

prints one JSON line `{"port", "base_url", "token_url", "client_id", "client_secret"}` once it serves. It answers what
`spheresync.dog.site` answers, from memory, over a small HTTP/1.1 keep-alive protocol, so that asking costs next to
nothing. Besides:

    POST /admin       {"edits": [{"op": ...}], "reset_faults": true, "faults": {}, "page_size": 5, "clear_stats": true,
                       "listings": "a name of tests.simulators.odd_listings",
                       "hostile_matching": "part of the path of definitions that take seconds to read"}
    GET  /admin/stats {"total", "counts", "peak", "under_way", "hits": [[at, kind, path, status], ...], "bytes_sent",
                       "faults"}

Every member of the POST is optional; they are applied in that order, all edits or none.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from spheresync.dog.exchange import Request, Response
from spheresync.dog.faults import Faults
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.objects import Landscape, landscape_from_json
from spheresync.dog.routes import TOKEN_PATH
from spheresync.dog.sign_in import SignIn
from spheresync.dog.site import DEFAULT_PAGE_SIZE, TenantSite
from spheresync.errors import UsageError
from spheresync.model import JsonValue
from tests.simulators.edits_from_json import edit_from_json
from tests.simulators.generated import generated_landscape, hostile_definition
from tests.simulators.memory_content import MemoryContent
from tests.simulators.odd_listings import SHAPES, as_served

_REASONS = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many",
}
_MAX_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Head:
    method: str
    path: str
    query: str
    headers: dict[str, str]


class ServedSite(TenantSite):
    """A tenant whose listings may be spelled or broken as other servers' are."""

    listings = ""
    hostile_matching = ""

    def respond(self, request: Request) -> Response:
        response = super().respond(request)
        if self.hostile_matching and self.hostile_matching in request.path and request.path.endswith("/$metadata"):
            return replace(response, body=hostile_definition())
        return response


class TenantProtocol(asyncio.Protocol):
    """One keep-alive connection; requests on it are answered in order."""

    def __init__(self, site: ServedSite) -> None:
        self._site = site
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._cache: tuple[bytes, _Head] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
            self._site.traffic.ended()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def _serve(self) -> None:
        while self._waiting is None and self._transport is not None:
            request = self._next_request()
            if request is None:
                return
            if request.path.startswith("/admin"):
                self._write(administer(self._site, request))
                continue
            self._site.traffic.began()
            if self._site.faults.latency_ms:
                delay = self._site.faults.latency_ms / 1000
                self._waiting = asyncio.get_running_loop().call_later(delay, self._answer_late, request)
                return
            self._answer(request)

    def _answer_late(self, request: Request) -> None:
        self._waiting = None
        self._answer(request)
        self._serve()

    def _answer(self, request: Request) -> None:
        try:
            response = as_served(self._site.listings, request, self._site.respond(request))
            self._site.traffic.sent(self._write(response))
        finally:
            self._site.traffic.ended()

    def _next_request(self) -> Request | None:
        raw, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            if len(self._buffer) > _MAX_HEAD and self._transport is not None:
                self._transport.abort()
            return None
        head = _head(raw)
        length = int(head.headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        origin = f"http://{head.headers.get('host', '127.0.0.1')}"
        return Request(head.method, head.path, head.query, head.headers, rest[:length], origin)

    def _write(self, response: Response) -> int:
        """Send it; answers how many bytes of its body."""
        if self._transport is None:
            return 0
        body = response.body[: len(response.body) // 2] if response.cut else response.body
        extra = "".join(f"{name}: {value}\r\n" for name, value in response.headers)
        reason = _REASONS.get(response.status, "Error")
        head = (
            f"HTTP/1.1 {response.status} {reason}\r\nContent-Type: {response.content_type}\r\n"
            f"Content-Length: {len(response.body)}\r\n{extra}\r\n"
        )
        self._transport.write(head.encode("latin-1") + body)
        if response.cut:
            self._transport.close()
        return len(body)


def _head(raw: bytes) -> _Head:
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    path, _, query = target.partition("?")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return _Head(method, path, query, headers)


def administer(site: ServedSite, request: Request) -> Response:
    """Answer a request under `/admin`."""
    try:
        document = _stats(site) if request.method == "GET" else _apply(site, json.loads(request.body or b"{}"))
        status = 200
    except (UsageError, ValueError) as error:
        document, status = {"error": str(error)}, 400
    return Response(status, "application/json", json.dumps(document, ensure_ascii=False).encode())


def _stats(site: TenantSite) -> dict[str, JsonValue]:
    traffic = site.traffic
    hits: list[JsonValue] = [[hit.at, hit.kind.value, hit.path, hit.status] for hit in traffic.hits]
    counts: dict[str, JsonValue] = dict(traffic.counts())
    return {
        "total": len(hits),
        "counts": counts,
        "peak": traffic.peak,
        "under_way": traffic.under_way,
        "hits": hits,
        "bytes_sent": traffic.bytes_sent,
        "faults": site.faults.to_json(),
    }


def _apply(site: ServedSite, document: JsonValue) -> dict[str, JsonValue]:
    known = {"edits", "reset_faults", "faults", "page_size", "clear_stats", "listings", "hostile_matching"}
    if not isinstance(document, dict) or not set(document) <= known:
        raise UsageError(f"An admin request is a JSON object with {', '.join(sorted(known))}.")
    edits, faults, page_size = document.get("edits", []), document.get("faults", {}), document.get("page_size")
    if not isinstance(edits, list) or not isinstance(faults, dict):
        raise UsageError("'edits' is a list and 'faults' an object.")
    start = Faults() if document.get("reset_faults") is True else site.faults
    changed = start.changed(faults)
    listings = document.get("listings", site.listings)
    if listings != "" and listings not in SHAPES:
        raise UsageError(f"Known listings are {', '.join(sorted(SHAPES))}.")
    site.content.edit(*map(edit_from_json, edits))
    site.faults, site.listings = changed, str(listings)
    site.hostile_matching = str(document.get("hostile_matching", site.hostile_matching))
    if isinstance(page_size, int):
        site.page_size = page_size
        site.faults = replace(site.faults)  # another value, so that pages are rendered again
    if document.get("clear_stats") is True:
        site.traffic.clear()
    return {"ok": True}


async def serve(site: ServedSite, port: int, *, prerender: bool, until_stdin_closes: bool) -> None:
    """Serve `site` on loopback until cancelled, or until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: TenantProtocol(site), "127.0.0.1", port)
    bound = server.sockets[0].getsockname()[1]
    base_url = f"http://127.0.0.1:{bound}"
    if prerender:
        site.prerender(base_url)
    announced = {
        "port": bound,
        "base_url": base_url,
        "token_url": base_url + TOKEN_PATH,
        "client_id": site.sign_in.client_id,
        "client_secret": site.sign_in.client_secret,
    }
    sys.stdout.write(json.dumps(announced) + "\n")
    sys.stdout.flush()
    async with server:
        if until_stdin_closes:
            reader = asyncio.StreamReader()
            await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
            await reader.read()
        else:
            await server.serve_forever()


def _landscape(options: argparse.Namespace) -> Landscape:
    if options.landscape == "retailer":
        return retailer_landscape()
    if options.landscape:
        return landscape_from_json(json.loads(Path(options.landscape).read_text(encoding="utf-8")))
    return generated_landscape(
        spaces=options.spaces, assets=options.assets, columns=options.columns, models=options.models
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the server from the command line."""
    parser = argparse.ArgumentParser(description="A simulated SAP Datasphere tenant over HTTP.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--landscape", default="", help="a landscape's JSON file, or 'retailer'; else it is generated")
    parser.add_argument("--spaces", type=int, default=1)
    parser.add_argument("--assets", type=int, default=10, help="in each space")
    parser.add_argument("--columns", type=int, default=20, help="in each asset")
    parser.add_argument("--models", type=int, default=10, help="every so many assets is an analytic model; 0: none")
    parser.add_argument("--page-size", type=int, default=DEFAULT_PAGE_SIZE)
    parser.add_argument("--token-seconds", type=int, default=3600)
    parser.add_argument("--faults", default="{}", help="JSON object of faults to begin with")
    parser.add_argument("--no-prerender", action="store_true", help="render documents when they are first asked for")
    parser.add_argument("--until-stdin-closes", action="store_true")
    options = parser.parse_args(arguments)
    site = ServedSite(
        MemoryContent(_landscape(options)),
        sign_in=SignIn(token_seconds=options.token_seconds),
        page_size=options.page_size,
    )
    site.faults = Faults().changed(json.loads(options.faults))
    try:
        asyncio.run(
            serve(
                site,
                options.port,
                prerender=not options.no_prerender,
                until_stdin_closes=options.until_stdin_closes,
            )
        )
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
