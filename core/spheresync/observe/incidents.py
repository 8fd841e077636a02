"""Errors that nobody expected: the log gets the traceback under an id, everybody else gets a sentence with that id."""

from __future__ import annotations

import logging
import secrets
from typing import NamedTuple

from spheresync.errors import SourceError, SourceFault, SpheresyncError, TargetError, TargetFault, UnexpectedError
from spheresync.observe.logs import account_of

log = logging.getLogger(__name__)


def new_incident() -> str:
    """An id that ties the one line that a person sees to the details in the log."""
    return f"err_{secrets.token_hex(4)}"


class ErrorAccount(NamedTuple):
    """An error that nobody expected, as a value that can go from one process to another: its type, and all of it."""

    kind: str
    details: str

    @classmethod
    def of(cls, error: Exception) -> ErrorAccount:
        return cls(type(error).__name__, " | ".join(account_of(error)))


def product_error(error: Exception | ErrorAccount, about: str) -> SpheresyncError:
    """The error itself where it is the product's own, else what stands for it once it is in the log.

    Args:
        error: what was raised, here or in another process.
        about: the asset, run or loop that it came up at, as messages name it.
    """
    if isinstance(error, SpheresyncError):
        return error
    incident = new_incident()
    if isinstance(error, ErrorAccount):
        kind = error.kind
        log.error("%s: %s (%s)", incident, about, error.details)
    else:
        kind = type(error).__name__
        log.error("%s: %s", incident, about, exc_info=error)
    return UnexpectedError(
        f"Something unexpected went wrong ({incident}, {kind}).",
        remedy=f"Everything else goes on. The log has the details under {incident}; report them.",
        incident=incident,
    )


def source_error(error: Exception | ErrorAccount, about: str) -> SourceError:
    """As `product_error`, for what could not be read of the source."""
    ours = product_error(error, about)
    if isinstance(ours, SourceError):
        return ours
    return SourceError(SourceFault.INTERNAL, ours.message, remedy=ours.remedy)


def target_error(error: Exception | ErrorAccount, about: str) -> TargetError:
    """As `product_error`, for what could not be done in a target."""
    ours = product_error(error, about)
    if isinstance(ours, TargetError):
        return ours
    return TargetError(TargetFault.INTERNAL, ours.message, remedy=ours.remedy)
