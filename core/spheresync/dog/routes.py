"""Which request is for what: the paths of a tenant, current and legacy (datasphere-api.md 2.1, 3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

from spheresync.dog.edmx_writer import Surface
from spheresync.dog.traffic import RequestKind

TOKEN_PATH = "/oauth/token"  # noqa: S105  # a path, no secret
CATALOG_PATH = "/api/v1/datasphere/consumption/catalog"
LEGACY_CATALOG_PATH = "/api/v1/dwc/catalog"
CONSUMPTION_PATH = "/api/v1/datasphere/consumption"
LEGACY_CONSUMPTION_PATH = "/api/v1/dwc/consumption"

_LITERAL = r"'((?:[^']|'')*)'"
_SPACE = re.compile(rf"spaces\((?:name=)?{_LITERAL}\)")
_ASSET_OF_SPACE = re.compile(rf"assets\((?:name=)?{_LITERAL}\)")
_ASSET = re.compile(r"assets\(spaceName='(?P<space>(?:[^']|'')*)',name='(?P<asset>(?:[^']|'')*)'\)")
_ASSET_REVERSED = re.compile(r"assets\(name='(?P<asset>(?:[^']|'')*)',spaceName='(?P<space>(?:[^']|'')*)'\)")


@dataclass(frozen=True, slots=True)
class Route:
    """What a request is for. `space` and `asset` are decoded names."""

    kind: RequestKind
    legacy: bool = False
    space: str = ""
    asset: str = ""
    surface: Surface | None = None


UNKNOWN = Route(RequestKind.UNKNOWN)


def route_of(path: str) -> Route:
    """The route of a percent-encoded path."""
    if path == TOKEN_PATH:
        return Route(RequestKind.TOKEN)
    for base, legacy in ((CATALOG_PATH, False), (LEGACY_CATALOG_PATH, True)):
        if path == base or path.startswith(f"{base}/"):
            return _catalog(path[len(base) :].strip("/"), legacy=legacy)
    for base, legacy in ((CONSUMPTION_PATH, False), (LEGACY_CONSUMPTION_PATH, True)):
        if path.startswith(f"{base}/"):
            return _consumption(path[len(base) + 1 :], legacy=legacy)
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


def _name(literal: str) -> str:
    return literal.replace("''", "'")
