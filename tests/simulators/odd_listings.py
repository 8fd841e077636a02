"""Listings as other servers spell or break them: each takes the answer of the simulated tenant to an asset listing.

Chosen by `POST /admin {"listings": NAME}`; "" serves them as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from spheresync.dog.exchange import Request, Response

Shape = Callable[[Request, dict[str, Any]], "dict[str, Any] | bytes"]

_NEXT = "@odata.nextLink"


def as_served(shape: str, request: Request, response: Response) -> Response:
    """The answer in that shape, if it is a listing of a space's assets."""
    if not shape or response.status != 200 or not request.path.endswith("/assets"):
        return response
    changed = SHAPES[shape](request, json.loads(response.body))
    return replace(response, body=changed if isinstance(changed, bytes) else json.dumps(changed).encode())


def _spelled(name: str) -> Shape:
    def shape(_: Request, document: dict[str, Any]) -> dict[str, Any]:
        link = document.pop(_NEXT, None)
        return document if link is None else {**document, name: link}

    return shape


def _nested(_: Request, document: dict[str, Any]) -> dict[str, Any]:
    link = document.pop(_NEXT, None)
    return {**document, "d": {"__next": link}}


def _linked(make: Callable[[str, str], tuple[str, str]]) -> Shape:
    """With a context URL and a next link that `make` gives for the path below the catalog and the query."""

    def shape(request: Request, document: dict[str, Any]) -> dict[str, Any]:
        if _NEXT not in document:
            return document
        below, query = request.path.partition("/catalog/")[2], document[_NEXT].partition("?")[2]
        context, link = make(below, query)
        return {**document, "@odata.context": context, _NEXT: link}

    return shape


def _without_link(_: Request, document: dict[str, Any]) -> dict[str, Any]:
    document.pop(_NEXT, None)
    return document


def _counted(count: object) -> Shape:
    def shape(request: Request, document: dict[str, Any]) -> dict[str, Any]:
        first = "$skiptoken" not in request.query
        return {**_without_link(request, document), **({"@count": count} if first else {})}

    return shape


def _value_twice(_: Request, document: dict[str, Any]) -> bytes:
    return json.dumps(document)[:-1].encode() + b', "value": []}'


def _link_twice(_: Request, document: dict[str, Any]) -> bytes:
    return json.dumps(document)[:-1].encode() + b', "@odata.nextLink": null, "@odata.nextLink": null}'


def _first_row_spoiled(_: Request, document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "value": [{**document["value"][0], "name": None}, *document["value"][1:]]}


def _first_row_disputed(_: Request, document: dict[str, Any]) -> dict[str, Any]:
    first, *others = document["value"]
    other = {**first, "label": "Another", "assetRelationalMetadataUrl": None}
    return {**document, "value": [other, first, *others]}


def _with(**members: object) -> Shape:
    def shape(_: Request, document: dict[str, Any]) -> dict[str, Any]:
        return {**document, **members}

    return shape


def _junk(request: Request, document: dict[str, Any]) -> bytes:
    return json.dumps(_without_link(request, document)).encode() + b"</html>"


def _million_rows(_: Request, document: dict[str, Any]) -> bytes:
    return b'{"value": [' + b",".join([b'{"name": 7}'] * 1_000_000) + b"]}"


#: Those after which every asset must have arrived.
WHOLE: Mapping[str, Shape] = {
    "@nextLink": _spelled("@nextLink"),
    "link relative to an absolute context": _linked(
        lambda below, query: ("/api/v1/datasphere/consumption/catalog/$metadata#assets", f"{below}?{query}")
    ),
    "link relative to a relative context": _linked(
        lambda below, query: ("../$metadata#assets", f"{below}?{query}"),
    ),
    "link relative to the request": _linked(lambda below, query: ("../$metadata#assets", f"assets?{query}")),
    "link that is a query": _linked(lambda below, query: ("../$metadata#assets", f"?{query}")),
}
#: Those that hold less than every asset, or nothing certain.
BROKEN: Mapping[str, Shape] = {
    "odata.nextLink": _spelled("odata.nextLink"),
    "__next": _spelled("__next"),
    "d.__next": _nested,
    "nextLink": _spelled("nextLink"),
    "@odata.nextlink": _spelled("@odata.nextlink"),
    "a count": _counted(10),
    "a count in quotes": _counted("10"),
    "value twice": _value_twice,
    "link twice": _link_twice,
    "value is null": _with(value=None),
    "value is an object": _with(value={}),
    "an error beside the rows": _with(error={"code": "500"}),
    "something after the end": _junk,
    "a row without a name": _first_row_spoiled,
    "a million rows": _million_rows,
}
SHAPES: Mapping[str, Shape] = {**WHOLE, **BROKEN, "listed twice": _first_row_disputed}
