"""Bodies and definitions by the digest of their content: kept once, however often they are referred to.

What nothing refers to is collected (`referring`): a column that refers to contents has one of the names listed there.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence

from spheresync.errors import StateError
from spheresync.model import Digest, digest_of
from spheresync.state.connection import Reads, Writes

_LEVEL = 1  # JSON shrinks to a fifth at once; more costs time and gains little


class BlobReader:
    """Reads blobs."""

    def __init__(self, link: Reads) -> None:
        self._link = link

    async def get(self, digest: Digest) -> bytes:
        """One blob.

        Raises:
            StateError: it is not there.
        """
        row = await self._link.one("SELECT body FROM blobs WHERE digest = ?", (digest,))
        if row is None:
            raise StateError(f"The state holds no content {digest!r} that a row refers to.", remedy="Run sync --full.")
        return zlib.decompress(row[0])

    async def get_many(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """Those of the blobs that are there."""
        wanted = json.dumps(sorted(set(digests)))
        rows = await self._link.all(
            "SELECT digest, body FROM blobs WHERE digest IN (SELECT value FROM json_each(?))", (wanted,)
        )
        return {Digest(digest): zlib.decompress(body) for digest, body in rows}


class BlobWriter(BlobReader):
    """Writes blobs."""

    def __init__(self, link: Writes) -> None:
        super().__init__(link)
        self._writes = link

    async def put_many(self, bodies: Sequence[bytes]) -> list[Digest]:
        """Keep them; answers their digests in the same order."""
        digests = [digest_of(body) for body in bodies]
        fresh = dict(zip(digests, bodies, strict=True))
        known = await self._writes.all(
            "SELECT digest FROM blobs WHERE digest IN (SELECT value FROM json_each(?))", (json.dumps(sorted(fresh)),)
        )
        for (digest,) in known:
            del fresh[digest]
        if known:  # whoever collects what nothing refers to must not take them now
            await self._writes.execute_many("DELETE FROM unreferred WHERE digest = ?", known)
        await self._writes.execute_many(
            "INSERT INTO blobs (digest, size, body) VALUES (?, ?, ?)",
            [(digest, len(body), zlib.compress(body, _LEVEL)) for digest, body in fresh.items()],
        )
        return digests
