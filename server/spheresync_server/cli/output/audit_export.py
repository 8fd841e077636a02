"""Where the pieces of an exported audit log go."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
from pydantic import JsonValue

from spheresync.errors import UsageError
from spheresync.model.json_document import read_own_json
from spheresync.state.atomic_file import open_atomic_file
from spheresync.state.output_file import fit_place, is_stream


async def export_to_stdout(texts: AsyncIterator[str]) -> None:
    """Piece by piece, as they come."""
    async for text in texts:
        sys.stdout.write(text)
    sys.stdout.flush()


async def gather(texts: AsyncIterator[str]) -> list[JsonValue]:
    """The entries of JSON lines; all of them, because a document is either whole or not there."""
    lines = [text async for text in texts]
    return [read_own_json(line) for line in "".join(lines).split("\n") if line]


async def _export_into(texts: AsyncIterator[str], path: anyio.Path) -> None:
    async with await path.open("w", encoding="utf-8", newline="") as file:
        async for text in texts:
            await file.write(text)


async def _export_whole(texts: AsyncIterator[str], path: Path, *, replace: bool) -> None:
    # Under one name whoever writes it: what an export that was killed left behind, the next one takes over.
    with open_atomic_file(path) as draft:
        await _export_into(texts, anyio.Path(draft.path))
        await anyio.to_thread.run_sync(draft.seal)
        draft.take_place(replace=replace)


async def export_to_file(texts: AsyncIterator[str], file: Path, *, state: Path, replace: bool) -> None:
    """Into a file that only its owner may read, and that is there whole or not at all.

    A device, or what the shell opened (`/dev/stdout`), stays what it is, and is written to. A link is followed.

    Args:
        texts: what is written.
        file: where to.
        state: the state folder, whose own files are none to be written.
        replace: a file that is there gives way.

    Raises:
        UsageError: it is there already, part of the state, cannot be written, or another process is just writing it.
    """
    place = fit_place(state, file, replace=replace, streams=True)
    try:
        if is_stream(place):
            await _export_into(texts, anyio.Path(place))
        else:
            await _export_whole(texts, place, replace=replace)
    except BlockingIOError as error:
        raise UsageError(
            f"another process is writing {file} just now.", remedy="Give another --output, or wait."
        ) from error
    except FileExistsError as error:
        raise UsageError(f"{file} is there already.", remedy="Give another --output, or --force.") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.", remedy="Give another --output.") from error
