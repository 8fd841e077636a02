"""Which request is for what: the paths of a tenant, current and legacy (datasphere-api.md 2.1, 3.1, 4.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from spheresync.dog.edmx_writer import Surface
from spheresync.dog.traffic import RequestKind
from spheresync.model import AssetKind

TOKEN_PATH = "/oauth/token"  # noqa: S105  # a path, no secret
AUTHORIZE_PATH = "/oauth/authorize"
CATALOG_PATH = "/api/v1/datasphere/consumption/catalog"
LEGACY_CATALOG_PATH = "/api/v1/dwc/catalog"
CONSUMPTION_PATH = "/api/v1/datasphere/consumption"
LEGACY_CONSUMPTION_PATH = "/api/v1/dwc/consumption"
DESIGN_PATH = "/dwaas-core/api/v1"

#: The segment of each kind of object in the design-time API.
TYPE_SEGMENTS: Mapping[AssetKind, str] = {
    AssetKind.LOCAL_TABLE: "localtables",
    AssetKind.REMOTE_TABLE: "remotetables",
    AssetKind.VIEW: "views",
    AssetKind.ANALYTIC_MODEL: "analyticmodels",
    AssetKind.DATA_FLOW: "dataflows",
    AssetKind.REPLICATION_FLOW: "replicationflows",
    AssetKind.TRANSFORMATION_FLOW: "transformationflows",
    AssetKind.TASK_CHAIN: "taskchains",
}
DESIGN_KINDS = frozenset({RequestKind.DISCOVERY, RequestKind.OBJECTS, RequestKind.OBJECT, RequestKind.CONTENT})

_KINDS = {segment: kind for kind, segment in TYPE_SEGMENTS.items()}
_LITERAL = r"'((?:[^']|'')*)'"
_SPACE = re.compile(rf"spaces\((?:name=)?{_LITERAL}\)")
_ASSET_OF_SPACE = re.compile(rf"assets\((?:name=)?{_LITERAL}\)")
_ASSET = re.compile(r"assets\(spaceName='(?P<space>(?:[^']|'')*)',name='(?P<asset>(?:[^']|'')*)'\)")
_ASSET_REVERSED = re.compile(r"assets\(name='(?P<asset>(?:[^']|'')*)',spaceName='(?P<space>(?:[^']|'')*)'\)")


@dataclass(frozen=True, slots=True)
class Route:
    """What a request is for. `space` and `asset` are decoded names; `type` is of the design-time API."""

    kind: RequestKind
    legacy: bool = False
    space: str = ""
    asset: str = ""
    surface: Surface | None = None
    type: AssetKind | None = None


UNKNOWN = Route(RequestKind.UNKNOWN)


def route_of(path: str) -> Route:
    """The route of a percent-encoded path."""
    if path == TOKEN_PATH:
        return Route(RequestKind.TOKEN)
    if path == AUTHORIZE_PATH:
        return Route(RequestKind.AUTHORIZE)
    for base, legacy in ((CATALOG_PATH, False), (LEGACY_CATALOG_PATH, True)):
        if path == base or path.startswith(f"{base}/"):
            return _catalog(path[len(base) :].strip("/"), legacy=legacy)
    for base, legacy in ((CONSUMPTION_PATH, False), (LEGACY_CONSUMPTION_PATH, True)):
        if path.startswith(f"{base}/"):
            return _consumption(path[len(base) + 1 :], legacy=legacy)
    if path.startswith(f"{DESIGN_PATH}/"):
        return _design(path[len(DESIGN_PATH) + 1 :])
    return UNKNOWN


def _catalog(rest: str, *, legacy: bool) -> Route:
    fixed = {
        "": RequestKind.SERVICE,
        "$metadata": RequestKind.CATALOG_METADATA,
        "spaces": RequestKind.SPACES,
        "assets": RequestKind.ASSETS,
    }
    segments = [unquote(segment) for segment in rest.split("/")]
    if len(segments) == 1 and segments[0] in fixed:
        return Route(fixed[segments[0]], legacy)
    space = _SPACE.fullmatch(segments[0])
    if space is not None:
        return _of_space(Route(RequestKind.SPACE, legacy, _name(space[1])), segments[1:])
    if len(segments) == 1 and (asset := _ASSET.fullmatch(segments[0]) or _ASSET_REVERSED.fullmatch(segments[0])):
        return Route(RequestKind.ASSET, legacy, _name(asset["space"]), _name(asset["asset"]))
    return UNKNOWN


def _of_space(space: Route, rest: list[str]) -> Route:
    if not rest:
        return space
    if rest == ["assets"]:
        return replace(space, kind=RequestKind.SPACE_ASSETS)
    if len(rest) == 1 and (asset := _ASSET_OF_SPACE.fullmatch(rest[0])):
        return replace(space, kind=RequestKind.ASSET, asset=_name(asset[1]))
    return UNKNOWN


def _consumption(rest: str, *, legacy: bool) -> Route:
    segments = [unquote(segment) for segment in rest.split("/")]
    if len(segments) < 3 or segments[0] not in {"relational", "analytical"}:
        return UNKNOWN
    surface = Surface(segments[0])
    tail = [segment for segment in segments[3:] if segment]
    if not tail:
        kind = RequestKind.SERVICE
    elif tail == ["$metadata"]:
        relational = surface is Surface.RELATIONAL
        kind = RequestKind.RELATIONAL_METADATA if relational else RequestKind.ANALYTICAL_METADATA
    else:
        kind = RequestKind.DATA
    return Route(kind, legacy, segments[1], segments[2], surface)


def _design(rest: str) -> Route:
    segments = [unquote(segment) for segment in rest.split("/")]
    if segments in (["discovery"], ["content"]):
        return Route(RequestKind(segments[0]))
    kind = _KINDS.get(segments[2]) if len(segments) in (3, 4) and segments[0] == "spaces" else None
    if kind is None or not all(segments):
        return UNKNOWN
    if len(segments) == 3:
        return Route(RequestKind.OBJECTS, space=segments[1], type=kind)
    return Route(RequestKind.OBJECT, space=segments[1], asset=segments[3], type=kind)


def _name(literal: str) -> str:
    return literal.replace("''", "'")
