"""The page on tools, resources and prompts of the MCP server."""

from __future__ import annotations

from typing import Any, cast

from docs.generator.markdown import code, page, table
from spheresync.model.principals import PERMISSIONS, CallerRole
from spheresync_server.caller import local_caller
from spheresync_server.mcp_server.tools.registry import ToolEntry, answer_of, tool_entries
from spheresync_server.prompt_files import load_prompts
from spheresync_server.server_context import ServerContext, ServiceStartup


def tools_page() -> str:
    """Every tool with its role, its effect, its arguments and the members of its answer."""
    entries = tool_entries(_nobodys_context())
    roles = ([code(role), ", ".join(code(each) for each in sorted(PERMISSIONS[role]))] for role in CallerRole)
    prompts = ([code(each.name), each.head.title, each.head.description] for each in load_prompts())
    return page(
        "Tools of the MCP server",
        "Tools that a caller may not use are not listed. `serve --read-only` leaves only those that read. "
        "Lists take `limit` and an opaque `cursor`, and answer `items`, `total` and `next_cursor`.",
        table(
            ["Tool", "Needs", "Effect", "Title"],
            ([f"[{code(each.name)}](#{each.name})", code(each.needs), _effect(each), each.title] for each in entries),
        ),
        "## Roles\n\n" + table(["Role", "Permissions"], roles),
        *map(_described, entries),
        "## Prompts\n\n" + table(["Prompt", "Title", "What it does"], prompts),
    )


def _described(entry: ToolEntry) -> str:
    tool = entry.to_tool()
    schema: dict[str, Any] = tool.parameters
    required = {*schema.get("required", ())}
    rows = [
        [code(name), _kind(said), "yes" if name in required else "", said.get("description", "")]
        for name, said in schema.get("properties", {}).items()
    ]
    members = ", ".join(code(name) for name in answer_of(entry.work).model_fields)
    return "\n\n".join(
        (
            f"## {entry.name}",
            tool.description,
            f"Needs {code(entry.needs)}; {_effect(entry)}. The answer may hold {members}.",
            table(["Argument", "Takes", "Required", "What it is"], rows) if rows else "It takes no argument.",
        )
    )


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(code(str(each)) for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"] if each.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "any"))


def _effect(entry: ToolEntry) -> str:
    hints = entry.hints
    if hints.read_only_hint:
        return "reads"
    return "writes, may delete" if hints.destructive_hint else "writes"


def _nobodys_context() -> ServerContext:
    """Tools are described without being asked anything."""
    return ServerContext(
        startup=cast("ServiceStartup", None), caller_of=local_caller(CallerRole.ADMIN), show_settings=dict
    )
