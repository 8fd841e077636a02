"""Bodies off the wire: decompressed under a byte cap, and told apart from bodies that ended early.

httpx2's own decoders take a gzip stream that stops in the middle for a whole one, so they are not used.
"""

from __future__ import annotations

import zlib

_STEP = 1 << 20
_GZIP = zlib.MAX_WBITS | 16


class BodyTooLargeError(Exception):
    """The body decompresses to more bytes than the cap."""


class BodyDamagedError(Exception):
    """The compressed stream is incomplete or does not decompress."""


class BodyReader:
    """Collects one body; `encoding` is the Content-Encoding, `cap` the most decompressed bytes to hold."""

    def __init__(self, encoding: str, cap: int) -> None:
        self._encoding = encoding.strip().lower()
        self._compressed = self._encoding in {"gzip", "x-gzip", "deflate"}
        self._cap = cap
        self._chunks: list[bytes] = []
        self._size = 0
        self._head = b""  # of a compressed body, until its format is known
        self._inflater: zlib._Decompress | None = None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the wire.

        Raises:
            BodyTooLargeError, BodyDamagedError: see the classes.
        """
        if not self._compressed:
            self._keep(chunk)
            return
        while chunk:
            if self._inflater is None or self._inflater.eof:  # a gzip body may have several members
                self._head += chunk
                if len(self._head) < 2:
                    return
                self._inflater, chunk, self._head = zlib.decompressobj(self._window()), self._head, b""
            self._keep(self._inflate(self._inflater, chunk))
            chunk = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail

    def finish(self) -> bytes:
        """The whole body.

        Raises:
            BodyTooLargeError: its last bytes go over the cap.
            BodyDamagedError: the compressed stream has not ended.
        """
        inflater = self._inflater
        while inflater is not None and not inflater.eof:
            rest = self._inflate(inflater, b"")  # output that did not fit the last step
            if not rest:
                raise BodyDamagedError("the compressed stream ended early")
            self._keep(rest)
        if self._head:
            raise BodyDamagedError("the compressed stream ended early")
        return b"".join(self._chunks)

    def _window(self) -> int:
        """What zlib is to expect: gzip, or deflate with its header, or as some servers send it without."""
        if self._encoding != "deflate":
            return _GZIP
        first, second = self._head[:2]
        with_header = first & 0x0F == 8 and (first << 8 | second) % 31 == 0
        return zlib.MAX_WBITS if with_header else -zlib.MAX_WBITS

    @staticmethod
    def _inflate(inflater: zlib._Decompress, chunk: bytes) -> bytes:
        try:
            return inflater.decompress(chunk, _STEP)
        except zlib.error as error:
            raise BodyDamagedError(str(error)) from error

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._cap:
            raise BodyTooLargeError
        self._chunks.append(data)
