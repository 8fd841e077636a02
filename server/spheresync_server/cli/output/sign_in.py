"""Say to people who is signed in."""

from __future__ import annotations

from spheresync.answers import SignInAnswer
from spheresync_server.cli.output.tables import say
from spheresync_server.untrusted import clean_line


def show_sign_in(answer: SignInAnswer) -> None:
    """Who it is, or why nobody is."""
    say(clean_line(f"{answer.message} {answer.remedy}".strip(), longest=1_000))
