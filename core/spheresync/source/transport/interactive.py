"""The token of a person who signed in with a browser: redeemed once, renewed with the refresh token from then on."""

from __future__ import annotations

from functools import partial

from spheresync.errors import SourceError, SourceFault
from spheresync.source.transport.claims import expiry_of, user_of
from spheresync.source.transport.oauth import Authorization, Token
from spheresync.source.transport.retry_policy import Clock
from spheresync.source.transport.signed_in import SIGN_IN_REMEDY, HeldSignIn, NotSignedIn, SharedSignIn, SignedIn
from spheresync.source.transport.token_endpoint import Grant, Refusal, TokenEndpoint

_CLIENT_REMEDY = (
    "Check datasphere.token_url, client_id and client_secret: they must be those of a client for interactive usage "
    "that has not expired."
)
_CODE_REMEDY = (
    "Run `spheresync login` again: a code is good once, for a short while, and for the redirect URI that it was asked "
    "for with."
)
_REFUSED = "the token server renews it no more: it was revoked, or its time is over"
_NOTHING_TO_RENEW = "its token ended, and the token server gave none to renew it with"
_ENDS_IN = ("refresh_expires_in", "refresh_token_expires_in")


class InteractiveSignIn(Authorization):
    """Uses and renews the sign-in that all processes of an installation share.

    A token is used for as long as the shared sign-in is what it came from: one that was removed counts no more at the
    next request, and a new one counts at once.
    """

    def __init__(self, endpoint: TokenEndpoint, shared: SharedSignIn, clock: Clock) -> None:
        super().__init__(clock, refusal_kept=0.0)  # the shared sign-in tells, and asking that costs nothing
        self._endpoint = endpoint
        self._shared = shared
        self._stamp: object = None

    def __repr__(self) -> str:
        return f"InteractiveSignIn(token_url={self._endpoint.url!r}, client_id={self._endpoint.client_id!r})"

    def describe(self) -> str:
        sign_in = self._shared.current()
        return f" {sign_in.user} is signed in." if isinstance(sign_in, SignedIn) else ""

    async def redeem(self, code: str, verifier: str, redirect_uri: str, held: HeldSignIn) -> SignedIn:
        """Exchange the code that a browser brought for tokens, and keep them.

        Raises:
            SourceError: the token server gave none; nothing was changed.
            StateError: they cannot be written down.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        kept: list[SignedIn] = []

        async def keep(grant: Grant) -> None:
            kept.append(self._signed_in(grant, None))
            await held.keep(kept[0])

        answered = await self._endpoint.ask(form, remedy=_CLIENT_REMEDY, keep=keep)
        if isinstance(answered, Refusal):
            error = answered.error
            remedy = _CODE_REMEDY if answered.of_grant else error.remedy
            raise SourceError(error.fault, error.message, remedy=remedy, status=error.status)
        return kept[0]

    def _still_counts(self) -> bool:
        return self._stamp == self._shared.stamp()

    async def _fetch(self, stale: Token | None) -> Token:
        self._stamp = self._shared.stamp()
        sign_in = self._shared.current()
        if (token := self._usable(sign_in, stale)) is not None:
            return token
        if isinstance(sign_in, NotSignedIn):
            raise _unauthorized(sign_in)
        token = await self._shared.alone(partial(self._renew_alone, stale))
        self._stamp = self._shared.stamp()
        return token

    def _usable(self, sign_in: SignedIn | NotSignedIn, stale: Token | None) -> Token | None:
        """The shared access token, unless it is the one that was refused, or is to be renewed."""
        if isinstance(sign_in, NotSignedIn) or (stale is not None and stale.value == sign_in.access_token):
            return None
        left = sign_in.renew_at - self._clock.wall().timestamp()
        if not 0 < left <= sign_in.renew_at - sign_in.obtained_at:  # longer than it ever was: a clock was set back
            return None
        return Token(sign_in.access_token, self._clock.monotonic() + left)

    async def _renew_alone(self, stale: Token | None, held: HeldSignIn) -> Token:
        sign_in = held.current
        if (token := self._usable(sign_in, stale)) is not None:
            return token
        if isinstance(sign_in, NotSignedIn):
            raise _unauthorized(sign_in)
        if sign_in.refresh_token is None:
            await held.end(_NOTHING_TO_RENEW)
            raise _unauthorized(held.current)

        async def keep(grant: Grant) -> None:
            await held.keep(self._signed_in(grant, sign_in))

        form = {"grant_type": "refresh_token", "refresh_token": sign_in.refresh_token}
        answered = await self._endpoint.ask(form, remedy=_CLIENT_REMEDY, keep=keep)
        if isinstance(answered, Refusal):
            if not answered.of_grant:
                raise answered.error
            await held.end(_REFUSED)
            raise _unauthorized(held.current)
        return Token(answered.access_token, answered.sent_at + answered.usable)

    def _signed_in(self, grant: Grant, former: SignedIn | None) -> SignedIn:
        now = self._clock.wall().timestamp()
        ends_at = expiry_of(grant.refresh_token) or _ends_at(grant, now)
        if former is not None and grant.refresh_token in {None, former.refresh_token}:
            ends_at = ends_at or former.ends_at
        elapsed = self._clock.monotonic() - grant.sent_at
        return SignedIn(
            user=former.user if former is not None else user_of((grant.id_token, grant.access_token)),
            signed_in_at=former.signed_in_at if former is not None else now,
            access_token=grant.access_token,
            obtained_at=now - elapsed,
            renew_at=now - elapsed + grant.usable,
            refresh_token=grant.refresh_token or (former.refresh_token if former is not None else None),
            ends_at=ends_at,
        )


def _ends_at(grant: Grant, now: float) -> float | None:
    told = (grant.document.get(name) for name in _ENDS_IN)
    seconds = next((each for each in told if isinstance(each, int | float) and not isinstance(each, bool)), None)
    return now + seconds if seconds is not None and 0 < seconds < 1e10 else None


def _unauthorized(sign_in: SignedIn | NotSignedIn) -> SourceError:
    told = sign_in if isinstance(sign_in, NotSignedIn) else NotSignedIn("Nobody is signed in.", SIGN_IN_REMEDY)
    return SourceError(SourceFault.UNAUTHORIZED, told.message, remedy=told.remedy)
