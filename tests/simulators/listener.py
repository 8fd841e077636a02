"""A local HTTP server that keeps what is posted to it: a webhook's receiver, a collector of spans."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Posted:
    """One request."""

    path: str
    content_type: str
    body: bytes
    authorization: str = ""


@dataclass
class Listener:
    """What came so far; `statuses` are answered in order, then 200 for ever. A 3xx leads to `/elsewhere`."""

    port: int = 0
    posts: list[Posted] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener for the length of a block."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            kind, token = self.headers.get("content-type", ""), self.headers.get("authorization", "")
            listener.posts.append(Posted(self.path, kind, body, token))
            status = listener.statuses.pop(0) if listener.statuses else 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", f"{listener.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as the base class has it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
