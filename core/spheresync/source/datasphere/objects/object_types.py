"""The types of objects that the design-time API keeps apart, and which of them a tenant offers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssetId, AssetKind, SpaceName
from spheresync.model.json_document import read_json
from spheresync.redaction import quoted
from spheresync.source.transport.http import JSON, Response, TenantHttp

BASE = "/dwaas-core/api/v1"
SEGMENTS = {
    AssetKind.LOCAL_TABLE: "localtables",
    AssetKind.REMOTE_TABLE: "remotetables",
    AssetKind.VIEW: "views",
    AssetKind.ANALYTIC_MODEL: "analyticmodels",
    AssetKind.DATA_FLOW: "dataflows",
    AssetKind.REPLICATION_FLOW: "replicationflows",
    AssetKind.TRANSFORMATION_FLOW: "transformationflows",
    AssetKind.TASK_CHAIN: "taskchains",
}
"""Path segments of the types (reference: datasphere-api.md 4.2)."""
SIBLINGS = {
    AssetKind.VIEW: AssetKind.ANALYTIC_MODEL,
    AssetKind.ANALYTIC_MODEL: AssetKind.VIEW,
    AssetKind.LOCAL_TABLE: AssetKind.REMOTE_TABLE,
    AssetKind.REMOTE_TABLE: AssetKind.LOCAL_TABLE,
}
"""The type that an object may be of instead: what the catalog tells does not say it surely."""
CONTENT = "content"
_PARTS = re.compile(r"[/\\?#;]")


def space_path(space: SpaceName) -> str:
    """The path of a space.

    Raises:
        SourceError: WRONG_SHAPE, for a name that leads elsewhere.
    """
    return f"{BASE}/spaces/{_segment(space)}"


def object_path(asset: AssetId, kind: AssetKind) -> str:
    """The path of an object of a type.

    Raises:
        SourceError: WRONG_SHAPE, for a name that leads elsewhere.
    """
    return f"{space_path(asset.space)}/{SEGMENTS[kind]}/{_segment(asset.name)}"


def _segment(name: str) -> str:
    """A name as one part of a path, whatever it holds.

    A part of dots stands for its neighbours, however it is encoded, and what passes a URL on may decode it first.
    """
    said = name
    while (decoded := unquote(said)) != said:
        said = decoded
    if any(part.strip() in {"", ".", ".."} for part in _PARTS.split(said)):
        raise SourceError(
            SourceFault.WRONG_SHAPE,
            f"the name {quoted(name, 200)!r} leads to another path than its own; nothing was asked",
            remedy="Give it another technical name in Datasphere, without `.`, `..` or nothing between slashes.",
        )
    return quote(name, safe="")


async def offered_paths(http: TenantHttp) -> frozenset[str] | None:
    """The segments of all paths that the tenant's discovery document names; None where there is none to go by."""
    try:
        found = await http.read(f"{BASE}/discovery", accept=JSON, decode=_paths)
    except SourceError:
        return None
    known = {*SEGMENTS.values(), CONTENT}
    return found if found & known else None


def _paths(response: Response) -> frozenset[str]:
    try:
        document = read_json(response.body)
    except ValueError:
        return frozenset()
    paths = document.get("paths") if isinstance(document, dict) else None
    return frozenset(_segments(paths)) if isinstance(paths, dict) else frozenset()


def _segments(paths: dict[str, object]) -> Iterator[str]:
    for path in paths:
        yield from path.partition("?")[0].split("/")
