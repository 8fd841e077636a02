"""The bearer token of requests, renewed when it is due, and that of a technical user (datasphere-api.md 1.1 to 1.4).

However many requests need a token at once, one request fetches it. The one of a technical user lives in memory only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import anyio

from spheresync.errors import SourceError, SourceFault
from spheresync.observe.spans import span
from spheresync.source.transport.retry_policy import Clock
from spheresync.source.transport.token_endpoint import Refusal, TokenEndpoint

_DURATION = "spheresync.datasphere.token.duration"
_REFUSAL_KEPT = 30.0  # seconds for which a "no" of the token server is not asked for again
_REMEDY = (
    "Check datasphere.token_url, client_id and client_secret; a technical user's client expires,"
    " by default after 3 months, and gets a new secret on renewal."
)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A bearer token and the moment, in seconds of the monotonic clock, from which it is renewed."""

    value: str
    renew_at: float

    def __repr__(self) -> str:
        return f"Token(renew_at={self.renew_at})"


class Authorization(ABC):
    """Has a token ready for each request. `refusal_kept`: seconds for which a refusal stands for a new try."""

    def __init__(self, clock: Clock, *, refusal_kept: float) -> None:
        self._clock = clock
        self._refusal_kept = refusal_kept
        self._token: Token | None = None
        self._lock = anyio.Lock()
        self._failures = 0
        self._refused: tuple[float, SourceError] | None = None  # until when the last failure stands for a new try

    async def token(self) -> Token:
        """A token that is good now; fetched if there is none.

        Raises:
            SourceError: UNAUTHORIZED if nobody is let in; else as any request.
        """
        token = self._token
        if token is not None and self._clock.monotonic() < token.renew_at and self._still_counts():
            return token
        return await self._renew(token)

    async def refresh(self, used: Token) -> Token:
        """A token other than `used`, which the tenant refused; fetched unless somebody else has done so already.

        Raises:
            SourceError: as `token`.
        """
        return await self._renew(used)

    def describe(self) -> str:
        """As whom requests are made, for a person who tests the connection; nothing where that is plain."""
        return ""

    def _still_counts(self) -> bool:
        """Whether a token that is in time may be used."""
        return True

    @abstractmethod
    async def _fetch(self, stale: Token | None) -> Token:
        """A token other than `stale`.

        Raises:
            SourceError: as `token`.
        """

    async def _renew(self, stale: Token | None) -> Token:
        failures = self._failures
        async with self._lock:
            if self._token is not None and self._token is not stale:
                return self._token
            if self._refused is not None:
                until, error = self._refused
                if failures != self._failures or self._clock.monotonic() < until:
                    # Whoever waited for the fetch that failed shares its outcome.
                    raise SourceError(error.fault, error.message, remedy=error.remedy, status=error.status)
            self._token = None
            try:
                with span("datasphere.token", {}, duration=_DURATION, outgoing=True):
                    self._token = await self._fetch(stale)
            except SourceError as error:
                self._failures += 1
                definitive = error.fault is SourceFault.UNAUTHORIZED
                self._refused = (self._clock.monotonic() + (self._refusal_kept if definitive else 0.0), error)
                raise
            self._refused = None
            return self._token


class ClientCredentials(Authorization):
    """Fetches and renews the token of one technical user."""

    def __init__(self, endpoint: TokenEndpoint, clock: Clock) -> None:
        super().__init__(clock, refusal_kept=_REFUSAL_KEPT)
        self._endpoint = endpoint

    def __repr__(self) -> str:
        return f"ClientCredentials(token_url={self._endpoint.url!r}, client_id={self._endpoint.client_id!r})"

    async def _fetch(self, stale: Token | None) -> Token:  # noqa: ARG002 -- another one is answered each time
        answered = await self._endpoint.ask({"grant_type": "client_credentials"}, remedy=_REMEDY)
        if isinstance(answered, Refusal):
            raise answered.error
        return Token(answered.access_token, answered.sent_at + answered.usable)
