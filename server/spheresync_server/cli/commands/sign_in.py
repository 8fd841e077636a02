"""The command that signs a person in to the tenant with a browser, and out again."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from spheresync.answers import SignInAnswer
from spheresync.errors import UsageError
from spheresync.model.principals import CallerRole
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.service_command import ServiceSession, ask_service


def login(
    context: typer.Context,
    *,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser where there is one.")] = True,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, metavar="N", help="Port of the redirect URI, as registered; 0: any free one."),
    ] = None,
    wait: Annotated[str, typer.Option(metavar="LENGTH", help="How long to wait for the browser.")] = "5m",
    status: Annotated[bool, typer.Option("--status", help="Say who is signed in; exit 1 where nobody is.")] = False,
    logout: Annotated[bool, typer.Option("--logout", help="Forget the sign-in.")] = False,
) -> int:
    """Sign in to the tenant with a browser (datasphere.sign_in: interactive)."""
    from spheresync_server.cli.output.sign_in import show_sign_in

    call = invocation_of(context)
    length = _length(wait)
    if status and logout:
        raise UsageError("--status and --logout do not go together.", remedy="Give one of them.")

    async def ask(session: ServiceSession) -> SignInAnswer:
        sign_in = session.service.sign_in
        if status:
            return await sign_in.sign_in_status(session.principal)
        if logout:
            return await sign_in.logout(session.principal)
        return await sign_in.login(session.principal, lambda url: _lead(url, browser=browser), port=port, wait=length)

    return ask_service(
        call,
        ask,
        show_sign_in,
        exit_code=lambda answer: int(not (answer.signed_in or logout)),
        needs=CallerRole.VIEWER if status else CallerRole.ADMIN,
        what="spheresync login",
    )


def _length(text: str) -> timedelta:
    from spheresync.config.durations import parse_duration  # no other command need wait for the settings to be loaded

    try:
        length = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--wait {error}.") from error
    if not length:
        raise UsageError("--wait must be longer than 0s.")
    return length


def _lead(url: str, *, browser: bool) -> None:
    """Say on stderr where to sign in, and lead a browser there."""
    from spheresync_server.cli.browser import open_browser

    opened = browser and open_browser(url)
    first = "A browser opens at this address; if it does not, open it yourself" if opened else "Open this address"
    sys.stderr.write(f"{first} to sign in:\n\n  {url}\n\nWaiting for it to come back…\n")
    sys.stderr.flush()
