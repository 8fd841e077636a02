"""What a sign-in means for health: said once, no more once it was mended, nothing where none is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from spheresync.answers import Finding
from spheresync.service.health.persons_sign_in import (
    not_signed_in,
    sign_in_ends_soon,
    sign_in_vital,
    without_former_refusals,
)
from spheresync.source.transport.signed_in import SIGN_IN_REMEDY, NotSignedIn, SignedIn
from spheresync_server.mcp_server.engine_texts import with_tool_names

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SIGNED_IN = SignedIn(
    user="j…@x",
    signed_in_at=1.0,
    access_token="a",
    obtained_at=1.0,
    renew_at=2.0,
    refresh_token="r",
    ends_at=None,
)
NOBODY = NotSignedIn("Nobody is signed in.")
REFUSED = Finding(subject="tenant", code="unauthorized", message="Nobody is signed in.", remedy=SIGN_IN_REMEDY)
OTHERS = [
    Finding(subject="tenant", code="unauthorized", message="The client was refused.", remedy="Check client_id."),
    Finding(subject="tenant", code="unreachable", message="No answer.", remedy="Try again."),
]


def test_nothing_is_said_of_a_sign_in_that_nobody_needs() -> None:
    assert (not_signed_in(None), sign_in_vital(None)) == ([], [])
    assert without_former_refusals(None, [REFUSED, *OTHERS]) == [REFUSED, *OTHERS]


def test_that_nobody_is_signed_in_is_said_once() -> None:
    (found,) = not_signed_in(NOBODY)
    assert (found.code, found.remedy) == ("not_signed_in", SIGN_IN_REMEDY)
    assert without_former_refusals(NOBODY, [REFUSED, *OTHERS]) == OTHERS
    (vital,) = sign_in_vital(NOBODY)
    assert not vital.ok and "spheresync login" in vital.reason


def test_what_a_sign_in_has_mended_is_said_no_more() -> None:
    assert not_signed_in(SIGNED_IN) == [] and sign_in_vital(SIGNED_IN)[0].ok
    assert without_former_refusals(SIGNED_IN, [REFUSED, *OTHERS]) == OTHERS


@pytest.mark.parametrize(("days", "said"), [(None, False), (4, False), (2, True), (-1, True)])
def test_an_end_that_is_known_is_told_days_before(days: int | None, said: bool) -> None:
    ends_at = None if days is None else (NOW + timedelta(days=days)).timestamp()
    assert (sign_in_ends_soon(replace(SIGNED_IN, ends_at=ends_at), NOW) is not None) is said


def test_an_assistant_is_told_to_ask_a_person() -> None:
    assert with_tool_names(SIGN_IN_REMEDY).startswith("Ask whoever runs this installation to sign in (at the command")
