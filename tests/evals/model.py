"""The same questions put to a real model: `ANTHROPIC_API_KEY=... python -m tests.evals.model MODEL`.

It prints, for each question, whether the model's last words hold what they must, and what that cost. No test runs it,
as it asks an address outside this machine.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp import Client

from tests.evals.eval_tasks import CALLS, TOKENS, EvalTask, filled, load_tasks, tokens_of
from tests.evals.test_evals import server

ADDRESS = "https://api.anthropic.com/v1/messages"
_ROUNDS = 12
_ASKED_TO = "You answer for a data-platform team. Use the tools; say in one or two sentences what you found."


@dataclass(frozen=True, slots=True)
class Said:
    """The model's last words, how often it called, how many tokens it read, and values that answers held."""

    words: str
    calls: int
    tokens: int
    seen: dict[str, str]


@dataclass(frozen=True, slots=True)
class Model:
    """One model with the tools of one server."""

    name: str
    http: httpx2.AsyncClient
    client: Client
    tools: list[dict[str, Any]]

    async def _reply(self, messages: list[Any]) -> list[dict[str, Any]]:
        body = {
            "model": self.name,
            "max_tokens": 1_000,
            "system": f"{_ASKED_TO}\n\n{self.client.instructions or ''}",
            "tools": self.tools,
            "messages": messages,
        }
        response = await self.http.post(ADDRESS, json=body)
        response.raise_for_status()
        return list(response.json()["content"])

    async def answer(self, question: str) -> Said:
        """Let it call tools until it answers in words."""
        messages: list[Any] = [{"role": "user", "content": question}]
        calls = tokens = 0
        seen: dict[str, str] = {}
        for _ in range(_ROUNDS):
            content = await self._reply(messages)
            messages.append({"role": "assistant", "content": content})
            uses = [block for block in content if block["type"] == "tool_use"]
            if not uses:
                return Said(
                    " ".join(block["text"] for block in content if block["type"] == "text"), calls, tokens, seen
                )
            results = []
            for use in uses:
                result = await self.client.call_tool(use["name"], use["input"])
                text = "\n".join(getattr(block, "text", "") for block in result.content)
                calls, tokens = calls + 1, tokens + tokens_of(text)
                seen |= {
                    key: value for key, value in (result.structured_content or {}).items() if isinstance(value, str)
                }
                told = {"type": "tool_result", "tool_use_id": use["id"], "content": text, "is_error": result.is_error}
                results.append(told)
            messages.append({"role": "user", "content": results})
        return Said("", calls, tokens, seen)


def verdict(task: EvalTask, said: Said, kept: dict[str, str]) -> str:
    missing = [each for each in filled(task.answer, kept) if not re.search(each, said.words, re.IGNORECASE | re.DOTALL)]
    dear = said.calls > CALLS or said.tokens > TOKENS
    return f"wrong: lacks {missing}" if missing else "dear" if dear else "right"


async def main(model: str, key: str) -> None:
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    kept: dict[str, str] = {}
    right = 0
    with tempfile.TemporaryDirectory() as folder:
        async with Client(server(Path(folder))) as client, httpx2.AsyncClient(headers=headers, timeout=120) as http:
            tools = [
                {"name": tool.name, "description": tool.description or "", "input_schema": tool.input_schema}
                for tool in (await client.list_tools()).tools
            ]
            asked = Model(model, http, client, tools)
            for task in load_tasks():
                said = await asked.answer(filled(task.question, kept))
                kept |= {name: said.seen[field] for name, field in task.keep.items() if field in said.seen}
                judged = verdict(task, said, kept)
                right += judged == "right"
                print(f"{task.id}: {judged} ({said.calls} calls, {said.tokens} tokens)\n    {said.words}")
    print(f"{right} of {len(load_tasks())} right")


if __name__ == "__main__":
    if "ANTHROPIC_API_KEY" not in os.environ or len(sys.argv) != 2:
        sys.exit(__doc__)
    anyio.run(main, sys.argv[1], os.environ["ANTHROPIC_API_KEY"])
