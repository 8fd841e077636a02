"""Standard input as the stdio transport reads it, without holding up the end of the process.

What the transport could not read is answered here, and never reaches it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import anyio.to_thread
from mcp.types import JSONRPCError

from spheresync_server.unreadable_messages import LARGEST, error_for_unreadable_response, refusals, too_large

_BLOCK = 65536

Answer = Callable[[JSONRPCError], Awaitable[None]]


class StandardInput:
    """Lines of standard input, read so that a cancelled server need not wait for the next one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._answer: Answer | None = None
        self._answerable = anyio.Event()
        self._closed = False
        self._waiting: anyio.CancelScope | None = None

    def close(self) -> None:
        """Take no further lines, as if the client had left: what it asked already is answered."""
        self._closed = True
        if self._waiting is not None:
            self._waiting.cancel()

    def answer_with(self, answer: Answer) -> None:
        """Say where answers go to what cannot be read; before that, nothing is passed on."""
        self._answer = answer
        self._answerable.set()

    def __aiter__(self) -> AsyncIterator[str]:
        return self._lines()

    async def _lines(self) -> AsyncIterator[str]:
        await self._answerable.wait()
        assert self._answer is not None
        async for line, whole in self._raw_lines():
            refused = refusals(line) if whole else [too_large(line)]
            for error in refused:
                await self._answer(error)
            if not refused:
                yield (error_for_unreadable_response(line) or line).decode("utf-8", "replace")

    async def _raw_lines(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Each line that is not empty, and whether that is all of it: of one that is too large, the end is dropped."""
        pending = bytearray()
        cut = False
        while block := await self._block():
            *ended, rest = block.split(b"\n")
            for piece in ended:
                line, whole = bytes(pending) + piece, not cut
                pending.clear()
                cut = False
                if line.strip():
                    yield line, whole
            if len(pending) <= LARGEST:
                pending += rest
            else:
                cut = True
        if pending.strip():
            yield bytes(pending), not cut

    async def _block(self) -> bytes:
        with anyio.CancelScope() as self._waiting:
            if not self._closed:
                return await anyio.to_thread.run_sync(os.read, self._descriptor, _BLOCK, abandon_on_cancel=True)
        return b""
