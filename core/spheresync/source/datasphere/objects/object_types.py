"""The types of objects that the design-time API keeps apart, and which of them a tenant offers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from spheresync.errors import SourceError
from spheresync.model import AssetKind, SpaceName
from spheresync.model.json_document import read_json
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


def space_path(space: SpaceName) -> str:
    return f"{BASE}/spaces/{quote(space, safe='')}"


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
