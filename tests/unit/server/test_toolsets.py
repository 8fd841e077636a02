"""Servers that offer a part of the tools only."""

from __future__ import annotations

from typing import Any, cast

import pytest
from mcp import Client

from spheresync.errors import UsageError
from spheresync.model.principals import CallerRole
from spheresync_server.caller import local_caller
from spheresync_server.mcp_server.server import SpheresyncServer, build_server
from spheresync_server.mcp_server.tools.registry import tool_entries
from spheresync_server.server_context import ServerContext, ServiceStartup
from spheresync_server.toolsets import EVERY_TOOLSET, Toolset, toolsets_in
from tests.unit.server.fake_service import FakeService
from tests.unit.server.test_mcp_tools import text_of

pytestmark = pytest.mark.anyio


def server(text: str | None, service: FakeService) -> SpheresyncServer:
    startup = ServiceStartup.of(cast("Any", service))
    return build_server(ServerContext(startup, local_caller(CallerRole.ADMIN), dict, toolsets=toolsets_in(text)))


async def test_a_server_offers_the_tools_of_its_toolsets_and_the_status(service: FakeService) -> None:
    async with Client(server("catalog, audit", service)) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        refused = await client.call_tool("run_sync", {})
        read = await client.call_tool("list_spaces", {})
    assert listed == [
        "list_spaces",
        "list_assets",
        "describe_asset",
        "get_lineage",
        "explain_mapping",
        "query_audit_log",
        "verify_audit_log",
        "get_sync_status",
    ]
    assert refused.is_error and "started with audit, catalog" in text_of(refused) and not read.is_error
    assert service.called("sync") == []


async def test_all_toolsets_together_are_all_tools(service: FakeService) -> None:
    context = ServerContext(ServiceStartup.of(cast("Any", service)), local_caller(CallerRole.ADMIN), dict)
    assert all(entry.toolsets for entry in tool_entries(context))
    alone = [{tool.name for tool in await listed(each, service)} for each in Toolset]
    assert set.union(*alone) == {tool.name for tool in await listed(None, service)}
    assert set.intersection(*alone) == {"get_sync_status"}
    described = {tool.name for tool in await listed("changes", service)}
    assert {"apply_changes", "get_run"} <= described, "an answer that another tool describes comes with it"


async def listed(text: str | None, service: FakeService) -> list[Any]:
    async with Client(server(text, service)) as client:
        return list((await client.list_tools()).tools)


def test_a_word_that_is_no_toolset_is_refused_with_those_that_are() -> None:
    assert toolsets_in(None) == EVERY_TOOLSET
    for wrong in ("catalogue", "catalog,,x", "", " , "):
        with pytest.raises(UsageError) as caught:
            toolsets_in(wrong)
        assert (
            "Valid, with commas between them: catalog, changes, runs, audit, governance, admin" in caught.value.remedy
        )
