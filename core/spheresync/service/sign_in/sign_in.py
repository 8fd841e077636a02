"""A person signs in with a browser, and out again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from spheresync.answers import SignInAnswer
from spheresync.config import Settings
from spheresync.errors import SourceError, UsageError
from spheresync.model import JsonValue, Principal, to_the_second
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.shared_sign_in import SignInOfState, moment, sign_in_state
from spheresync.service.authority import Permission, authorize
from spheresync.service.sign_in.refused_jobs import retry_unauthorized_jobs
from spheresync.source.transport.signed_in import HeldSignIn, NotSignedIn, SignedIn
from spheresync.state.port import Tx
from spheresync.state.records import AuditAction, AuditEvent, AuditOutcome

WAIT = timedelta(minutes=5)
_SIGNED_OUT = "somebody signed out"


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
        from spheresync.service.sign_in.browser_sign_in import sign_in_with_browser  # which nobody else needs

        authorize(principal, Permission.ADMINISTER)
        async with self._context.providers.in_use() as providers:
            shared = self._shared(providers.settings)
            exchange = (await providers.source()).code_exchange
            assert exchange is not None, "where somebody may sign in"
            try:
                signed_in = await sign_in_with_browser(
                    providers.settings,
                    shared,
                    exchange,
                    lambda made: _event(principal, AuditAction.LOGIN, AuditOutcome.DONE, _about(made)),
                    on_address,
                    port=port,
                    wait=wait,
                )
            except SourceError as error:
                await self._note(_event(principal, AuditAction.LOGIN, AuditOutcome.FAILED, {"why": error.problem_code}))
                raise
            await retry_unauthorized_jobs(self._context)
            return answer_of(providers.settings, signed_in)

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
        await shared.alone(end, lambda _: _event(principal, AuditAction.LOGOUT, AuditOutcome.DONE, user))
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
        if settings.env.is_embedded:
            raise UsageError(
                "nobody signs in to dog: its tenant is inside of this program.",
                remedy="Name your own tenant (wolf or bear), with datasphere.sign_in: interactive.",
            )
        if sign_in_state(settings) is None:
            raise UsageError(
                "a technical user reads this tenant, so nobody signs in.",
                remedy="To sign in with a browser set datasphere.sign_in: interactive, with the id of an OAuth client "
                "for interactive usage.",
            )
        return SignInOfState(settings, self._context.store, self._context.clock)

    async def _note(self, event: AuditEvent) -> None:
        async def note(tx: Tx) -> None:
            await tx.audit.append_many([event])

        await self._context.store.write(note)


def answer_of(settings: Settings, sign_in: SignedIn | NotSignedIn) -> SignInAnswer:
    """What is said of a sign-in."""
    tenant = settings.tenant_host
    if isinstance(sign_in, NotSignedIn):
        return SignInAnswer(signed_in=False, tenant=tenant, message=sign_in.message, remedy=sign_in.remedy)
    since = moment(sign_in.signed_in_at)
    until = None if sign_in.ends_at is None else moment(sign_in.ends_at)
    ends = "" if until is None else f"; without a renewal this ends at {to_the_second(until)}"
    message = f"{sign_in.user} is signed in to {tenant} since {to_the_second(since)}{ends}."
    return SignInAnswer(signed_in=True, tenant=tenant, user=sign_in.user, since=since, until=until, message=message)


def _about(made: SignedIn | None) -> dict[str, JsonValue]:
    return {} if made is None else {"user": made.user}


def _event(
    principal: Principal, action: AuditAction, outcome: AuditOutcome, detail: Mapping[str, JsonValue]
) -> AuditEvent:
    return AuditEvent(principal, action, None, None, None, outcome, detail)
