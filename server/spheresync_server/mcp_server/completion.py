"""Complete arguments of resource templates and prompts from the local store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from mcp.server.mcpserver import MCPServer
from mcp.types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from spheresync.errors import SpheresyncError
from spheresync.model.principals import CallerRole
from spheresync_server.prompt_files import PromptFile
from spheresync_server.server_context import ServerContext

_MOST = 100

Suggested = Literal["space", "asset", "run", "change_set"]

_TEMPLATE_VARIABLES: dict[tuple[str, str], Suggested] = {
    ("spheresync://assets/", "space"): "space",
    ("spheresync://assets/", "name"): "asset",
    ("spheresync://change-sets/", "id"): "change_set",
    ("spheresync://runs/", "id"): "run",
}
_PROMPT_VALUES: dict[str, Suggested] = {"space": "space", "asset": "asset", "run": "run", "change_set": "change_set"}


def register_completion(
    server: MCPServer[ServerContext], server_context: ServerContext, prompts: Iterable[PromptFile]
) -> None:
    """Register the completion handler."""
    by_prompt = {
        (prompt.name, field.name): _PROMPT_VALUES[field.complete]
        for prompt in prompts
        for field in prompt.head.arguments
        if field.complete is not None
    }

    def wanted(reference: PromptReference | ResourceTemplateReference, argument: str) -> Suggested | None:
        if isinstance(reference, PromptReference):
            return by_prompt.get((reference.name, argument))
        return next(
            (
                what
                for (start, variable), what in _TEMPLATE_VARIABLES.items()
                if variable == argument and reference.uri.startswith(start)
            ),
            None,
        )

    @server.completion()  # type: ignore[no-untyped-call,untyped-decorator]  # the SDK leaves it untyped
    async def complete(
        reference: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        what = wanted(reference, argument.name)
        if what is None:
            return None
        space = (context.arguments or {}).get("space") if context is not None else None
        if what == "asset" and space is None and isinstance(reference, ResourceTemplateReference):
            return Completion(values=[])
        try:
            await server_context.startup.wait()
        except SpheresyncError:  # told by the server's end; a completion has no place for it
            return Completion(values=[])
        if not server_context.allows(CallerRole.VIEWER):
            return Completion(values=[])
        found = await server_context.service.catalog.suggest(what, argument.value, server_context.principal, space)
        return Completion(values=found[:_MOST], total=len(found), has_more=len(found) > _MOST)
