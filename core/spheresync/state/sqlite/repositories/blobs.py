"""Bodies and definitions by the digest of their content: kept once, however often they are referred to.

A content is held against its digest whenever it is read. One that does not fit counts as not there, and is written anew
by whoever puts it again. What nothing refers to is collected (`referring`): a column that refers to contents has one of
the names listed there.
"""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Iterable, Mapping, Sequence

import anyio.to_thread

from spheresync.errors import StateError
from spheresync.model import Digest, digest_of
from spheresync.state.cell_encoding import LARGEST_CELL
from spheresync.state.sqlite.connection import ReadConnection, WriteConnection

log = logging.getLogger(__name__)

_LEVEL = 1  # JSON shrinks to a fifth at once; more costs time and gains little


def whole(digest: str, size: int, body: bytes) -> bytes | None:
    """What a stored content holds, None where that is not what the digest is of, or not of the size that is noted."""
    content = _inflated(body, size)
    return content if content is not None and digest_of(content) == digest else None


def _inflated(body: bytes, size: int) -> bytes | None:
    """What was compressed, None where that is not of this size: whatever it says, no more of it is made."""
    if not 0 <= size <= LARGEST_CELL:
        return None
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(body, size + 1)  # so that the end of the stream is read too, and more is seen
    except (zlib.error, TypeError):  # no bytes
        return None
    return content if inflater.eof and len(content) == size else None


class BlobReader:
    """Reads blobs."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def get(self, digest: Digest) -> bytes:
        row = await self._connection.one("SELECT size, body FROM blobs WHERE digest = ?", (digest,))
        content = None if row is None else whole(digest, *row)
        if content is None:
            what = "holds no content" if row is None else "holds a damaged content"
            raise StateError(f"The state {what} {digest!r} that a row refers to.", remedy="Run sync --full.")
        return content

    async def get_many(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        wanted = json.dumps(sorted(set(digests)))
        rows = await self._connection.all(
            "SELECT digest, size, body FROM blobs WHERE digest IN (SELECT value FROM json_each(?))", (wanted,)
        )
        found = await anyio.to_thread.run_sync(_whole_ones, rows)
        if len(found) < len(rows):
            damaged = [digest for digest, *_ in rows if digest not in found]
            log.warning("%d contents of the state are damaged and count as lost: %s", len(damaged), damaged[:5])
        return found


class BlobWriter(BlobReader):
    """Writes blobs."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def put_many(self, bodies: Sequence[bytes]) -> list[Digest]:
        digests = [digest_of(body) for body in bodies]
        await self.put(dict(zip(digests, bodies, strict=True)))
        return digests

    async def put(self, contents: Mapping[Digest, bytes]) -> None:
        rows = await self._writer.all(
            "SELECT digest, size, body FROM blobs WHERE digest IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(contents)),),
        )
        known, added = await anyio.to_thread.run_sync(_known_and_added, rows, contents)
        if known:  # whoever collects what nothing refers to must not take them now
            await self._writer.execute_many("DELETE FROM unreferred WHERE digest = ?", known)
        await self._writer.execute_many("INSERT OR REPLACE INTO blobs (digest, size, body) VALUES (?, ?, ?)", added)


def _known_and_added(
    rows: Sequence[tuple[str, int, bytes]], contents: Mapping[Digest, bytes]
) -> tuple[list[tuple[str]], list[tuple[str, int, bytes]]]:
    """The digests that are kept already, and the rows of what is not or not whole; `rows` are those that there are."""
    known = [(digest,) for digest, size, body in rows if _inflated(body, size) == contents[Digest(digest)]]
    there = {digest for (digest,) in known}
    fresh = ((digest, body) for digest, body in contents.items() if digest not in there)
    return known, [(digest, len(body), zlib.compress(body, _LEVEL)) for digest, body in fresh]


def _whole_ones(rows: Sequence[tuple[str, int, bytes]]) -> dict[Digest, bytes]:
    found = ((digest, whole(digest, size, body)) for digest, size, body in rows)
    return {Digest(digest): content for digest, content in found if content is not None}
