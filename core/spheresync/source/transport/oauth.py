"""OAuth 2.0 client credentials of a technical user (reference: datasphere-api.md 1.1 to 1.4).

The token lives in memory only. However many requests need one at once, one request fetches it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlencode

import anyio

from spheresync.config.tenant import derive_token_url
from spheresync.errors import ConfigurationError, SourceError, SourceFault
from spheresync.model.json_document import read_json
from spheresync.observe.spans import span
from spheresync.redaction import conceal, conceal_for_now, quoted
from spheresync.source.transport.origin import trusted_url
from spheresync.source.transport.response_faults import judge
from spheresync.source.transport.retry_loop import RetryLoop
from spheresync.source.transport.retry_policy import Clock
from spheresync.source.transport.wire import Answer, Wire

_ERROR_CODE = re.compile(r"[a-z][a-z0-9_.\-]{0,63}", re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")

SKEW = 10.0  # seconds before its end at which a token is renewed, as SAP's own CLI does
_LONGEST_ANSWER = 1024 * 1024  # bytes; what is longer is no answer of a token server
_SHORTEST, _LONGEST = 1.0, 86_400.0
_DURATION = "spheresync.datasphere.token.duration"
_REFUSAL_KEPT = 30.0  # seconds for which a "no" of the token server is not asked for again


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A bearer token and the moment, in seconds of the monotonic clock, from which it is renewed."""

    value: str
    renew_at: float

    def __repr__(self) -> str:
        return f"Token(renew_at={self.renew_at})"


class _Manner(Enum):
    """How client id and secret are sent."""

    BASIC = "basic"
    BODY = "body"


class ClientCredentials:
    """Fetches and renews the token of one technical user.

    Raises:
        ConfigurationError: no token URL is given and none can be derived, or it is plain http to another machine.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        base_url: str,
        token_url: str | None,
        wire: Wire,
        retry_loop: RetryLoop,
        clock: Clock,
    ) -> None:
        url = token_url or derive_token_url(base_url)
        if url is None:
            raise ConfigurationError(
                ("datasphere.token_url: needed; copy it from System > Administration > App Integration in Datasphere",)
            )
        self._url = str(trusted_url(url, setting="datasphere.token_url"))
        self._client_id = client_id
        self._client_secret = client_secret
        pair = f"{client_id}:{client_secret}"
        self._basic = base64.b64encode(pair.encode()).decode("ascii")
        conceal((client_secret, pair, self._basic))
        self._wire = wire
        self._retry_loop = retry_loop
        self._clock = clock
        self._manner = _Manner.BASIC
        self._token: Token | None = None
        self._lock = anyio.Lock()
        self._failures = 0
        self._refused: tuple[float, SourceError] | None = None  # until when the last failure stands for a new try

    def __repr__(self) -> str:
        return f"ClientCredentials(token_url={self._url!r}, client_id={self._client_id!r})"

    async def token(self) -> Token:
        """A token that is good now; fetched if there is none.

        Raises:
            SourceError: UNAUTHORIZED if the token server says no; else as any request.
        """
        token = self._token
        if token is not None and self._clock.monotonic() < token.renew_at:
            return token
        return await self._renew(token)

    async def refresh(self, used: Token) -> Token:
        """A token other than `used`, which the tenant refused; fetched unless somebody else has done so already.

        Raises:
            SourceError: as `token`.
        """
        return await self._renew(used)

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
                    self._token = await self._fetch()
            except SourceError as error:
                self._failures += 1
                definitive = error.fault is SourceFault.UNAUTHORIZED
                self._refused = (self._clock.monotonic() + (_REFUSAL_KEPT if definitive else 0.0), error)
                raise
            self._refused = None
            return self._token

    async def _fetch(self) -> Token:
        other = _Manner.BODY if self._manner is _Manner.BASIC else _Manner.BASIC
        answer = await self._ask(self._manner)
        if answer.status in {400, 401}:
            second = await self._ask(other)
            if second.status == 200:
                self._manner, answer = other, second
        if answer.status != 200:
            raise self._refusal(answer)
        return self._read(answer)

    async def _ask(self, manner: _Manner) -> Answer:
        form = {"grant_type": "client_credentials", "response_type": "token"}
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            "x-sap-sac-custom-auth": "true",
        }
        if manner is _Manner.BODY:
            form |= {"client_id": self._client_id, "client_secret": self._client_secret}
        else:
            headers["authorization"] = f"Basic {self._basic}"
        content = urlencode(form).encode("ascii")
        return await self._retry_loop.persist(lambda: self._attempt(headers, content), useful=False)

    async def _attempt(self, headers: Mapping[str, str], content: bytes) -> Answer:
        self._wire.count(token_requests=1)
        answer = await self._wire.exchange(
            "POST", self._url, headers=headers, content=content, time_limit=self._retry_loop.time_limit
        )
        return answer if 400 <= answer.status < 500 and answer.status not in {408, 429} else judge(answer, self._clock)

    def _refusal(self, answer: Answer) -> SourceError:
        document = _parse(answer.body)
        code = document.get("error") if document else None
        named = ""
        if isinstance(code, str) and _ERROR_CODE.fullmatch(code) and self._client_secret not in code:
            named = f" {quoted(code, 64)}"
        return SourceError(
            SourceFault.UNAUTHORIZED,
            f"The token server {self._url} refused the client ({answer.status}{named}).",
            remedy="Check datasphere.token_url, client_id and client_secret; a technical user's client expires,"
            " by default after 3 months, and gets a new secret on renewal.",
            status=answer.status,
        )

    def _read(self, answer: Answer) -> Token:
        document = _parse(answer.body)
        for name, text in (document or {}).items():
            if name.endswith("_token") and isinstance(text, str):  # refresh and id tokens too, which nobody asked for
                conceal_for_now(text)
        value = document.get("access_token") if document else None
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise SourceError(
                SourceFault.WRONG_SHAPE,
                f"The token server {self._url} answered without a usable access_token.",
                remedy="Check datasphere.token_url.",
            )
        lifetime = _seconds(document.get("expires_in")) if document else 0.0
        usable = min(_LONGEST, max(lifetime - SKEW, lifetime / 2, _SHORTEST))
        return Token(value, answer.sent_at + usable)


def _parse(body: bytes) -> dict[str, object] | None:
    if len(body) > _LONGEST_ANSWER:
        return None
    try:
        document = read_json(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _seconds(value: object) -> float:
    """`expires_in` as served: a number, a number in quotes, or unusable and then nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return seconds if 0 < seconds < float("inf") else 0.0
