"""One request over the wire: slot, permit, send, read the body. No retries, no judgement of the status.

Every byte that leaves for the tenant, token requests included, passes `Wire.exchange`: it is the one place where
requests are counted, limited to ten at once, and paid for from the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType

import anyio
import httpx2

from spheresync.errors import SourceError, SourceFault
from spheresync.redaction import quoted
from spheresync.source.protocol import SourceUsage
from spheresync.source.transport.decompression import BodyDamagedError, BodyReader, BodyTooLargeError
from spheresync.source.transport.request_budget import RequestBudget
from spheresync.source.transport.retry_policy import Clock, Deadline
from spheresync.source.transport.transports import Transports

IN_FLIGHT = 10  # CONTRACT.md: never more than 10 at once
BODY_CAP = 64 * 1024 * 1024
_EXTENSIONS = {"timeout": httpx2.Timeout(connect=10.0, read=30.0, write=30.0, pool=60.0).as_dict()}
_HEADERS = {"accept-encoding": "gzip, deflate", "accept-language": "en", "user-agent": "spheresync"}
_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}


@dataclass(slots=True)
class _Counters:
    """The figures of `SourceUsage` while they grow."""

    requests: int = 0
    token_requests: int = 0
    bytes_received: int = 0
    retries: int = 0
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer, whatever its status; `sent_at` is the clock's moment of sending."""

    status: int
    headers: httpx2.Headers
    body: bytes
    url: str
    sent_at: float

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Transient(Exception):  # noqa: N818 -- a signal to the retry loop, never seen outside this package
    """An attempt that may succeed when repeated; `error` is what to raise once it is given up."""

    def __init__(self, error: SourceError, sent_at: float, *, retry_after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.sent_at = sent_at
        self.retry_after = retry_after


class Wire:
    """One pool of connections. Use as an async context manager; `transport` replaces the network in dog and in tests.

    Speaks to the transport and not through `httpx2.AsyncClient`: that costs a third more a request, for redirects and
    cookies, which must not be followed and kept here (a login page's session cookie would turn the next bearer request
    into a browser session).
    """

    def __init__(
        self,
        *,
        budget: RequestBudget,
        clock: Clock,
        deadline: Deadline,
        transport: httpx2.AsyncBaseTransport | None = None,
        body_cap: int = BODY_CAP,
    ) -> None:
        self._usage = _Counters()
        self._budget = budget
        self._clock = clock
        self._deadline = deadline
        self._body_cap = body_cap
        self._slots = anyio.Semaphore(IN_FLIGHT, fast_acquire=True)
        self._lanes = list(range(IN_FLIGHT))  # those that are free; the last one used is taken first
        self._transports = Transports(transport)

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self._transports.close()

    def count(self, *, retries: int = 0, throttled: int = 0, token_requests: int = 0) -> None:
        """Add to the usage what only the retry loop and the token know."""
        self._usage.retries += retries
        self._usage.throttled += throttled
        self._usage.token_requests += token_requests

    @property
    def usage(self) -> SourceUsage:
        """What was asked so far; a value that does not change afterwards."""
        return SourceUsage(**asdict(self._usage))

    async def exchange(
        self,
        method: str,
        url: httpx2.URL | str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        time_limit: Callable[[], float],
        anew: bool = False,
    ) -> Answer:
        """Send one request and read its answer; `time_limit()` gives the seconds from sending to the body's end.

        `anew`: not on a connection that was kept open.

        Raises:
            Transient: UNREACHABLE (connection, timeout) or TRUNCATED (the body ended early).
            SourceError: TOO_LARGE, WRONG_SHAPE (an encoding nobody asked for), THROTTLED (no permit in time).
        """
        request = _request(method, httpx2.URL(url), {**_HEADERS, **headers}, content)
        async with self._slots:
            try:
                await self._budget.take(self._deadline.at)
            except TimeoutError as error:
                raise SourceError(
                    SourceFault.THROTTLED,
                    f"The request budget had no room for {_shown(request)} before the run's deadline.",
                    remedy="Raise datasphere.max_requests_per_minute or sync fewer assets at once.",
                ) from error
            sent_at = self._clock.monotonic()
            self._usage.requests += 1
            lane = self._lanes.pop()
            try:
                way = self._transports.towards(request.url, lane=lane, anew=anew)
                return await self._send(request, way, sent_at, time_limit())
            finally:
                self._lanes.append(lane)

    async def _send(
        self, request: httpx2.Request, way: httpx2.AsyncBaseTransport, sent_at: float, time_limit: float
    ) -> Answer:
        response: httpx2.Response | None = None
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + time_limit):
                response = await way.handle_async_request(request)
                body = await self._read(request, response)
                return Answer(response.status_code, response.headers, body, str(request.url), sent_at)
            raise TimeoutError(f"not whole within {time_limit:g} s")
        except (httpx2.RemoteProtocolError, httpx2.ReadError, BodyDamagedError) as error:
            fault = SourceFault.UNREACHABLE if response is None else SourceFault.TRUNCATED
            raise Transient(_broken(fault, _shown(request), error), sent_at) from error
        except (TimeoutError, httpx2.TransportError) as error:
            raise Transient(_broken(SourceFault.UNREACHABLE, _shown(request), error), sent_at) from error

    async def _read(self, request: httpx2.Request, response: httpx2.Response) -> bytes:
        """The whole body, decompressed; the connection is free for the next request, or closed, in any case."""
        stream = response.stream
        assert isinstance(stream, httpx2.AsyncByteStream)
        encoding = response.headers.get("content-encoding", "").strip().lower()
        received = 0
        try:
            if encoding not in _ENCODINGS:
                raise _unasked(request, encoding)
            reader = BodyReader(encoding, self._body_cap)
            async for chunk in stream:
                received += len(chunk)
                reader.feed(chunk)
            body = reader.finish()
        except BodyTooLargeError as error:
            raise SourceError(
                SourceFault.TOO_LARGE,
                f"The answer to {_shown(request)} is larger than {self._body_cap} bytes.",
                remedy="No definition is that large; look at what the URL serves.",
                status=response.status_code,
            ) from error
        finally:
            self._received(received)
            with anyio.CancelScope(shield=True):
                await stream.aclose()
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) != received and "transfer-encoding" not in response.headers:
            raise BodyDamagedError(f"{received} of {declared} bytes came")
        return body

    def _received(self, size: int) -> None:
        self._usage.bytes_received += size


def _request(method: str, url: httpx2.URL, headers: Mapping[str, str], content: bytes | None) -> httpx2.Request:
    """A request. One without a body is given all its headers, as working out what else it may need takes as long again
    as all the rest of it.
    """
    if content is not None:
        return httpx2.Request(method, url, headers=headers, content=content, extensions=_EXTENSIONS)
    headers = {"host": url.netloc.decode("ascii"), **headers}
    return httpx2.Request(method, url, headers=headers, stream=httpx2.ByteStream(b""), extensions=_EXTENSIONS)


def _unasked(request: httpx2.Request, encoding: str) -> SourceError:
    return SourceError(
        SourceFault.WRONG_SHAPE,
        f"{_shown(request)} was answered in the encoding {quoted(encoding, 100)!r}, which was not asked for.",
        remedy="Check the proxy between this machine and the tenant.",
    )


def _shown(request: httpx2.Request) -> str:
    """A request as messages name it: without its query, which may carry what a proxy added."""
    return f"{request.method} {request.url.copy_with(query=None)}"


def _broken(fault: SourceFault, shown: str, error: Exception) -> SourceError:
    detail = quoted(str(error), 300) or type(error).__name__
    if fault is SourceFault.TRUNCATED:
        return SourceError(
            fault,
            f"The answer to {shown} ended early ({detail}).",
            remedy="Try again, then look at proxies.",
        )
    return SourceError(
        fault,
        f"{shown} got no answer ({detail}).",
        remedy="Check datasphere.base_url, the network and the proxy, then try again.",
    )
