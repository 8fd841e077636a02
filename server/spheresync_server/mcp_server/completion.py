"""Complete arguments of resource templates and prompts from the local store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal

from mcp.server.mcpserver import MCPServer
from mcp.types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from spheresync.errors import SpheresyncError
from spheresync.model.principals import CallerRole
from spheresync_server.prompt_files import load_prompts
from spheresync_server.server_context import ServerContext

_MOST = 100

Suggested = Literal["space", "asset", "run", "change_set", "day"]

_TEMPLATE_VARIABLES: dict[tuple[str, str], Suggested] = {
    ("spheresync://assets/", "space"): "space",
    ("spheresync://assets/", "name"): "asset",
    ("spheresync://change-sets/", "id"): "change_set",
    ("spheresync://runs/", "id"): "run",
}
_PROMPT_VALUES: dict[str, Suggested] = {
    "space": "space",
    "asset": "asset",
    "run": "run",
    "change_set": "change_set",
    "day": "day",
}


def _of_prompt(name: str, argument: str) -> Suggested | None:
    fields = (field for prompt in load_prompts() if prompt.name == name for field in prompt.head.arguments)
    return next((_PROMPT_VALUES[field.complete] for field in fields if field.name == argument and field.complete), None)


def register_completion(server: MCPServer[ServerContext], server_context: ServerContext) -> None:
    """Register the completion handler."""

    def wanted(reference: PromptReference | ResourceTemplateReference, argument: str) -> Suggested | None:
        if isinstance(reference, PromptReference):
            return _of_prompt(reference.name, argument)
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
        if what == "day":
            return Completion(values=[day for day in _days(datetime.now(UTC).date()) if day.startswith(argument.value)])
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


def _days(today: date) -> list[str]:
    """Days that reports begin or end with: today and back, a week ago, the first of this month and of the last."""
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    days = (today, today - timedelta(days=1), today - timedelta(days=7), month, before)
    return [day.isoformat() for day in dict.fromkeys(days)]
