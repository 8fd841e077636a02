"""Standard input as the stdio transport reads it, without holding up the end of the process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import anyio.to_thread


class StandardInput:
    """Lines of standard input, read so that a cancelled server need not wait for the next one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __aiter__(self) -> AsyncIterator[str]:
        return self._lines()

    async def _lines(self) -> AsyncIterator[str]:
        pending = b""
        while block := await anyio.to_thread.run_sync(os.read, self._descriptor, 65536, abandon_on_cancel=True):
            *lines, pending = (pending + block).split(b"\n")
            for line in lines:
                if line.strip():
                    yield line.decode("utf-8", "replace")
        if pending.strip():
            yield pending.decode("utf-8", "replace")
