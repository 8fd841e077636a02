"""The design-time object API: discovery, lists, single objects, the content of a space (datasphere-api.md 4.1 to 4.3).

As on the real one: `top` and `skip` without `$`, a bare array without a count or a cursor, and CSN only for who asks
for it by its media type.
"""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import unquote_plus

from spheresync.dog.csn_writer import json_bytes, modeling_pattern, space_content, write_csn
from spheresync.dog.exchange import Request, Response, api_error
from spheresync.dog.faults import Faults
from spheresync.dog.objects import DogObject, DogSpace, Landscape
from spheresync.dog.routes import DESIGN_PATH, TYPE_SEGMENTS, Route
from spheresync.dog.traffic import RequestKind
from spheresync.model import AssetKind, JsonValue

_VENDOR = "application/vnd.sap.datasphere.object.content"
RUN_TIME, DESIGN_TIME = f"{_VENDOR}.run-time+json", f"{_VENDOR}.design-time+json"
_CSN_FORMS = (RUN_TIME, DESIGN_TIME, f"{_VENDOR}.simplified+json", f"{_VENDOR}+json")
_JSON = "application/json; charset=utf-8"
_ETAG = "x-sap-cli-core-discovery-etag"
_DEFAULT_TOP = 25
_MOST_TOP = 200
_FILTER = re.compile(r"\s*(\w+)\s+(eq|ne)\s+(?:'([^']*)'|(.+?))\s*")


class _RefusedError(Exception):
    """Raised inside the simulator when an option is one that a listing answers with 400."""


def asked_form(request: Request) -> str:
    """The media type of CSN that a request takes; empty where it takes none."""
    accept = request.headers.get("accept", "").lower()
    return next((form for form in _CSN_FORMS if form in accept), "")


def answer_design(route: Route, request: Request, landscape: Landscape, faults: Faults) -> Response:
    """Answer a request of the design-time API."""
    options = _options(request.query)
    absent = _absent(route, faults)
    if absent:
        return api_error(404, "notFound", f"{absent} does not exist on this tenant.")
    if route.kind is RequestKind.DISCOVERY:
        return _discovery(faults)
    name = options.get("space", "") if route.kind is RequestKind.CONTENT else route.space
    space = landscape.find(name)
    if space is None or space.name in faults.hidden_spaces | faults.denied_spaces:
        return api_error(403, "forbidden", f"You are not a member of the space {name}.")
    if route.kind is RequestKind.OBJECT:
        return _object(route, request, space, landscape, faults)
    if space.name in faults.unavailable_spaces:
        return api_error(503, "serviceUnavailable", "Service Unavailable")
    content = route.kind is RequestKind.CONTENT
    return _content(options, space, landscape, faults) if content else _listing(route, options, space, faults)


def _absent(route: Route, faults: Faults) -> str:
    """What of the API this tenant does not have, where it is asked for that."""
    segment = TYPE_SEGMENTS[route.type] if route.type is not None else ""
    if segment in faults.absent_types:
        return f"The type {segment}"
    if route.kind is RequestKind.DISCOVERY and faults.no_discovery:
        return "A discovery document"
    return "The content of spaces" if route.kind is RequestKind.CONTENT and faults.no_content else ""


def _present(space: DogSpace, faults: Faults) -> list[DogObject]:
    if not faults.vanish:
        return list(space.objects)
    kept = faults.present([item for item in space.objects if item.listed], space.name)
    kept += faults.present([item for item in space.objects if not item.listed], space.name)
    names = {item.name for item in kept}
    return [item for item in space.objects if item.name in names]


def _listing(route: Route, options: dict[str, str], space: DogSpace, faults: Faults) -> Response:
    try:
        return _page(route, options, space, faults)
    except _RefusedError as error:
        return api_error(400, "badRequest", str(error))


def _page(route: Route, options: dict[str, str], space: DogSpace, faults: Faults) -> Response:
    top = min(_number(options, "top", _DEFAULT_TOP), _MOST_TOP)
    skip = 0 if faults.skip_ignored else _number(options, "skip", 0)
    if top and faults.failing_page == skip // top + 1:
        return api_error(500, "internalServerError", "Internal Server Error")
    items = [item for item in _present(space, faults) if item.kind is route.type]
    if "technicalNames" in options:
        wanted = set(options["technicalNames"].split(","))
        items = [item for item in items if item.name in wanted]
    if "filter" in options:
        items = _filtered(items, options["filter"])
    selected = {name.strip() for name in options.get("select", "technicalName").split(",")}
    if unknown := sorted(selected - set(_SELECTABLE)):
        raise _RefusedError(f"The property {unknown[0]} cannot be selected.")
    page: list[JsonValue] = [
        {name: said for name, said in _row(item).items() if name in selected} for item in items[skip : skip + top]
    ]
    return Response(200, _JSON, json_bytes(page))


_SELECTABLE = ("technicalName", "businessName", "semanticUsage", "status", "type")


def _row(item: DogObject) -> dict[str, str]:
    return {
        "technicalName": item.name,
        "businessName": item.label,
        "semanticUsage": modeling_pattern(item),
        "status": "Deployed" if item.design.deployed else "Not Deployed",
        "type": TYPE_SEGMENTS[item.kind],
    }


def _filtered(items: list[DogObject], text: str) -> list[DogObject]:
    match = _FILTER.fullmatch(text)
    if match is None or match[1] not in _SELECTABLE:
        raise _RefusedError(f"The filter {text} is not supported.")
    value = match[4] if match[3] is None else match[3]
    return [item for item in items if (_row(item)[match[1]] == value) is (match[2] == "eq")]


def _object(route: Route, request: Request, space: DogSpace, landscape: Landscape, faults: Faults) -> Response:
    item = space.find(route.asset)
    if item is None or item.kind is not route.type or (faults.vanish and item not in _present(space, faults)):
        return api_error(404, "notFound", f"The object {route.asset} could not be found in the space {space.name}.")
    form = asked_form(request)
    if not form:
        row = _row(item)
        return Response(200, _JSON, json_bytes({name: row[name] for name in ("technicalName", "businessName", "type")}))
    if form == RUN_TIME and not item.design.deployed:
        return api_error(404, "notFound", f"The object {item.name} has no run-time version; it is not deployed.")
    return Response(200, form, write_csn(item, space, landscape))


def _content(options: dict[str, str], space: DogSpace, landscape: Landscape, faults: Faults) -> Response:
    document: dict[str, JsonValue] = {"spaceDefinition": {"version": "1.0.4", "label": space.label}}
    asked = options.get("definitions", "false")
    if asked != "false":
        names = None if asked == "true" else set(asked.split(","))
        kept = [
            item for item in _present(space, faults) if item.design.deployed and (names is None or item.name in names)
        ]
        document |= space_content(space, landscape, kept)
    return Response(200, _JSON, json_bytes({space.name: document}))


def _options(query: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}


def _number(options: dict[str, str], name: str, default: int) -> int:
    text = options.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise _RefusedError(f"The value {text} of {name} is not a number.")
    return int(text)


def _discovery(faults: Faults) -> Response:
    segments = [(kind, segment) for kind, segment in TYPE_SEGMENTS.items() if segment not in faults.absent_types]
    paths: dict[str, JsonValue] = {f"{DESIGN_PATH}/discovery": _get("config discovery read")}
    if not faults.no_content:
        paths[f"{DESIGN_PATH}/content"] = _get("spaces read", "space", "definitions")
    for kind, segment in segments:
        words = f"objects {_command(kind)}"
        base = f"{DESIGN_PATH}/spaces/{{spaceId}}/{segment}"
        paths[base] = _get(f"{words} list", "select", "filter", "top", "skip", "technicalNames")
        paths[f"{base}/{{technicalName}}"] = _get(f"{words} read")
    document: JsonValue = {
        "openapi": "3.0.3",
        "info": {"title": "SAP Datasphere", "version": "2026.19.0", "x-document-version": "2.0.0"},
        "tags": [{"name": "objects"}, {"name": "spaces"}],
        "paths": paths,
        "components": {"schemas": {}},
    }
    body = json_bytes(document)
    etag = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return Response(200, _JSON, body, ((_ETAG, etag),))


def _command(kind: AssetKind) -> str:
    return f"{kind.value.replace('_', '-')}s"


def _get(operation: str, *options: str) -> JsonValue:
    parameters: list[JsonValue] = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in options]
    return {"get": {"operationId": operation, "parameters": parameters, "responses": {"200": {"description": "OK"}}}}
