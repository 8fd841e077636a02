"""Resources: the same answers as the tools give, as JSON documents under `spheresync://`."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import TypeVar
from urllib.parse import quote, unquote

from mcp.server.mcpserver import MCPServer, ResourceSecurity
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from pydantic import BaseModel

from spheresync.answers import Page, SpaceRow
from spheresync.errors import SpheresyncError, UsageError
from spheresync.model import AssetId, SpaceName, TechnicalName
from spheresync_server.failure import note_of
from spheresync_server.json_texts import Json
from spheresync_server.mcp_server.engine_texts import answer_with_tool_names, with_tool_names
from spheresync_server.mcp_server.lean_document import lean_document
from spheresync_server.mcp_server.resource_links import DOCUMENT, JSON_LINES
from spheresync_server.mcp_server.warnings import WARNINGS, warnings_of
from spheresync_server.scope_arguments import LARGEST_PAGE
from spheresync_server.server_context import ServerContext
from spheresync_server.untrusted import clean_json

_FIRST_ITEMS = 50
_ASSETS = "spheresync://assets/"

_LARGEST_EXPORT = 4_000_000  # characters
_LARGE_EXPORT = (
    "That period of the audit log is too long for one resource: ask for less with since and until, or have whoever "
    "runs this installation run `spheresync audit export`."
)
_MASKED_EXPORT = (
    "An export holds every entry as it was written, and your role may not see values of persons that entries may hold: "
    "ask for the role steward or admin. verify_audit_log proves the chain, and query_audit_log shows entries."
)
#: Names of assets are no file paths and only compared: `/`, `..` and NUL are letters like any other.
_NAMES = ResourceSecurity(reject_path_traversal=False, reject_absolute_paths=False, reject_null_bytes=False)

_Answer = TypeVar("_Answer", bound=BaseModel)


def _document(value: Json) -> str:
    document = answer_with_tool_names(clean_json(value))
    if isinstance(document, dict) and (warnings := warnings_of(document)):
        document = {**document, WARNINGS: [*warnings]}
    return json.dumps(document, ensure_ascii=False)


async def _found(answer: Awaitable[_Answer]) -> str:
    """The answer as a document.

    Raises:
        ResourceNotFoundError: there is no such thing; the text names near ones.
        ResourceError: it could not be read.
    """
    try:
        return _document(lean_document(await answer))
    except UsageError as error:
        raise ResourceNotFoundError(with_tool_names(note_of(error).text)) from error
    except SpheresyncError as error:
        raise ResourceError(with_tool_names(note_of(error).text)) from error


def register_resources(server: MCPServer[ServerContext], server_context: ServerContext) -> None:
    """Register every resource and template of CONTRACT.md."""

    @server.resource("spheresync://spaces", title="Spaces", mime_type=DOCUMENT)
    async def spaces() -> str:
        """Every space with asset counts by kind, tier and status."""
        return await _found(_all_spaces(server_context))

    @server.resource("spheresync://status", title="Status", mime_type=DOCUMENT)
    async def status() -> str:
        """Health, tiers with their last and next runs, what waits: the answer of get_sync_status."""
        return await _found(server_context.service.health.sync_status(server_context.principal))

    @server.resource("spheresync://config", title="Configuration", mime_type=DOCUMENT)
    async def config() -> str:
        """Effective settings, secrets redacted."""
        try:
            return _document(server_context.show_settings())
        except SpheresyncError as error:
            raise ResourceError(with_tool_names(note_of(error).text)) from error

    @server.resource("spheresync://assets/{space}/{name}", title="Asset", mime_type=DOCUMENT, security=_NAMES)
    async def asset(space: str, name: str) -> str:
        """One asset: columns, business context, target objects. A slash in the name is written %2F."""
        return await _found(
            server_context.service.catalog.describe_asset(
                AssetId(SpaceName(space), TechnicalName(name)), server_context.principal
            )
        )

    @server.resource("spheresync://change-sets/{id}", title="Change set", mime_type=DOCUMENT)
    async def change_set(id: str) -> str:  # noqa: A002  # the variable's name in CONTRACT.md
        """A saved change set with its first items."""
        return await _found(
            server_context.service.changes.get_change_set(id, server_context.principal, limit=_FIRST_ITEMS)
        )

    @server.resource("spheresync://runs/{id}", title="Run", mime_type=DOCUMENT)
    async def run(id: str) -> str:  # noqa: A002  # the variable's name in CONTRACT.md
        """One run: progress, counts, failures."""
        return await _found(server_context.service.runs.get_run(id, server_context.principal))

    @server.resource("spheresync://audit{?since,until}", title="Audit log", mime_type=JSON_LINES)
    async def audit(since: str | None = None, until: str | None = None) -> str:
        """Every entry of a period, a JSON object a line with its hash: the chain can be checked without this server."""
        return await _exported(server_context, since, until)


async def _exported(server_context: ServerContext, since: str | None, until: str | None) -> str:
    """The lines of the audit log.

    Raises:
        ResourceError: they are too many, the caller may not see all that they hold, or a time is none.
    """
    if server_context.masks:
        raise ResourceError(_MASKED_EXPORT)
    audit = server_context.service.audit
    lines: list[str] = []
    size = 0
    try:
        async for line in audit.export_audit(server_context.principal, spelling="jsonl", since=since, until=until):
            lines.append(line)
            size += len(line)
            if size > _LARGEST_EXPORT:
                raise ResourceError(_LARGE_EXPORT)
    except SpheresyncError as error:
        raise ResourceError(with_tool_names(note_of(error).text)) from error
    return "".join(lines)


def spell_asset_uri(uri: str) -> str:
    """The one spelling that the template matches: the first slash parts space and name, others are escaped."""
    if not uri.startswith(_ASSETS):
        return uri
    space, slash, name = uri.removeprefix(_ASSETS).partition("/")
    return f"{_ASSETS}{quote(unquote(space), safe='')}{slash}{quote(unquote(name), safe='')}"


async def _all_spaces(server_context: ServerContext) -> Page[SpaceRow]:
    items: list[SpaceRow] = []
    cursor: str | None = None
    while True:
        page = await server_context.service.catalog.list_spaces(
            server_context.principal, limit=LARGEST_PAGE, cursor=cursor
        )
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return Page(items=items, total=page.total)
