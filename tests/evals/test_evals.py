"""Questions of platform teams, as scripts of tool calls without a model: every fact is in the text, at a small cost."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.evals.eval_tasks import CALLS, TOKENS, EvalTask, filled, load_tasks, tokens_of

pytestmark = pytest.mark.anyio
TASKS = load_tasks()


def server(folder: Path) -> StdioServerParameters:
    """The embedded environment, over stdio, as a desktop host starts it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPHERESYNC_", "AWS_"))}
    environment = kept | {"SPHERESYNC_ENV": "dog", "SPHERESYNC_STATE_DIR": str(folder)}
    command = ["-m", "spheresync_server", "serve", "--no-scheduler"]
    return StdioServerParameters(command=sys.executable, args=command, env=environment, cwd=str(folder))


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with Client(server(tmp_path)) as client:
        yield client


async def test_every_question_is_answered_by_facts_in_the_text_at_a_small_cost(client: Client) -> None:
    kept: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    for task in TASKS:
        if faults := await faults_of(client, task, kept):
            wrong[task.id] = faults
    assert wrong == {}


async def faults_of(client: Client, task: EvalTask, kept: dict[str, str]) -> list[str]:
    """What is wrong with the answers to one question."""
    faults: list[str] = []
    read: list[str] = []
    for place, call in enumerate(task.calls):
        ((tool, arguments),) = call.items()
        result = await client.call_tool(tool, filled(arguments, kept))
        text = "\n".join(getattr(block, "text", "") for block in result.content)
        read.append(text)
        if result.is_error is not (place in task.refused):
            faults.append(f"{tool} {'failed' if result.is_error else 'was not refused'}: {text[:300]}")
        structured: dict[str, Any] = result.structured_content or {}
        kept.update({name: str(structured[key]) for name, key in task.keep.items() if key in structured})
    told = "\n".join(read)
    faults += [f"not told: {fact}" for fact in filled(task.facts, kept) if fact not in told]
    faults += [f"told: {word}" for word in task.never if word in told]
    if tokens_of(told) > TOKENS:
        faults.append(f"{tokens_of(told)} tokens")
    return faults


def test_there_are_thirty_questions_of_few_calls_each() -> None:
    assert len(TASKS) == 30 == len({task.id for task in TASKS})
    assert all(1 <= len(task.calls) <= CALLS and task.facts and task.answer for task in TASKS)
    asked = {tool for task in TASKS for call in task.calls for tool in call}
    assert len(asked) >= 15, json.dumps(sorted(asked))
