"""What is known of a person's sign-in, and the port under which all processes of an installation share it.

One refresh token is good for one renewal where the server rotates it: so whoever renews does it alone, and the others
take what came of it. The implementation that sees to that lives with the state.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")

SIGN_IN_REMEDY = "Run `spheresync login`; whatever waits goes on by itself then."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SignedIn:
    """A sign-in that may be used. `user` is who it was, masked; moments are seconds since the epoch."""

    user: str
    signed_in_at: float
    access_token: str
    obtained_at: float
    renew_at: float
    refresh_token: str | None
    ends_at: float | None  # of the refresh token, where its server tells

    def __repr__(self) -> str:
        return f"SignedIn(user={self.user!r}, renew_at={self.renew_at})"


@dataclass(frozen=True, slots=True)
class NotSignedIn:
    """Why nobody is signed in, and what to do about it."""

    message: str
    remedy: str = SIGN_IN_REMEDY


class HeldSignIn(Protocol):
    """The sign-in while nobody else may change it."""

    @property
    def current(self) -> SignedIn | NotSignedIn:
        """As it is now, whoever wrote it."""
        ...

    async def keep(self, sign_in: SignedIn) -> None:
        """Remember it from now on, for every process.

        Raises:
            StateError: it cannot be written down.
        """
        ...

    async def end(self, why: str) -> None:
        """Forget its tokens, which are worth nothing any more, and remember why.

        Raises:
            StateError: it cannot be written down.
        """
        ...


class CodeExchange(Protocol):
    """Takes what a browser brought from the sign-in page to the token server."""

    async def redeem(self, code: str, verifier: str, redirect_uri: str, held: HeldSignIn) -> SignedIn:
        """Exchange a code for tokens, and keep them.

        Raises:
            SourceError: the token server gave none; nothing was changed.
            StateError: they cannot be written down.
        """
        ...


class SharedSignIn(Protocol):
    """The sign-in of an installation."""

    def current(self) -> SignedIn | NotSignedIn:
        """As it was written last."""
        ...

    def stamp(self) -> object:
        """What is another value once somebody has written it; costs next to nothing."""
        ...

    async def alone(self, work: Callable[[HeldSignIn], Awaitable[T]]) -> T:
        """Do work while no other task or process renews, replaces or removes the sign-in.

        Raises:
            SourceError: another process has been at it for too long.
            StateError: the state cannot be written.
        """
        ...
