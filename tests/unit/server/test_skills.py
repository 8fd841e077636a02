"""Prompts as skills: found, whole, and what is read is what the manifest says."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import yaml
from mcp import Client, MCPError
from mcp.types import Request, RequestParams, Result
from pydantic import ConfigDict

from spheresync_server.prompt_files import load_prompts
from tests.unit.server.conftest import MakeServer

pytestmark = pytest.mark.anyio


class Answer(Result):
    model_config = ConfigDict(extra="allow")


class SkillParams(RequestParams):
    uri: str | None = None


class SkillRequest(Request[SkillParams, str]):
    method: str
    params: SkillParams


async def asked(client: Client, method: str, uri: str | None = None) -> dict[str, Any]:
    answer = await client.session.send_request(SkillRequest(method=method, params=SkillParams(uri=uri)), Answer)
    return answer.model_dump(by_alias=True)


async def test_every_prompt_is_a_skill_whose_file_is_what_its_entry_says(make_server: MakeServer, era: str) -> None:
    async with Client(make_server("viewer"), mode=era) as client:
        listed = await asked(client, "skills/list")
        files = {skill["uri"]: (await client.read_resource(skill["uri"])).contents[0] for skill in listed["skills"]}
        one = await asked(client, "skills/get", listed["skills"][0]["uri"])
        resources = {each.uri: each for each in (await client.list_resources()).resources}
    assert one["skill"] == listed["skills"][0] and "nextCursor" not in one
    assert {skill["frontmatter"]["name"] for skill in listed["skills"]} == {prompt.name for prompt in load_prompts()}
    for skill in listed["skills"]:
        (file,) = skill["resources"]
        text = files[skill["uri"]].text
        assert file == {
            "uri": skill["uri"],
            "digest": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
            "size": len(text.encode()),
        }
        _, head, body = text.split("---\n", 2)
        assert yaml.safe_load(head) == skill["frontmatter"] and body.startswith("# ")
        assert "{{" not in text, "an agent fills in what it knows"
        named = resources[skill["uri"]]
        assert (named.name, named.mime_type) == (skill["frontmatter"]["name"], "text/markdown")


async def test_a_skill_that_there_is_not_is_an_error_that_says_where_they_are(make_server: MakeServer) -> None:
    async with Client(make_server()) as client:
        with pytest.raises(MCPError, match=r"There is no skill 'skill://x'.*skills/list") as caught:
            await asked(client, "skills/get", "skill://x")
    assert caught.value.error.code == -32602
