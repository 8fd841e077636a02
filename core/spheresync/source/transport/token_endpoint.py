"""The token endpoint of OAuth 2.0: one request for tokens, whatever the grant (datasphere-api.md 1.3, 1.4)."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlencode

import anyio

from spheresync.config.tenant import derive_token_url
from spheresync.errors import ConfigurationError, SourceError, SourceFault
from spheresync.model.json_document import read_json
from spheresync.redaction import conceal, conceal_for_now, quoted
from spheresync.source.transport.origin import trusted_url
from spheresync.source.transport.response_faults import judge
from spheresync.source.transport.retry_loop import RetryLoop
from spheresync.source.transport.retry_policy import Clock
from spheresync.source.transport.wire import Answer, Wire

SKEW = 10.0  # seconds before its end at which a token is renewed, as SAP's own CLI does
_ERROR_CODE = re.compile(r"[a-z][a-z0-9_.\-]{0,63}", re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_LONGEST_ANSWER = 1024 * 1024  # bytes; what is longer is no answer of a token server
_SHORTEST, _LONGEST = 1.0, 86_400.0
_NO_SUCH_GRANT = frozenset({"invalid_grant", "invalid_token"})


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """Tokens as they were answered.

    `usable` is for how many seconds from `sent_at` on, a moment of the monotonic clock, the access token is used.
    `document` holds what else was said, no token among it.
    """

    access_token: str
    usable: float
    sent_at: float
    refresh_token: str | None
    id_token: str | None
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the token server said no to, and as which error that is told."""

    code: str
    error: SourceError

    @property
    def of_grant(self) -> bool:
        """Whether the code or the refresh token is worth nothing any more, and not the client."""
        return self.code in _NO_SUCH_GRANT


class _Manner(Enum):
    """How client id and secret are sent."""

    BASIC = "basic"
    BODY = "body"


class TokenEndpoint:
    """Asks one token server as one client; a client without a secret is a public one, which sends its id alone.

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
        self.url = str(trusted_url(url, setting="datasphere.token_url"))
        self.client_id = client_id
        self._client_secret = client_secret
        pair = f"{client_id}:{client_secret}"
        self._basic = base64.b64encode(pair.encode()).decode("ascii")
        if client_secret:
            conceal((client_secret, pair, self._basic))
        self._wire = wire
        self._retry_loop = retry_loop
        self._clock = clock
        self._manner = _Manner.BASIC if client_secret else _Manner.BODY

    async def ask(
        self, form: Mapping[str, str], *, remedy: str, keep: Callable[[Grant], Awaitable[None]] | None = None
    ) -> Grant | Refusal:
        """Ask for tokens; again after a fault that may pass, and once more with the secret sent the other way.

        `keep` is told of the tokens before anybody can be interrupted: what was answered once may be answered to
        nobody again, so from the sending on to the end of `keep` nothing is cancelled.

        Raises:
            SourceError: no answer that can be read; a refusal is answered.
        """
        first = await self._ask(self._manner, form, remedy, keep)
        if not isinstance(first, Refusal) or not self._client_secret or first.error.status not in {400, 401}:
            return first
        if first.of_grant and form["grant_type"] != "client_credentials":
            return first
        other = _Manner.BODY if self._manner is _Manner.BASIC else _Manner.BASIC
        second = await self._ask(other, form, remedy, keep)
        if isinstance(second, Refusal):
            return first
        self._manner = other
        return second

    async def _ask(
        self,
        manner: _Manner,
        form: Mapping[str, str],
        remedy: str,
        keep: Callable[[Grant], Awaitable[None]] | None,
    ) -> Grant | Refusal:
        form = {**form, "response_type": "token"}
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
            "x-sap-sac-custom-auth": "true",
        }
        if manner is _Manner.BODY:
            form |= {"client_id": self.client_id}
            form |= {"client_secret": self._client_secret} if self._client_secret else {}
        else:
            headers["authorization"] = f"Basic {self._basic}"
        content = urlencode(form).encode("ascii")

        async def attempt() -> Grant | Refusal:
            with anyio.CancelScope() as uninterrupted:

                def from_sending_on() -> float:
                    uninterrupted.shield = keep is not None  # not before: the wait for a permit can be cancelled
                    return self._retry_loop.time_limit()

                answered = self._read(await self._send(headers, content, from_sending_on), remedy)
                if keep is not None and isinstance(answered, Grant):
                    await keep(answered)
            return answered

        return await self._retry_loop.persist(attempt, useful=False)

    async def _send(self, headers: Mapping[str, str], content: bytes, time_limit: Callable[[], float]) -> Answer:
        self._wire.count(token_requests=1)
        answer = await self._wire.exchange("POST", self.url, headers=headers, content=content, time_limit=time_limit)
        return answer if 400 <= answer.status < 500 and answer.status not in {408, 429} else judge(answer, self._clock)

    def _read(self, answer: Answer, remedy: str) -> Grant | Refusal:
        document = _parse(answer.body)
        if answer.status != 200:
            return self._refusal(answer, document or {}, remedy)
        for name, text in (document or {}).items():
            if name.endswith("_token") and isinstance(text, str):  # refresh and id tokens too
                conceal_for_now(text)
        value = document.get("access_token") if document else None
        if document is None or not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise SourceError(
                SourceFault.WRONG_SHAPE,
                f"The token server {self.url} answered without a usable access_token.",
                remedy="Check datasphere.token_url.",
            )
        lifetime = _seconds(document.get("expires_in"))
        return Grant(
            access_token=value,
            usable=min(_LONGEST, max(lifetime - SKEW, lifetime / 2, _SHORTEST)),
            sent_at=answer.sent_at,
            refresh_token=_token(document.get("refresh_token")),
            id_token=_token(document.get("id_token")),
            document={name: value for name, value in document.items() if not name.endswith("_token")},
        )

    def _refusal(self, answer: Answer, document: Mapping[str, object], remedy: str) -> Refusal:
        code = document.get("error")
        told = isinstance(code, str) and _ERROR_CODE.fullmatch(code) is not None
        told = told and not (self._client_secret and self._client_secret in str(code))
        named = f" {quoted(str(code), 64)}" if told else ""
        error = SourceError(
            SourceFault.UNAUTHORIZED,
            f"The token server {self.url} refused the client ({answer.status}{named}).",
            remedy=remedy,
            status=answer.status,
        )
        return Refusal(str(code) if told else "", error)


def _token(value: object) -> str | None:
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


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
