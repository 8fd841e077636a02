"""The one door to the tenant: authorised, pinned to its origin, budgeted, retried, and every fault told apart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import TypeVar

import httpx2

from spheresync.errors import SourceError, SourceFault
from spheresync.observe.spans import Attributes, span
from spheresync.source.protocol import SourceUsage
from spheresync.source.transport.interactive import InteractiveSignIn
from spheresync.source.transport.oauth import Authorization, ClientCredentials, Token
from spheresync.source.transport.origin import Origin
from spheresync.source.transport.request_budget import RequestBudget
from spheresync.source.transport.response_faults import judge, require_type
from spheresync.source.transport.retry_loop import RetryLoop
from spheresync.source.transport.retry_policy import Clock, Deadline, RetryPolicy
from spheresync.source.transport.signed_in import SharedSignIn
from spheresync.source.transport.token_endpoint import TokenEndpoint
from spheresync.source.transport.wire import BODY_CAP, Answer, Transient, Wire

JSON = "application/json"
_ODATA = {"odata-maxversion": "4.0"}  # its spelling of control members; without it a server answers in its newest
XML = "application/xml"  # $metadata answers 406 to anything else (reference: datasphere-api.md 2.4)

_T = TypeVar("_T")
_DURATION = "spheresync.datasphere.request.duration"
_STATUS = "http.response.status_code"
_TOLD_APART = ("spheresync.content", _STATUS)


@dataclass(frozen=True, slots=True)
class Response:
    """A useful answer: status 200, the whole body, decompressed."""

    status: int
    headers: httpx2.Headers
    body: bytes
    url: str


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """Client id and secret; `token_url` None to derive it from the tenant's host.

    `sign_in` is what a person's sign-in left behind; without one the client is that of a technical user.
    """

    client_id: str
    client_secret: str
    token_url: str | None = None
    sign_in: SharedSignIn | None = None

    def __repr__(self) -> str:
        return f"Login(client_id={self.client_id!r}, token_url={self.token_url!r})"


class TenantHttp:
    """Reads from one tenant. Use as an async context manager, for one run.

    `give_up_after` in seconds (datasphere.give_up_after); `body_cap` in decompressed bytes. Conditional requests are
    left out: no ETag was ever seen on this API (reference: datasphere-api.md 6), and a 304 costs the same permit.

    Raises:
        ConfigurationError: base or token URL cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        login: Login,
        *,
        budget: RequestBudget,
        deadline: Deadline | None = None,
        give_up_after: float = 60.0,
        policy: RetryPolicy | None = None,
        clock: Clock | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        body_cap: int = BODY_CAP,
    ) -> None:
        clock, deadline = clock or Clock(), deadline or Deadline()
        self._origin = Origin.parse(base_url, setting="datasphere.base_url")
        self._clock = clock
        self._wire = Wire(
            budget=budget,
            clock=clock,
            deadline=deadline,
            transport=transport,
            body_cap=body_cap,
        )
        self._retry_loop = RetryLoop(
            self._wire, policy=policy or RetryPolicy(), clock=clock, deadline=deadline, give_up_after=give_up_after
        )
        endpoint = TokenEndpoint(
            client_id=login.client_id,
            client_secret=login.client_secret,
            base_url=base_url,
            token_url=login.token_url,
            wire=self._wire,
            retry_loop=self._retry_loop,
            clock=clock,
        )
        self.signed_in = None if login.sign_in is None else InteractiveSignIn(endpoint, login.sign_in, clock)
        self.auth: Authorization = self.signed_in or ClientCredentials(endpoint, clock)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> TenantHttp:
        await self._stack.enter_async_context(self._wire)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def usage(self) -> SourceUsage:
        """What was asked of the tenant so far."""
        return self._wire.usage

    @property
    def gave_up(self) -> bool:
        """Whether the tenant as a whole is given up; the rest of a run need not ask any more."""
        return self._retry_loop.gave_up

    def resolve(self, url_or_path: str, *, against: str | None = None) -> str:
        """The absolute URL that a request for `url_or_path` would go to.

        Raises:
            SourceError: FOREIGN_ORIGIN or WRONG_SHAPE.
        """
        return str(self._origin.resolve(url_or_path, against=against))

    async def get(self, url_or_path: str, *, accept: str) -> Response:
        """GET a URL of the tenant, absolute or relative to the base URL.

        Raises:
            SourceError: no usable answer, after all retries that fit the fault.
        """
        return await self.read(url_or_path, accept=accept, decode=lambda response: response)

    async def read(
        self, url_or_path: str, *, accept: str, decode: Callable[[Response], _T], patient: bool = False
    ) -> _T:
        """GET and decode. A `decode` that raises TRUNCATED makes the request to be tried again.

        `patient` as of `RetryLoop.persist`.

        Raises:
            SourceError: as `get`, or what `decode` raised.
        """
        url = self._origin.resolve(url_or_path)
        content = "catalog" if accept == JSON else "definition"
        about: Attributes = {"http.request.method": "GET", "spheresync.content": content}
        with span(f"datasphere.{content}", about, duration=_DURATION, by=_TOLD_APART, outgoing=True) as told:
            attempts = count(1)

            async def attempt() -> _T:
                number = next(attempts)
                told.note({"spheresync.attempts": number})
                return await self._attempt(url, accept, decode, again=number > 1)

            try:
                answer = await self._retry_loop.persist(
                    attempt, patient=patient, document=None if patient else str(url)
                )
            except SourceError as error:
                if error.status is not None:
                    told.note({_STATUS: error.status})
                raise
            told.note({_STATUS: 200})
            return answer

    async def _attempt(self, url: httpx2.URL, accept: str, decode: Callable[[Response], _T], *, again: bool) -> _T:
        token = await self.auth.token()
        answer = await self._send(url, accept, token, anew=again)
        if answer.status == 401:
            answer = await self._send(url, accept, await self.auth.refresh(token))
        try:
            require_type(judge(answer, self._clock), accept)
            return decode(Response(answer.status, answer.headers, answer.body, answer.url))
        except SourceError as error:
            if error.fault is SourceFault.TRUNCATED:
                raise Transient(error, answer.sent_at) from error
            if error.fault is SourceFault.UNAUTHORIZED:
                self._retry_loop.note_refusal(error, answer.sent_at)
            raise

    async def _send(self, url: httpx2.URL, accept: str, token: Token, *, anew: bool = False) -> Answer:
        return await self._wire.exchange(
            "GET",
            url,
            headers={**_ODATA, "accept": accept, "authorization": f"Bearer {token.value}"},
            time_limit=self._retry_loop.time_limit,
            anew=anew,
        )
