"""Links from an answer to the resources that hold it, for hosts that show or follow them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

from mcp.types import ResourceLink

from spheresync.answers import ChangeSetState
from spheresync.model import AssetId
from spheresync.runtime.unknown_names import named_asset
from spheresync_server.json_texts import Json

DOCUMENT = "application/json"
JSON_LINES = "application/jsonl"


def links_of(document: Mapping[str, Json]) -> Iterator[ResourceLink]:
    """The run, the change set and the asset that an answer is about."""
    run, change_set, asset = (document.get(name) for name in ("run_id", "change_set_id", "asset"))
    if isinstance(run, str):
        yield _link(f"runs/{run}", run)
    if isinstance(change_set, str) and document.get("state") != ChangeSetState.TRIAL:
        yield _link(f"change-sets/{change_set}", change_set)
    named = named_asset(asset) if isinstance(asset, str) else None
    if isinstance(named, AssetId):
        yield _link(f"assets/{quote(named.space, safe='')}/{quote(named.name, safe='')}", str(named))


def audit_export(since: str | None, until: str | None) -> ResourceLink:
    """The whole log of a period, as lines that prove themselves."""
    asked = urlencode({name: value for name, value in (("since", since), ("until", until)) if value is not None})
    return _link(f"audit{'?' if asked else ''}{asked}", "audit log", JSON_LINES)


def _link(path: str, name: str, mime_type: str = DOCUMENT) -> ResourceLink:
    return ResourceLink(type="resource_link", uri=f"spheresync://{path}", name=name, mime_type=mime_type)
