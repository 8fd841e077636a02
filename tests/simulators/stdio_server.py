"""A client's connection to an MCP server that is a fork: over its pipes, as the SDK's own client has it.

That the program is a server when it is started by its name is what `tests/unit/server` and the dog's tests try.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from tests.simulators.forked import Forked

Read: TypeAlias = MemoryObjectReceiveStream["SessionMessage | Exception"]
Write: TypeAlias = MemoryObjectSendStream[SessionMessage]


@asynccontextmanager
async def over_pipes(start: Callable[[], Forked]) -> AsyncIterator[tuple[Read, Write]]:
    """The streams of a client to a server that is started for it, and ends with it."""
    received, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, sent = anyio.create_memory_object_stream[SessionMessage](0)
    server, all_said = start(), anyio.Event()

    async def take() -> None:
        with received:
            while line := await anyio.to_thread.run_sync(server.stdout.readline):
                message = SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
                with suppress(anyio.BrokenResourceError):  # the client has gone: what is left is read to its end
                    await received.send(message)

    def say(message: SessionMessage) -> None:
        server.stdin.write(message.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n")
        server.stdin.flush()

    async def give() -> None:
        try:
            with sent:
                async for message in sent:
                    await anyio.to_thread.run_sync(say, message)
        finally:
            all_said.set()

    async with anyio.create_task_group() as both:
        both.start_soon(take)
        both.start_soon(give)
        try:
            yield read, write
        finally:
            with anyio.CancelScope(shield=True):
                read.close()
                write.close()
                await all_said.wait()
                # The server ends with its input, and so does whoever reads what it says.
                await anyio.to_thread.run_sync(server.stdin.close)
                await anyio.to_thread.run_sync(server.wait, 30)
    server.close()
