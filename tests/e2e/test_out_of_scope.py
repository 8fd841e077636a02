"""What `scope:` or a rule leaves out is said to be that, and neither empty nor unchanged."""

from __future__ import annotations

import pytest
from mcp import Client

from tests.e2e.test_mcp_dog import call
from tests.simulators.installation import Installation

SCOPED = """
scope: {include: ["SPACE_000/*", "SPACE_001/*"]}
mapping: {rules: [{match: {space: SPACE_001}, set: {include: false}}]}
"""


@pytest.mark.anyio
async def test_what_scope_or_a_rule_leaves_out_is_said_with_which(installation: Installation) -> None:
    installation.config = SCOPED
    installation.ask("sync")
    scope = "Space SPACE_002 is outside `scope:` (scope.include names nothing of it), so its assets are not listed."
    error = installation.ask("preview", "--asset", "SPACE_002/ASSET_00003", code=2)["error"]
    assert scope.rstrip(".") in error["message"] and "discover" not in error["remedy"]
    told = installation.run("assets", "--space", "SPACE_002").out
    assert scope in told and "discover" not in told
    named = installation.ask("preview", "--space", "SPACE_001")
    assert [(each["code"], each["message"]) for each in named["findings"]] == [
        ("left_out", "10 assets left out: mapping rule 1 says include: false.")
    ]
    outside = installation.ask("preview", "--space", "SPACE_002")
    assert [each["message"] for each in outside["findings"]] == [scope]
    assert installation.ask("preview")["findings"] == []
    async with Client(installation.serving("--no-scheduler")) as client:
        spaces = {row["space"]: row.get("problem") for row in (await call(client, "list_spaces"))["items"]}
        assert spaces["SPACE_002"].startswith(scope) and spaces["SPACE_000"] is None
        failed = await client.call_tool("describe_asset", {"asset": "SPACE_002/ASSET_00003"})
        assert failed.is_error and "outside `scope:`" in str(failed.content)
        listed = await client.call_tool("list_assets", {"space": "SPACE_002"})
        assert "list_spaces" in str(listed.content)
        left_out = (await call(client, "list_assets", space="SPACE_001"))["items"][0]["asset"]
        assert "mapping rule 1 says include: false" in (await call(client, "describe_asset", asset=left_out))["problem"]
        (finding,) = (await call(client, "explain_mapping", asset=left_out))["findings"]
        assert "mapping rule 1 says include: false" in finding and "never read" not in finding
        preview = await client.call_tool("preview_changes", {"spaces": ["SPACE_001"]})
        assert "left out by `scope:` or a rule" in str(preview.content)
