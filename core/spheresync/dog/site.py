"""What a tenant answers: one function from request to response, used by the ASGI app and by the test server alike."""

from __future__ import annotations

import gzip
from dataclasses import replace
from urllib.parse import quote, unquote

from spheresync.dog.authorization import PersonsGrants
from spheresync.dog.design_api import answer_design, asked_form
from spheresync.dog.edmx_writer import Surface, entity_set_name, write_catalog_edmx, write_edmx
from spheresync.dog.exchange import (
    HTML_TYPE,
    XML_TYPE,
    Request,
    Response,
    json_response,
    login_page,
    oauth_error,
    odata_error,
)
from spheresync.dog.faults import Faults
from spheresync.dog.listing import Page, QueryRefusedError, Record, next_query, page_of, parse_query
from spheresync.dog.objects import DogObject, DogSpace, Landscape
from spheresync.dog.routes import CONSUMPTION_PATH, DESIGN_KINDS, LEGACY_CONSUMPTION_PATH, Route, route_of
from spheresync.dog.sign_in import SignIn
from spheresync.dog.store import TenantContent
from spheresync.dog.traffic import RequestKind, Traffic
from spheresync.model import JsonValue

DEFAULT_PAGE_SIZE = 500
_METADATA = frozenset({RequestKind.CATALOG_METADATA, RequestKind.RELATIONAL_METADATA, RequestKind.ANALYTICAL_METADATA})
_NO_TOKEN = "An Authentication object was not found in the SecurityContext"  # noqa: S105  # SAP KBA 3318090


class TenantSite:
    """A tenant's whole HTTP behaviour over some content. Not thread-safe: one event loop asks it.

    `faults` may be replaced at any time; `traffic` tells what was asked.
    """

    def __init__(
        self, content: TenantContent, *, sign_in: SignIn | None = None, page_size: int = DEFAULT_PAGE_SIZE
    ) -> None:
        self.content = content
        self.sign_in = sign_in or SignIn()
        self.page_size = page_size
        self.faults = Faults()
        self.traffic = Traffic()
        self._persons = PersonsGrants()
        self._memo: dict[tuple[str, str, str, str], Response] = {}
        self._memo_for: tuple[Landscape, Faults] | None = None

    def respond(self, request: Request) -> Response:
        """Answer a request, with the faults that are set, and record it."""
        route = route_of(request.path)
        response = self._gate(route, request) or self._remembered(route, request)
        response = self._spoil(response, request)
        self.traffic.record(route.kind, request.path, response.status)
        return response

    def prerender(self, origin: str) -> None:
        """Render every `$metadata` document now, so that asking for it costs nothing later."""
        for space in self.content.landscape().spaces:
            for item in space.objects:
                for surface in Surface:
                    if item.relational if surface is Surface.RELATIONAL else item.answers_analytical:
                        request = Request("GET", _asset_path(surface, space, item) + "/$metadata", origin=origin)
                        self._remembered(route_of(request.path), request)

    def _gate(self, route: Route, request: Request) -> Response | None:
        if route.kind is RequestKind.TOKEN:
            if self.faults.token_outage:
                return Response(503, HTML_TYPE, b"<html><body>Service Unavailable</body></html>")
            if self.faults.token_page:
                return login_page()
            return self.sign_in.grant(request, faults=self.faults, persons=self._persons)
        if route.kind is RequestKind.AUTHORIZE:
            return self._persons.authorize(request, denied=self.faults.sign_in_denied)
        return self._outage(route, request) or self._unauthorised(request) or self._misasked(route, request)

    def _outage(self, route: Route, request: Request) -> Response | None:
        faults = self.faults
        if faults.throttle_next > 0:
            self.faults = replace(faults, throttle_next=faults.throttle_next - 1)
            return odata_error(429, "Too Many Requests", headers=(("Retry-After", str(faults.retry_after)),))
        if faults.html_matching and faults.html_matching in unquote(request.path):
            return login_page()
        if faults.html_outage or route.kind is RequestKind.UNKNOWN or (faults.legacy_only and not route.legacy):
            return login_page()
        if faults.error_storm:
            return odata_error(500, "Internal Server Error")
        if faults.failing_matching and faults.failing_matching in unquote(request.path):
            return odata_error(faults.failing_status, "Injected failure")
        return None

    def _unauthorised(self, request: Request) -> Response | None:
        faults = self.faults
        if faults.revoke_next > 0:
            self.faults = replace(faults, revoke_next=faults.revoke_next - 1)
        elif self.sign_in.accepts(request.headers, least=faults.revoked_tokens):
            return None
        return oauth_error(401, "unauthorized", _NO_TOKEN)

    @staticmethod
    def _misasked(route: Route, request: Request) -> Response | None:
        if request.method != "GET":
            return odata_error(405, f"Method {request.method} not allowed", headers=(("Allow", "GET"),))
        if "+" in request.query and route.kind not in DESIGN_KINDS:
            return odata_error(400, "Invalid query string: unescaped '+'")
        if route.kind in _METADATA and not _takes_xml(request):
            return odata_error(406, "Not Acceptable: $metadata is served as application/xml")
        return None

    def _remembered(self, route: Route, request: Request) -> Response:
        present = (self.content.landscape(), self.faults)
        if self._memo_for is None or self._memo_for[0] is not present[0] or self._memo_for[1] is not present[1]:
            self._memo.clear()
            self._memo_for = present
        form = asked_form(request) if route.kind is RequestKind.OBJECT else ""
        key = (request.origin, request.path, request.query, form)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = (
                answer_design(route, request, *present)
                if route.kind in DESIGN_KINDS
                else self._answer(route, request, present[0])
            )
        return found

    def _spoil(self, response: Response, request: Request) -> Response:
        faults = self.faults
        path = unquote(request.path)
        if faults.wrong_shape_matching and faults.wrong_shape_matching in path and response.status == 200:
            odd = b'<feed xmlns="http://www.w3.org/2005/Atom"/>' if XML_TYPE in response.content_type else b'{"d":{}}'
            response = replace(response, body=odd)
        if faults.gzip and "gzip" in request.headers.get("accept-encoding", ""):
            packed = gzip.compress(response.body, compresslevel=1, mtime=0)
            response = replace(response, body=packed, headers=(*response.headers, ("Content-Encoding", "gzip")))
        if faults.truncated_matching and faults.truncated_matching in path:
            response = replace(response, cut=True)
        return response

    def _answer(self, route: Route, request: Request, landscape: Landscape) -> Response:
        kind = route.kind
        if kind is RequestKind.CATALOG_METADATA:
            return Response(200, XML_TYPE, write_catalog_edmx())
        if kind is RequestKind.SERVICE and not route.space:
            return _service_document("spaces", "assets")
        if kind is RequestKind.SPACES:
            visible = [space for space in landscape.spaces if space.name not in self.faults.hidden_spaces]
            return self._listing("spaces", request, [_space_record(space) for space in visible])
        if kind is RequestKind.ASSETS:
            return self._all_assets(route, request, landscape)
        space = landscape.find(route.space)
        if space is None or space.name in self.faults.hidden_spaces | self.faults.denied_spaces:
            return odata_error(403, f"Forbidden: no access to space {route.space}")
        return self._of_space(route, request, space)

    def _of_space(self, route: Route, request: Request, space: DogSpace) -> Response:
        if route.kind is RequestKind.SPACE:
            return json_response({"@odata.context": "$metadata#spaces/$entity", **_space_record(space)})
        if route.kind is RequestKind.SPACE_ASSETS:
            if space.name in self.faults.unavailable_spaces:
                return odata_error(503, "Service Unavailable")
            return self._listing("assets", request, self._asset_records(route, request, space))
        item = space.find(route.asset)
        if item is None or not item.listed or (self.faults.vanish and item not in self._listed(space)):
            return _not_exposed(space, route.asset)
        if route.kind is RequestKind.ASSET:
            record = _asset_record(route, request, space, item)
            return json_response({"@odata.context": "$metadata#assets/$entity", **record})
        return _consumption(route, request, space, item)

    def _all_assets(self, route: Route, request: Request, landscape: Landscape) -> Response:
        faults = self.faults
        if faults.unavailable_spaces:
            return odata_error(503, "Service Unavailable")
        closed = faults.hidden_spaces | faults.denied_spaces
        records = [
            record
            for space in landscape.spaces
            if space.name not in closed
            for record in self._asset_records(route, request, space)
        ]
        return self._listing("assets", request, records)

    def _asset_records(self, route: Route, request: Request, space: DogSpace) -> list[Record]:
        return [_asset_record(route, request, space, item) for item in self._listed(space)]

    def _listed(self, space: DogSpace) -> list[DogObject]:
        return self.faults.present([item for item in space.objects if item.listed], space.name)

    def _listing(self, name: str, request: Request, records: list[Record]) -> Response:
        try:
            page = page_of(records, parse_query(request.query), page_size=self.page_size)
        except QueryRefusedError as error:
            return odata_error(400, str(error))
        if name == "assets" and self.faults.failing_page == page.number:
            return odata_error(500, "Internal Server Error")
        base = request.path.partition("/spaces")[0].partition("/assets")[0]
        document: Record = {"@odata.context": f"{request.origin}{base}/$metadata#{name}"}
        document["value"] = list(page.records)
        link = self._next_link(request, page)
        if link is not None:
            document["@odata.nextLink"] = link
        return json_response(document)

    def _next_link(self, request: Request, page: Page) -> str | None:
        if self.faults.paging_loop:
            query = f"?{request.query}" if request.query else ""
            return f"{request.origin}{request.path}{query}"
        if page.next_offset is None:
            return None
        query = next_query(request.query, page.next_offset)
        if self.faults.foreign_next_link:
            return f"https://elsewhere.invalid{request.path}?{query}"
        if self.faults.relative_links:
            return f"{request.path.rpartition('/')[2]}?{query}"
        return f"{request.origin}{request.path}?{query}"


def _consumption(route: Route, request: Request, space: DogSpace, item: DogObject) -> Response:
    surface = route.surface or Surface.RELATIONAL
    if surface is Surface.ANALYTICAL and not item.answers_analytical:
        return odata_error(400, f"Asset {item.name} does not support analytical queries")
    if surface is Surface.RELATIONAL and not item.relational:
        return _not_exposed(space, item.name)
    entity = entity_set_name(item.name)
    if route.kind is RequestKind.DATA:
        return json_response({"@odata.context": f"$metadata#{entity}", "value": []})
    if route.kind is not RequestKind.SERVICE:
        return Response(200, XML_TYPE, write_edmx(item, surface), (("OData-Version", "4.0"),))
    if request.query:
        option = unquote(request.query.partition("=")[0])
        return odata_error(400, f"Query option '{option}' is not supported")
    return _service_document(entity)


def _service_document(*names: str) -> Response:
    entries: list[JsonValue] = [{"name": name, "kind": "EntitySet", "url": name} for name in names]
    return json_response({"@odata.context": "$metadata", "value": entries})


def _not_exposed(space: DogSpace, name: str) -> Response:
    return odata_error(404, f"Asset {name} does not exist or is not exposed in space {space.name}")


def _takes_xml(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return not accept or any(word in accept for word in ("xml", "*/*", "application/*"))


def _space_record(space: DogSpace) -> Record:
    return {"name": space.name, "label": space.label}


def _asset_path(surface: Surface, space: DogSpace, item: DogObject, *, legacy: bool = False) -> str:
    base = LEGACY_CONSUMPTION_PATH if legacy else CONSUMPTION_PATH
    names = "/".join(quote(name, safe="", errors="surrogatepass") for name in (space.name, item.name))
    return f"{base}/{surface.value}/{names}"


def _asset_record(route: Route, request: Request, space: DogSpace, item: DogObject) -> Record:
    relational = f"{request.origin}{_asset_path(Surface.RELATIONAL, space, item, legacy=route.legacy)}/"
    analytical = f"{request.origin}{_asset_path(Surface.ANALYTICAL, space, item, legacy=route.legacy)}/"
    return {
        "name": item.name,
        "label": item.label,
        "spaceName": space.name,
        "assetRelationalMetadataUrl": f"{relational}$metadata" if item.relational else None,
        "assetRelationalDataUrl": relational if item.relational else None,
        "assetAnalyticalMetadataUrl": f"{analytical}$metadata" if item.answers_analytical else None,
        "assetAnalyticalDataUrl": analytical if item.answers_analytical else None,
        "supportsAnalyticalQueries": item.answers_analytical,
        "hasParameters": bool(item.parameters),
    }
