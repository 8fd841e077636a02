"""The MCP server of a real tenant over stdio, as an assistant has it."""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.types import ElicitResult, TextResourceContents

from tests.contract.conftest import MakeInstallation
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

pytestmark = pytest.mark.anyio

WRITING = {"apply_changes", "run_sync", "cancel_run"}
RESOURCES = {
    "spheresync://config",
    "spheresync://spaces",
    "spheresync://assets/{space}/{name}",
    "spheresync://change-sets/{id}",
    "spheresync://runs/{id}",
}


def connect(
    installation: Installation, *flags: str, answer: Any = None, **more: str
) -> AbstractAsyncContextManager[Client]:
    """An assistant's connection; `answer` is what its user does when asked."""
    return Client(installation.serving(*flags, **more), elicitation_callback=answer)


async def call(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


@pytest.fixture(scope="module")
def discovered(make_installation: MakeInstallation) -> Installation:
    installation = make_installation()
    installation.ask("discover")
    return installation


async def test_who_says_nothing_is_a_viewer_and_reads_the_store_only(
    discovered: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.clear_stats()
    glue.reset()
    async with connect(discovered) as client:
        tools = (await client.list_tools()).tools
        refused = await client.call_tool("run_sync", {})
        spaces = await call(client, "list_spaces")
        assets = await call(client, "list_assets", space="SPACE_000", limit=3)
        await call(client, "describe_asset", asset="SPACE_000/ASSET_00001")
        await call(client, "explain_mapping", asset="SPACE_000/ASSET_00001")
        await call(client, "preview_changes")
        outside = await client.call_tool(
            "preview_changes", {"spaces": ["SPACE_000"], "assets": ["SPACE_001/ASSET_00001"]}
        )
        await call(client, "get_sync_status")
        templates = (await client.list_resource_templates()).resource_templates
        resources = (await client.list_resources()).resources
        server = client.server_info
    assert server is not None and server.name == "spheresync"
    assert not WRITING & {tool.name for tool in tools}
    assert refused.is_error and "operator" in str(refused.content)
    assert outside.is_error and "asset SPACE_001/ASSET_00001 would be left out" in str(outside.content)
    assert (spaces["total"], assets["total"], len(assets["items"])) == (2, 10, 3)
    assert {str(r.uri) for r in resources} | {t.uri_template for t in templates} >= RESOURCES
    assert tenant.stats().total == 0, "a tool call never asks SAP"
    assert not [operation for operation in glue.calls() if not operation.startswith("Get")]


async def test_a_database_name_that_a_space_holds_is_explained(make_installation: MakeInstallation) -> None:
    rule = "{match: {space: SPACE_001}, set: {database: '{prefix}space_000'}}"
    installation = make_installation(f"mapping: {{rules: [{rule}]}}\n")
    installation.ask("sync", "--space", "SPACE_000")
    installation.ask("discover")
    prefix = installation.extra["SPHERESYNC_PREFIX"]
    async with connect(installation) as client:
        before = await call(client, "explain_mapping", asset="SPACE_001/ASSET_00001")
        holder = await call(client, "explain_mapping", asset="SPACE_000/ASSET_00001")
    installation.ask("sync")
    async with connect(installation) as client:
        after = await call(client, "explain_mapping", asset="SPACE_001/ASSET_00001")
    told = f"a mapping rule asks for database {prefix}space_000, but space SPACE_000 holds it; "
    assert before["findings"] == [f"{told}{before['database']} is used instead"]
    assert before["database"] == after["database"] != f"{prefix}space_000", "foretold as it will be"
    assert after["findings"] == before["findings"]
    assert holder["database"] == f"{prefix}space_000" and "findings" not in holder


async def test_a_contested_table_name_is_explained_as_the_plan_gives_it(make_installation: MakeInstallation) -> None:
    rule = "{match: {name: [ASSET_00001, ASSET_00002]}, set: {table: one_name}}"
    installation = make_installation(f"mapping: {{rules: [{rule}]}}\n")
    installation.ask("discover")
    foretold = {}
    async with connect(installation) as client:
        for asset in ("SPACE_000/ASSET_00001", "SPACE_000/ASSET_00002"):
            foretold[asset] = await call(client, "explain_mapping", asset=asset)
    first, second = foretold.values()
    assert first["table"] == "one_name" != second["table"] and "findings" not in first
    assert "SPACE_000/ASSET_00001 wants that name too and comes first" in second["findings"][0]
    installation.ask("sync")
    async with connect(installation) as client:
        after = await call(client, "explain_mapping", asset="SPACE_000/ASSET_00002")
        described = await call(client, "describe_asset", asset="SPACE_000/ASSET_00002")
    assert described["targets"][0]["object"] == f"{second['database']}.{second['table']}", "as it was foretold"
    assert after["table"] == second["table"] and "SPACE_000/ASSET_00001 has that name already" in after["findings"][0]


async def test_the_audit_log_is_exported_as_a_resource_that_ends_with_the_head_of_the_chain(
    discovered: Installation,
) -> None:
    discovered.ask("preview", "--no-refresh")
    async with connect(discovered, SPHERESYNC_ROLE="admin") as client:
        verdict = await call(client, "verify_audit_log")
        (export,) = (await client.read_resource("spheresync://audit")).contents
        nothing = (await client.read_resource("spheresync://audit?until=2020-01-01")).contents[0]
    assert isinstance(export, TextResourceContents) and isinstance(nothing, TextResourceContents)
    entries = [json.loads(line) for line in export.text.splitlines()]
    assert (len(entries), entries[-1]["hash"]) == (verdict["entries"], verdict["head"]) and nothing.text == ""
    async with connect(discovered, SPHERESYNC_ROLE="viewer") as client:
        with pytest.raises(MCPError, match="ask for the role steward or admin"):
            await client.read_resource("spheresync://audit")


async def test_the_list_of_all_tools_is_small_and_read_only_beats_the_role(discovered: Installation) -> None:
    async with connect(discovered, SPHERESYNC_ROLE="admin") as client:
        tools = (await client.list_tools()).tools
    spelled = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in tools]
    assert len(json.dumps(spelled).encode()) < 24 * 1024
    assert {tool.name for tool in tools} >= WRITING
    assert all(tool.title and tool.output_schema and tool.annotations for tool in tools)
    async with connect(discovered, "--read-only", SPHERESYNC_ROLE="admin") as client:
        tools = (await client.list_tools()).tools
        refused = await client.call_tool("run_sync", {})
    assert not WRITING & {tool.name for tool in tools}
    assert refused.is_error and "read-only" in str(refused.content)


async def test_the_same_call_repeated_gives_the_same_run_and_outlives_the_connection(
    make_installation: MakeInstallation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation = make_installation()
    tenant.set_faults(latency_ms=1_000)
    try:
        async with connect(installation, SPHERESYNC_ROLE="operator") as client:
            first = await call(client, "run_sync", wait_seconds=0)
            same = await call(client, "run_sync", wait_seconds=0)
            other = await call(client, "run_sync", spaces=["SPACE_000"], wait_seconds=0)
            listed = await call(client, "list_runs")
    finally:
        tenant.set_faults()
    assert first["state"] in {"queued", "running"}
    assert not any(run.get("counts") for run in [first, *listed["items"]]), "nothing is done yet"
    assert same["run_id"] == first["run_id"] != other["run_id"]
    assert installation.ask("sync")["counts"]["unchanged"] == 20, "the next process took both over before its own"
    runs = {run["run_id"]: run for run in installation.ask("runs")["items"]}
    assert runs[first["run_id"]]["state"] == runs[other["run_id"]]["state"] == "done"
    assert runs[first["run_id"]]["counts"]["create"] == 20


async def test_a_person_sees_the_table_before_it_is_deleted(
    make_installation: MakeInstallation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation = make_installation("deletion: {misses: 1}\n")
    installation.ask("sync")
    tenant.set_faults(vanish=0.1, vanish_spaces=["SPACE_001"])
    asked: list[str] = []
    answers = iter([False, True])

    async def answer(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"delete": next(answers)})

    database = f"{installation.extra['SPHERESYNC_PREFIX']}space_001"
    try:
        assert installation.ask("sync")["counts"]["retire"] == 1
        async with connect(installation, answer=answer, SPHERESYNC_ROLE="operator") as client:
            change_set = (await call(client, "preview_changes", refresh=True))["change_set_id"]
            refused = await client.call_tool("apply_changes", {"change_set_id": change_set, "allow_deletes": True})
            kept = "asset_00009" in glue.dump()["tables"][database]
            run = await call(client, "apply_changes", change_set_id=change_set, allow_deletes=True, wait_seconds=60)
    finally:
        tenant.set_faults()
    assert refused.is_error and kept
    assert (run["state"], run["counts"]["delete"]) == ("done", 1)
    assert "asset_00009" not in glue.dump()["tables"][database]
    assert len(asked) == 2 and asked[0] == asked[1]
    assert f"deletes 1 table from AWS, for good: {database}.asset_00009 (asset SPACE_001/ASSET_00009)." in asked[0]
