"""The sign-in of a person, shared by all processes of an installation: in a sealed file, renewed by one at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias, TypeVar

import anyio

from spheresync.config import Settings
from spheresync.errors import SourceError, SourceFault, StateError
from spheresync.model import isoformat, to_the_second
from spheresync.redaction import conceal_for_now
from spheresync.runtime.lease_keeper import HeldLease, while_held
from spheresync.source.transport.signed_in import SIGN_IN_REMEDY, HeldSignIn, NotSignedIn, SignedIn
from spheresync.state.port import Store, Tx
from spheresync.state.records import AuditEvent
from spheresync.state.sealed_file import SIGN_IN_FILE, SealedFile

T = TypeVar("T")
EventOf: TypeAlias = Callable[[SignedIn | None], AuditEvent]
"""Makes the entry of the audit log for the sign-in that is kept now, None where there is none any more."""

LEASE = "sign_in"
_PAUSE = 0.05
_PATIENCE = 60.0
"""Seconds for which another process may be at it."""
_CLOSING = 2.0
"""Seconds in which the lease is given back; one that is not is lost by itself without heartbeats."""
_NEVER = NotSignedIn("Nobody is signed in to Datasphere.")


class SignInFile:
    """The sign-in as it is written down, for one client at one token server."""

    def __init__(self, settings: Settings) -> None:
        """Settings of an interactive sign-in."""
        datasphere = settings.datasphere
        assert datasphere.sign_in_key is not None, "set while settings are loaded"
        self._sealed = SealedFile(settings.state_dir / SIGN_IN_FILE, datasphere.sign_in_key, purpose="sign-in")
        # A refresh token is sent to nobody but who gave it.
        self._of = {
            "tenant": settings.tenant_host,
            "token_url": datasphere.token_url,
            "client_id": datasphere.client_id,
        }

    def stamp(self) -> object:
        return self._sealed.stamp()

    def current(self) -> SignedIn | NotSignedIn:
        """Never an error: what cannot be read is no sign-in, with the reason."""
        try:
            document = self._sealed.read()
        except StateError as error:
            again = "Run `spheresync login` anew else." if error.remedy else SIGN_IN_REMEDY
            return NotSignedIn(f"The sign-in cannot be used. {error.message}", f"{error.remedy} {again}".strip())
        return _NEVER if document is None else self._read(document)

    def _read(self, document: dict[str, Any]) -> SignedIn | NotSignedIn:
        try:
            if document["of"] != self._of:
                return NotSignedIn(
                    "The sign-in is of another tenant, client or token server than the settings name now.",
                    f"Put them back, or sign in to these. {SIGN_IN_REMEDY}",
                )
            if (ended := document.get("ended")) is not None:
                at = to_the_second(str(ended["at"]))
                return NotSignedIn(f"The sign-in to Datasphere has ended: {ended['why']} (seen at {at}).")
            sign_in = SignedIn(**document["sign_in"])
        except (KeyError, TypeError) as error:
            return NotSignedIn(f"The sign-in cannot be used: it is of another version ({type(error).__name__}).")
        conceal_for_now(sign_in.access_token, *filter(None, [sign_in.refresh_token]))
        return sign_in

    def write(self, sign_in: SignedIn) -> None:
        self._sealed.write({"of": self._of, "sign_in": asdict(sign_in)})

    def write_end(self, why: str, at: str) -> None:
        self._sealed.write({"of": self._of, "ended": {"at": at, "why": why}})


class SignInOfState(SignInFile):
    """The same, with the one process at a time that may change it."""

    def __init__(self, settings: Settings, store: Store, clock: Callable[[], datetime]) -> None:
        super().__init__(settings)
        self._store = store
        self._clock = clock

    async def alone(self, work: Callable[[HeldSignIn], Awaitable[T]], event: EventOf | None = None) -> T:
        """Do work while no other task or process renews, replaces or removes the sign-in.

        `event` makes the audit entry that is written down with each change.

        Raises:
            SourceError: another process has been at it for a minute.
            StateError: the state cannot be written.
        """
        fence = await self._acquire()
        lease = HeldLease(self._store, LEASE, fence)
        held = _Held(self, self._store, fence, self._clock, event)
        try:
            return await while_held(self._store, lease, partial(work, held))
        finally:
            with anyio.move_on_after(_CLOSING, shield=True), suppress(StateError):
                await self._store.write(lambda tx: tx.leases.release(LEASE, self._store.owner_id))

    async def _acquire(self) -> int:
        give_up = anyio.current_time() + _PATIENCE
        while True:
            if await self._store.leases.holder(LEASE) is None:
                fence = await self._store.write(lambda tx: tx.leases.acquire(LEASE, self._store.owner_id, beats=True))
                if fence is not None:
                    return fence
            if anyio.current_time() > give_up:
                raise SourceError(
                    SourceFault.UNREACHABLE,
                    f"Another process of this installation has been renewing the sign-in for {_PATIENCE:g} s.",
                    remedy="Wait for it, or end it; then try again.",
                )
            await anyio.sleep(_PAUSE)


class _Held:
    """The sign-in while this process alone may change it; each change is one with that still being so."""

    def __init__(
        self, file: SignInFile, store: Store, fence: int, clock: Callable[[], datetime], event: EventOf | None
    ) -> None:
        self._file = file
        self._store = store
        self._fence = fence
        self._clock = clock
        self._event = event

    @property
    def current(self) -> SignedIn | NotSignedIn:
        return self._file.current()

    async def keep(self, sign_in: SignedIn) -> None:
        await self._change(partial(self._file.write, sign_in), sign_in)

    async def end(self, why: str) -> None:
        await self._change(partial(self._file.write_end, why, isoformat(self._clock())), None)

    async def _change(self, write: Callable[[], None], sign_in: SignedIn | None) -> None:
        async def change(tx: Tx) -> None:
            await tx.leases.require(LEASE, self._fence)
            if self._event is not None:
                await tx.audit.append_many([self._event(sign_in)])
            write()  # in the transaction: nobody else can have taken the lease meanwhile

        await self._store.write(change)


def sign_in_state(settings: Settings) -> SignedIn | NotSignedIn | None:
    """Who is signed in; None where nobody needs to be, since a technical user reads the tenant."""
    interactive = not settings.env.is_embedded and settings.datasphere.is_interactive
    return SignInFile(settings).current() if interactive else None


def moment(seconds: float) -> str:
    """Seconds since the epoch as state and answers spell moments."""
    return isoformat(datetime.fromtimestamp(seconds, UTC))
