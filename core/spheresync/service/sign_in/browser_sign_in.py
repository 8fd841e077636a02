"""One attempt to sign in with a browser: out to the sign-in page, back to this machine, on to the token server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import anyio

from spheresync.config import Settings
from spheresync.errors import SourceError, SourceFault
from spheresync.redaction import conceal_for_now
from spheresync.runtime.shared_sign_in import EventOf, SignInOfState
from spheresync.service.sign_in.authorization_request import AuthorizationRequest, Denied, ReturnedCode, new_request
from spheresync.service.sign_in.loopback_listener import TITLE, LoopbackListener, free_port, listening, with_port
from spheresync.source.transport.signed_in import CodeExchange, SignedIn

_DONE = "You are signed in. You can close this window and go back to where you started from."
_WRONG = "It went wrong; where you started from says why."
_DENIED_REMEDY = "Run `spheresync login` again once the cause is mended; who was signed in before still is."


async def sign_in_with_browser(
    settings: Settings,
    shared: SignInOfState,
    exchange: CodeExchange,
    event: EventOf,
    on_address: Callable[[str], None],
    *,
    port: int | None,
    wait: timedelta,
) -> SignedIn:
    """Wait for a browser to come back, and keep what it brings.

    Raises:
        UsageError: the port cannot be used.
        SourceError: nobody came back, the person or the server said no; nothing was changed.
        StateError: the sign-in cannot be written down.
    """
    request = _request(settings, port)
    conceal_for_now(request.state, request.verifier)
    async with listening(request) as listener:
        on_address(request.url)
        brought = await _within(wait, listener, request)
        try:
            code = _code_of(brought)
            redeem = partial(exchange.redeem, code, request.verifier, request.redirect_uri)
            signed_in = await shared.alone(redeem, event)
        except Exception:
            await listener.tell(f"{TITLE}: not signed in", _WRONG)
            raise
        await listener.tell(f"{TITLE}: signed in", _DONE)
    return signed_in


def _request(settings: Settings, port: int | None) -> AuthorizationRequest:
    datasphere = settings.datasphere
    redirect_uri = datasphere.redirect_uri
    if port is not None:
        redirect_uri = with_port(redirect_uri, port) if port else free_port(redirect_uri)
    return new_request(datasphere.authorization_url, datasphere.client_id, redirect_uri)


async def _within(wait: timedelta, listener: LoopbackListener, request: AuthorizationRequest) -> ReturnedCode | Denied:
    with anyio.move_on_after(wait.total_seconds()):
        return await listener.answer()
    raise SourceError(
        SourceFault.UNREACHABLE,
        f"No browser came back from the sign-in page within {wait.total_seconds():g} s.",
        remedy=f"Is {request.redirect_uri} a redirect URI of the OAuth client, to the letter? A browser on another "
        "machine needs a tunnel to it (`ssh -L`). Run `spheresync login` again, and let it wait longer if need be.",
    )


def _code_of(brought: ReturnedCode | Denied) -> str:
    if isinstance(brought, Denied):
        told = f": {brought.description}" if brought.description else ""
        raise SourceError(
            SourceFault.UNAUTHORIZED, f"The sign-in page answered {brought.error}{told}", remedy=_DENIED_REMEDY
        )
    conceal_for_now(brought.code)
    return brought.code
