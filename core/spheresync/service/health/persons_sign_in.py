"""What a person's sign-in means for how the installation is doing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from spheresync.answers import Finding, Vital
from spheresync.errors import SourceFault
from spheresync.model import isoformat, to_the_second
from spheresync.source.transport.signed_in import SIGN_IN_REMEDY, NotSignedIn, SignedIn

NOT_SIGNED_IN = "not_signed_in"
ENDS_SOON = timedelta(days=3)
_SUBJECT = "datasphere"


def not_signed_in(sign_in: SignedIn | NotSignedIn | None) -> list[Finding]:
    """The problem that nobody is, where somebody has to be."""
    if not isinstance(sign_in, NotSignedIn):
        return []
    return [Finding(subject=_SUBJECT, code=NOT_SIGNED_IN, message=sign_in.message, remedy=sign_in.remedy)]


def without_former_refusals(sign_in: SignedIn | NotSignedIn | None, noted: Sequence[Finding]) -> list[Finding]:
    """What was noted when the tenant was asked, without what is said of the sign-in already, or was mended by one."""
    if sign_in is None:
        return [*noted]
    return [each for each in noted if each.code != SourceFault.UNAUTHORIZED or SIGN_IN_REMEDY not in each.remedy]


def sign_in_ends_soon(sign_in: SignedIn, now: datetime) -> str | None:
    """That a sign-in will end, where its token server tells when and that is within days."""
    if sign_in.ends_at is None or sign_in.ends_at - now.timestamp() > ENDS_SOON.total_seconds():
        return None
    ends = to_the_second(isoformat(datetime.fromtimestamp(sign_in.ends_at, UTC)))
    return f"The sign-in to Datasphere ends at {ends}, unless the token server prolongs it with a renewal."


def sign_in_vital(sign_in: SignedIn | NotSignedIn | None) -> list[Vital]:
    """Whether a process has the sign-in that it needs; nothing where it needs none."""
    if sign_in is None:
        return []
    if isinstance(sign_in, NotSignedIn):
        return [Vital(name="sign-in", ok=False, reason=f"{sign_in.message} {sign_in.remedy}")]
    return [Vital(name="sign-in", ok=True, reason="somebody is signed in")]
