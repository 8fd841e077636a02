"""Where the pieces of an exported audit log go."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
from pydantic import JsonValue

from spheresync.errors import UsageError
from spheresync.state.copies import draft_of


async def export_to_stdout(texts: AsyncIterator[str]) -> None:
    """Piece by piece, as they come."""
    async for text in texts:
        sys.stdout.write(text)
    sys.stdout.flush()


async def gather(texts: AsyncIterator[str]) -> list[JsonValue]:
    """The entries of JSON lines; all of them, because a document is either whole or not there."""
    lines = [text async for text in texts]
    return [json.loads(line) for line in "".join(lines).split("\n") if line]


async def _export_into(texts: AsyncIterator[str], path: anyio.Path) -> None:
    async with await path.open("w", encoding="utf-8", newline="") as file:
        async for text in texts:
            await file.write(text)


async def _export_whole(texts: AsyncIterator[str], path: anyio.Path) -> None:
    # Under one name whoever writes it: what an export that was killed left behind, the next one takes over.
    with draft_of(Path(path)) as draft:
        await _export_into(texts, anyio.Path(draft.path))
        await anyio.to_thread.run_sync(draft.seal)
        draft.take_place(replace=True)


async def export_to_file(texts: AsyncIterator[str], path: anyio.Path) -> None:
    """Into a file that only its owner may read, and that is there whole or not at all.

    What is there already and is no plain file (a device, a pipe, a link) stays what it is, and is written to.

    Raises:
        UsageError: it cannot be written there, or another process is just writing it.
    """
    if not path.name or await path.is_dir():
        raise UsageError(f"{path} is a folder.", remedy="Give --output the name of a file.")
    try:
        if await path.is_symlink() or (await path.exists() and not await path.is_file()):
            await _export_into(texts, path)
        else:
            await _export_whole(texts, path)
    except BlockingIOError as error:
        raise UsageError(
            f"another process is writing {path} just now.", remedy="Give another --output, or wait."
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", remedy="Give another --output.") from error
