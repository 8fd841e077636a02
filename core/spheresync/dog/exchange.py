"""One request and one answer of the simulated tenant, free of any server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from spheresync.model import JsonValue

JSON_TYPE = "application/json;odata.metadata=minimal;charset=utf-8"
XML_TYPE = "application/xml"
HTML_TYPE = "text/html; charset=utf-8"

_LOGIN_PAGE = b"""<!DOCTYPE html>
<html><head><title>SAP Datasphere</title><meta name="viewport" content="width=device-width"></head>
<body><form id="logOnForm" action="/login/callback"><p>Log On</p></form>
<p>Redirecting to the identity provider. JavaScript must be enabled.</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came over the wire.

    `path` is percent-encoded and `query` raw, without `?`; header names are lower case; `origin` is scheme and host.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = "http://127.0.0.1"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. With `cut`, the server announces the whole body, sends half of it and closes the connection."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False


def json_response(document: JsonValue, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A JSON answer with the type and the version header of an OData service."""
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")  # half a character, as JSON can
    return Response(status, JSON_TYPE, body, (("OData-Version", "4.0"), *headers))


def odata_error(status: int, message: str, *, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """An OData v4 error body (datasphere-api.md 2.4)."""
    return json_response({"error": {"code": str(status), "message": message}}, status=status, headers=headers)


def api_error(status: int, code: str, message: str) -> Response:
    """An error of the design-time API: JSON, not of OData."""
    body = json.dumps({"code": code, "message": message}, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(status, "application/json; charset=utf-8", body)


def oauth_error(status: int, error: str, description: str) -> Response:
    """An error of XSUAA (datasphere-api.md 1.4)."""
    body = json.dumps({"error": error, "error_description": description}).encode()
    return Response(status, "application/json", body)


def login_page() -> Response:
    """What an unknown path answers: 200 with the HTML of a sign-in page (datasphere-api.md 1.4)."""
    return Response(200, HTML_TYPE, _LOGIN_PAGE)
