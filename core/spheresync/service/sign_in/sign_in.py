"""A person signs in with a browser, and out again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import anyio

from spheresync.answers import SignInAnswer
from spheresync.config import Settings
from spheresync.errors import SourceError, SourceFault, UsageError
from spheresync.model import JsonValue, Principal, to_the_second
from spheresync.redaction import conceal_for_now
from spheresync.runtime.context import Redeemable, RuntimeContext
from spheresync.runtime.shared_sign_in import SignInOfState, moment, standing_of
from spheresync.service.authority import Permission, authorize
from spheresync.service.sign_in.authorization_request import AuthorizationRequest, Brought, Denied, new_request
from spheresync.service.sign_in.refused_jobs import take_up_what_was_refused
from spheresync.source.transport.signed_in import HeldSignIn, NotSignedIn, SignedIn
from spheresync.state.port import Tx
from spheresync.state.records import AuditEvent

if TYPE_CHECKING:
    from spheresync.service.sign_in.loopback_listener import LoopbackListener

WAIT = timedelta(minutes=5)
LOGIN, LOGOUT = "login", "logout"
_SIGNED_OUT = "somebody signed out"
_DONE = "You are signed in. You can close this window and go back to where you started from."
_DENIED_REMEDY = "Run `spheresync login` again once the cause is mended; who was signed in before still is."


class SignIn:
    """Signs a person in and out, and tells who is."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context

    async def login(
        self,
        principal: Principal,
        on_address: Callable[[str], None],
        *,
        port: int | None = None,
        wait: timedelta = WAIT,
    ) -> SignInAnswer:
        """Wait for a browser to come back from the sign-in page, and keep what it brings.

        Args:
            principal: who asks.
            on_address: told where the browser is to go.
            port: instead of that of `datasphere.redirect_uri`; 0 takes a free one.
            wait: how long.

        Raises:
            UsageError: nobody signs in with a browser here, or the port cannot be used.
            SourceError: nobody came back, the person or the server said no; who was signed in before still is.
            StateError: the sign-in cannot be written down.
        """
        from spheresync.service.sign_in.loopback_listener import TITLE, listening  # nobody else needs it

        authorize(principal, Permission.ADMINISTER)
        settings = self._context.settings
        shared = self._shared(settings)
        try:
            request = _request(settings, port)
            async with listening(request) as listener:
                conceal_for_now(request.state, request.verifier)
                on_address(request.url)
                brought = await _within(wait, listener, request)
                try:
                    signed_in = await self._redeem(settings, shared, principal, request, brought)
                except Exception:
                    await listener.tell(f"{TITLE}: not signed in", "It went wrong; where you started from says why.")
                    raise
                await listener.tell(f"{TITLE}: signed in", _DONE)
        except SourceError as error:
            await self._note(_event(principal, LOGIN, "failed", {"why": error.problem_code}))
            raise
        await take_up_what_was_refused(self._context)
        return answer_of(settings, signed_in)

    async def logout(self, principal: Principal) -> SignInAnswer:
        """Forget the tokens; every process stops using them with its next request.

        Raises:
            UsageError: nobody signs in with a browser here.
            StateError: it cannot be written down.
        """
        authorize(principal, Permission.ADMINISTER)
        settings = self._context.settings
        shared = self._shared(settings)
        before = shared.current()

        async def end(held: HeldSignIn) -> None:
            await held.end(_SIGNED_OUT)

        if shared.stamp() is None:
            return answer_of(settings, before)
        user: dict[str, JsonValue] = {"user": before.user} if isinstance(before, SignedIn) else {}
        await shared.alone(end, lambda _: _event(principal, LOGOUT, "done", user))
        return answer_of(settings, shared.current())

    async def sign_in_status(self, principal: Principal) -> SignInAnswer:
        """Who is signed in, by what is on record; asks nobody.

        Raises:
            UsageError: nobody signs in with a browser here.
        """
        authorize(principal, Permission.READ)
        settings = self._context.settings
        return answer_of(settings, self._shared(settings).current())

    def _shared(self, settings: Settings) -> SignInOfState:
        if settings.env == "dog":
            raise UsageError(
                "nobody signs in to dog: its tenant is inside of this program.",
                remedy="Name your own tenant (wolf or bear), with datasphere.sign_in: interactive.",
            )
        if standing_of(settings) is None:
            raise UsageError(
                "a technical user reads this tenant, so nobody signs in.",
                remedy="To sign in with a browser set datasphere.sign_in: interactive, with the id of an OAuth client "
                "for interactive usage.",
            )
        return SignInOfState(settings, self._context.store, self._context.clock)

    async def _redeem(
        self,
        settings: Settings,
        shared: SignInOfState,
        principal: Principal,
        request: AuthorizationRequest,
        brought: Brought | Denied,
    ) -> SignedIn:
        if isinstance(brought, Denied):
            told = f": {brought.description}" if brought.description else ""
            raise SourceError(
                SourceFault.UNAUTHORIZED,
                f"The sign-in page answered {brought.error}{told}",
                remedy=_DENIED_REMEDY,
            )
        conceal_for_now(brought.code)
        redeem = self._context.redeem
        assert redeem is not None, "every real tenant has it"
        code = Redeemable(brought.code, request.verifier, request.redirect_uri)
        return await shared.alone(
            partial(redeem, settings, code), lambda made: _event(principal, LOGIN, "done", _about(made))
        )

    async def _note(self, event: AuditEvent) -> None:
        async def note(tx: Tx) -> None:
            await tx.audit.append_many([event])

        await self._context.store.write(note)


def _request(settings: Settings, port: int | None) -> AuthorizationRequest:
    from spheresync.service.sign_in.loopback_listener import free_port, with_port

    datasphere = settings.datasphere
    redirect_uri = datasphere.redirect_uri
    if port is not None:
        redirect_uri = with_port(redirect_uri, port) if port else free_port(redirect_uri)
    return new_request(datasphere.authorization_url, datasphere.client_id, redirect_uri)


async def _within(wait: timedelta, listener: LoopbackListener, request: AuthorizationRequest) -> Brought | Denied:
    with anyio.move_on_after(wait.total_seconds()):
        return await listener.answer()
    raise SourceError(
        SourceFault.UNREACHABLE,
        f"No browser came back from the sign-in page within {wait.total_seconds():g} s.",
        remedy=f"Is {request.redirect_uri} a redirect URI of the OAuth client, to the letter? A browser on another "
        "machine needs a tunnel to it (`ssh -L`). Run `spheresync login` again, and let it wait longer if need be.",
    )


def answer_of(settings: Settings, standing: SignedIn | NotSignedIn) -> SignInAnswer:
    """What is said of a sign-in."""
    tenant = settings.tenant_host
    if isinstance(standing, NotSignedIn):
        return SignInAnswer(signed_in=False, tenant=tenant, message=standing.message, remedy=standing.remedy)
    since = moment(standing.signed_in_at)
    until = None if standing.ends_at is None else moment(standing.ends_at)
    ends = "" if until is None else f"; without a renewal this ends at {to_the_second(until)}"
    message = f"{standing.user} is signed in to {tenant} since {to_the_second(since)}{ends}."
    return SignInAnswer(signed_in=True, tenant=tenant, user=standing.user, since=since, until=until, message=message)


def _about(made: SignedIn | None) -> dict[str, JsonValue]:
    return {} if made is None else {"user": made.user}


def _event(principal: Principal, action: str, outcome: str, detail: Mapping[str, JsonValue]) -> AuditEvent:
    return AuditEvent(principal, action, None, None, None, outcome, detail)
