"""The tools of the server: who may use each, and what hosts are told of its effects (CONTRACT.md, "MCP server")."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import MethodType
from typing import cast, get_args, get_type_hints

from mcp.server.mcpserver.tools import Tool, ToolManager
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import BaseModel

from spheresync.answers import Finding, RunRow, SchedulerStatus, TierStatus
from spheresync.model.principals import CallerRole
from spheresync_server.mcp_server.schemas import lean_input, output_outline
from spheresync_server.mcp_server.tools.catalog import CatalogTools
from spheresync_server.mcp_server.tools.changes import ChangeTools
from spheresync_server.mcp_server.tools.drift import DriftTools
from spheresync_server.mcp_server.tools.health import InsightTools
from spheresync_server.mcp_server.tools.runs import RunTools
from spheresync_server.mcp_server.tools.schedule import ScheduleTools
from spheresync_server.server_context import ServerContext
from spheresync_server.toolsets import EVERY_TOOLSET, Toolset

_VIEWER, _OPERATOR, _ADMIN = CallerRole.VIEWER, CallerRole.OPERATOR, CallerRole.ADMIN


_CATALOG, _CHANGES, _RUNS, _AUDIT, _GOVERNANCE, _ADMINISTRATION = (frozenset({each}) for each in Toolset)


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """One tool: its work, its title, the role it needs, its hints and the toolsets that hold it.

    `answers_as` is the tool whose output schema describes the same answer, `known` are rows that another one describes.
    """

    work: Callable[..., Awaitable[CallToolResult]]
    title: str
    needs: CallerRole
    hints: ToolAnnotations
    toolsets: frozenset[Toolset]
    answers_as: str | None = None
    known: tuple[type[BaseModel], ...] = ()

    @property
    def name(self) -> str:
        return self.work.__name__

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, here or elsewhere."""
        return self.hints.read_only_hint is True

    def open_to(self, server_context: ServerContext) -> bool:
        """Whether the caller may use it here; read-only beats every role."""
        served = self.served_by(server_context)
        return served and server_context.allows(self.needs) and (self.reads or not server_context.read_only)

    def served_by(self, server_context: ServerContext) -> bool:
        """Whether the server was started with a toolset that holds it."""
        return not self.toolsets.isdisjoint(server_context.toolsets)

    def to_tool(self) -> Tool:
        """The tool as the SDK runs it, with lean schemas."""
        described = _DESCRIBED.get(self.name)
        if described is None:
            described = _DESCRIBED[self.name] = self._describe()
        return described.model_copy(update={"fn": self.work})

    def _describe(self) -> Tool:
        """All but whose work it is; the SDK needs 10 ms to find it out."""
        anybody = MethodType(cast("MethodType", self.work).__func__, object())
        description = " ".join((self.work.__doc__ or "").split())
        tool = Tool.from_function(
            anybody, title=self.title, description=description, annotations=self.hints, structured_output=False
        )
        tool.parameters = lean_input(tool.parameters)
        tool.fn_metadata.output_schema = (
            output_outline(answer_of(self.work), known={Finding, *self.known})
            if self.answers_as is None
            else {"type": "object", "description": f"As of {self.answers_as}"}
        )
        return tool


class ToolsOfCaller(ToolManager):
    """The tools, listed for the caller of the request that is being answered; each is made when it is first needed."""

    def __init__(self, entries: Sequence[ToolEntry], server_context: ServerContext) -> None:
        super().__init__()
        self._server_context = server_context
        self._entries = {entry.name: entry for entry in entries}

    def get_tool(self, name: str) -> Tool | None:
        """The tool of that name, whoever may use it."""
        entry = self._entries.get(name)
        return None if entry is None else self._made(entry)

    def list_tools(self) -> list[Tool]:
        """Those that the caller may use."""
        return [self._made(entry) for entry in self._entries.values() if entry.open_to(self._server_context)]

    def _made(self, entry: ToolEntry) -> Tool:
        tool = self._tools.get(entry.name)
        if tool is None:
            tool = self._tools[entry.name] = entry.to_tool()
        return tool


_DESCRIBED: dict[str, Tool] = {}
"""By the name of the tool: what hosts are told of it is the same for every caller."""


def answer_of(work: Callable[..., Awaitable[CallToolResult]]) -> type[BaseModel]:
    """The model in `Annotated[CallToolResult, Model]`, of which a tool answers what says something."""
    _, answer = get_args(get_type_hints(work, include_extras=True)["return"])
    assert isinstance(answer, type) and issubclass(answer, BaseModel)
    return answer


def _reads(*, outside: bool = False, repeatable: bool = True) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=repeatable, open_world_hint=outside
    )


def _writes(*, destroys: bool, outside: bool, repeatable: bool = True) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=False, destructive_hint=destroys, idempotent_hint=repeatable, open_world_hint=outside
    )


def tool_entries(server_context: ServerContext) -> tuple[ToolEntry, ...]:
    """Every tool, in the order in which they are listed."""
    catalog, changes, runs, insight = (
        CatalogTools(server_context),
        ChangeTools(server_context),
        RunTools(server_context),
        InsightTools(server_context, lambda: (each.name for each in entries if not each.open_to(server_context))),
    )
    entries: tuple[ToolEntry, ...] = (
        ToolEntry(catalog.list_spaces, "List spaces", _VIEWER, _reads(), _CATALOG),
        ToolEntry(catalog.list_assets, "List assets", _VIEWER, _reads(), _CATALOG),
        ToolEntry(catalog.describe_asset, "Describe an asset", _VIEWER, _reads(), _CATALOG),
        ToolEntry(catalog.get_lineage, "Lineage", _VIEWER, _reads(), _CATALOG),
        ToolEntry(catalog.explain_mapping, "Explain the mapping of an asset", _VIEWER, _reads(), _CATALOG),
        # AWS and SAP stay as they are, but a change set is saved in our own store: that is more than reading.
        ToolEntry(
            changes.preview_changes,
            "Preview changes",
            _VIEWER,
            _writes(destroys=False, outside=True, repeatable=False),
            _CHANGES,
            answers_as="get_change_set",
        ),
        ToolEntry(changes.get_change_set, "Read a change set", _VIEWER, _reads(), _CHANGES | _GOVERNANCE),
        ToolEntry(
            changes.apply_changes,
            "Apply a change set",
            _OPERATOR,
            _writes(destroys=True, outside=True),
            _CHANGES,
            answers_as="get_run",
        ),
        ToolEntry(
            runs.run_sync, "Run a sync", _OPERATOR, _writes(destroys=True, outside=True), _RUNS, answers_as="get_run"
        ),
        ToolEntry(runs.get_run, "Follow a run", _VIEWER, _reads(), _CHANGES | _RUNS),
        ToolEntry(runs.list_runs, "List runs", _VIEWER, _reads(), _RUNS),
        ToolEntry(
            runs.cancel_run,
            "Cancel a run",
            _OPERATOR,
            _writes(destroys=False, outside=False),
            _RUNS,
            answers_as="get_run",
        ),
        ToolEntry(
            runs.revert_run,
            "Undo a run",
            _ADMIN,
            _writes(destroys=False, outside=True, repeatable=False),
            _GOVERNANCE,
            answers_as="get_change_set",
        ),
        ToolEntry(runs.release, "Release held assets", _ADMIN, _writes(destroys=False, outside=False), _GOVERNANCE),
        ToolEntry(
            DriftTools(server_context).detect_drift,
            "Detect drift",
            _OPERATOR,
            _writes(destroys=False, outside=True, repeatable=False),
            _GOVERNANCE,
        ),
        ToolEntry(insight.query_audit_log, "Query the audit log", _VIEWER, _reads(), _AUDIT),
        ToolEntry(insight.verify_audit_log, "Verify the audit log", _VIEWER, _reads(), _AUDIT),
        ToolEntry(insight.get_sync_status, "Sync status", _VIEWER, _reads(), EVERY_TOOLSET, known=(RunRow,)),
        ToolEntry(insight.get_configuration, "Configuration", _VIEWER, _reads(), _ADMINISTRATION),
        ToolEntry(
            ScheduleTools(server_context).manage_schedule,
            "Steer the schedule",
            _ADMIN,
            _writes(destroys=True, outside=True),
            _ADMINISTRATION,
            known=(TierStatus, SchedulerStatus),
        ),
        ToolEntry(insight.test_connections, "Test connections", _OPERATOR, _reads(outside=True), _ADMINISTRATION),
    )
    return entries
