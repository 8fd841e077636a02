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
from spheresync_server.mcp_server.warnings import WARNINGS, warnings_of
from spheresync_server.scope_arguments import LARGEST_PAGE
from spheresync_server.server_context import ServerContext
from spheresync_server.untrusted import clean_json

_JSON = "application/json"
_FIRST_ITEMS = 50
_ASSETS = "spheresync://assets/"

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

    @server.resource("spheresync://spaces", title="Spaces", mime_type=_JSON)
    async def spaces() -> str:
        """Every space with asset counts by kind, tier and status."""
        return await _found(_all_spaces(server_context))

    @server.resource("spheresync://config", title="Configuration", mime_type=_JSON)
    async def config() -> str:
        """Effective settings, secrets redacted."""
        try:
            return _document(server_context.show_settings())
        except SpheresyncError as error:
            raise ResourceError(with_tool_names(note_of(error).text)) from error

    @server.resource("spheresync://assets/{space}/{name}", title="Asset", mime_type=_JSON, security=_NAMES)
    async def asset(space: str, name: str) -> str:
        """One asset: columns, business context, target objects. A slash in the name is written %2F."""
        return await _found(
            server_context.service.catalog.describe_asset(
                AssetId(SpaceName(space), TechnicalName(name)), server_context.principal
            )
        )

    @server.resource("spheresync://change-sets/{id}", title="Change set", mime_type=_JSON)
    async def change_set(id: str) -> str:  # noqa: A002  # the variable's name in CONTRACT.md
        """A saved change set with its first items."""
        return await _found(
            server_context.service.changes.get_change_set(id, server_context.principal, limit=_FIRST_ITEMS)
        )

    @server.resource("spheresync://runs/{id}", title="Run", mime_type=_JSON)
    async def run(id: str) -> str:  # noqa: A002  # the variable's name in CONTRACT.md
        """One run: progress, counts, failures."""
        return await _found(server_context.service.runs.get_run(id, server_context.principal))


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
