"""Answers about a person's sign-in."""

from __future__ import annotations

from spheresync.answers.base import Answer


class SignInAnswer(Answer):
    """Whether a person is signed in: who (masked), since when, and until when where the token server tells."""

    signed_in: bool
    tenant: str
    user: str | None = None
    since: str | None = None
    until: str | None = None
    message: str
    remedy: str = ""
