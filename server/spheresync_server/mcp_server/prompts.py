"""Register the prompt files with the MCP server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import PromptArgument

from spheresync_server.prompt_files import PromptFile
from spheresync_server.server_context import ServerContext


def register_prompts(server: MCPServer[ServerContext], prompts: Iterable[PromptFile]) -> None:
    """Make each file a prompt with its arguments."""
    for prompt in prompts:
        server.add_prompt(
            Prompt(
                name=prompt.name,
                title=prompt.head.title,
                description=prompt.head.description,
                arguments=[
                    PromptArgument(name=field.name, description=field.description, required=field.required)
                    for field in prompt.head.arguments
                ],
                fn=_renderer(prompt),
                context_kwarg=None,
            )
        )


def _renderer(prompt: PromptFile) -> Callable[..., Awaitable[str]]:
    async def render(**values: str) -> str:
        return prompt.render(values)

    return render
