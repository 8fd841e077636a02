"""The one error tree.

Grouped by what the caller can do about it, after the Singer SDK's errors by recovery strategy::

    SpheresyncError
    ├── ConfigurationError      a person must change a setting; nothing was done (exit 2)
    ├── UsageError              the request itself cannot be served: unknown asset, bad cursor (exit 2)
    ├── RefusedError            a rule of safety said no: guard, expired or stale change set (exit 3)
    ├── PermissionRefusedError  the caller's role does not allow it
    ├── SourceError             SAP Datasphere: one listing or one asset could not be read
    ├── TargetError             an AWS catalog: one object could not be written
    ├── StateError              the local state: newer schema, another tenant, disk full
    └── UnexpectedError         a defect of this program; the log has the details under its incident id

Every error says what happened, to what, and what to do next. Faces translate; nothing prints a traceback.
"""

from __future__ import annotations

from enum import StrEnum

from spheresync.redaction import for_an_error, without_known_secrets


class SpheresyncError(Exception):
    """Base of everything this product raises on purpose.

    `message` says what happened and to which thing; `remedy` what to do next. Neither ever holds a secret: a value that
    this process knows as one is cut out of both here, whatever text it came in with.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message = without_known_secrets(message)
        self.remedy = without_known_secrets(remedy)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    @property
    def problem_code(self) -> str:
        """The word under which a `Problem` tells it."""
        return type(self).__name__.removesuffix("Error").lower()


class ConfigurationError(SpheresyncError):
    """Raised when settings cannot be used; `problems` lists every one found, each with file, key and fix."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        problems = self.problems = tuple(map(without_known_secrets, problems))
        count = len(problems)
        noun = "problem" if count == 1 else "problems"
        super().__init__(f"{count} configuration {noun}:\n" + "\n".join(f"  - {problem}" for problem in problems))


class UsageError(SpheresyncError):
    """Raised when a request names something that does not exist or cannot be combined; the text names valid values."""


class RefusedError(SpheresyncError):
    """Raised when a safety rule refuses the whole request: expired, stale or already superseded change set, guard."""


class PermissionRefusedError(SpheresyncError):
    """Raised when the caller's role does not allow the action."""


class SourceFault(StrEnum):
    """Why a request to SAP Datasphere gave no usable answer (reference: datasphere-api.md 1.4, 3.2, 7)."""

    UNREACHABLE = "unreachable"  # connection refused, reset, timed out; after all retries
    SERVER_ERROR = "server_error"  # 5xx after all retries
    THROTTLED = "throttled"  # 429 until the run's deadline
    UNAUTHORIZED = "unauthorized"  # 401 after one token refresh, or the token endpoint said no
    FORBIDDEN = "forbidden"  # 403: not a member of the space, or no privilege
    NOT_EXPOSED = "not_exposed"  # 404 on an asset's $metadata
    NO_ANALYTICAL_ACCESS = "no_analytical_access"  # 400 on analytical $metadata
    NOT_ACCEPTABLE = "not_acceptable"  # 406
    BAD_REQUEST = "bad_request"  # any other 4xx
    HTML_INSTEAD = "html_instead"  # 200 with a login or error page
    TRUNCATED = "truncated"  # body ended early, or did not parse to its end
    TOO_LARGE = "too_large"  # over the byte or depth cap
    WRONG_SHAPE = "wrong_shape"  # well-formed, but not what the API promises
    FOREIGN_ORIGIN = "foreign_origin"  # a URL that leaves the tenant's origin; never followed
    PAGING_LOOP = "paging_loop"  # a nextLink seen before
    INTERNAL = "internal"  # a defect of this program, met at this listing or asset


#: Faults that say the tenant as a whole is out, not one asset of it.
OUTAGE_FAULTS = frozenset(
    {
        SourceFault.UNREACHABLE,
        SourceFault.SERVER_ERROR,
        SourceFault.THROTTLED,
        SourceFault.UNAUTHORIZED,
        SourceFault.HTML_INSTEAD,
    }
)

#: Faults of who asks and not of what is asked for: they last until somebody gives a role.
REFUSALS = frozenset({SourceFault.UNAUTHORIZED, SourceFault.FORBIDDEN})


class SourceError(SpheresyncError):
    """Raised when one listing or one asset of SAP Datasphere could not be read; `fault` says how.

    `absent`: Datasphere itself says that there is nothing at this URL. A 404 of what stands before it does not say so.
    """

    def __init__(
        self, fault: SourceFault, message: str, *, remedy: str = "", status: int | None = None, absent: bool = False
    ) -> None:
        super().__init__(for_an_error(message), remedy=for_an_error(remedy))
        self.fault = fault
        self.status = status
        self.absent = absent

    @property
    def problem_code(self) -> str:
        return self.fault


_LONGEST_ID = 128


class TargetFault(StrEnum):
    """Why a target did not take an operation."""

    CONFLICT = "conflict"  # an object of our name that is not ours
    MOVED = "moved"  # ours, but changed by somebody else since the plan
    INVALID = "invalid"  # over a limit of the service; found before the call
    DENIED = "denied"  # AccessDenied and kin: needs a person
    THROTTLED = "throttled"  # still throttled at the deadline
    UNREACHABLE = "unreachable"  # no answer after all retries
    LIMIT = "limit"  # a quota of the account
    NO_CONTAINER = "no_container"  # the database was deleted by somebody else
    FAILED = "failed"  # anything else the service answered
    INTERNAL = "internal"  # a defect of this program, met at this object


SYSTEMIC_FAULTS = frozenset({TargetFault.UNREACHABLE, TargetFault.THROTTLED})
"""Faults that say the target as a whole is out, not one object of it."""


class TargetError(SpheresyncError):
    """Raised when one object of a target could not be written or read; `fault` says how.

    `systemic`: the way to the target is at fault and not the object, so that anything else asked of it fails alike.
    """

    def __init__(
        self,
        fault: TargetFault,
        message: str,
        *,
        remedy: str = "",
        request_id: str | None = None,
        systemic: bool = False,
    ) -> None:
        super().__init__(for_an_error(message), remedy=for_an_error(remedy))
        self.fault = fault
        self.request_id = request_id and for_an_error(request_id)[:_LONGEST_ID]
        self.systemic = systemic or fault in SYSTEMIC_FAULTS

    @property
    def problem_code(self) -> str:
        return self.fault


class TargetOutError(TargetError):
    """Raised for each item of a target that as a whole is out, where `place` says which; told once for all of them."""

    def __init__(self, place: str, subject: str, error: TargetError) -> None:
        # Of one object a conflict or a move would say that it is another's by now.
        another = error.fault in {TargetFault.CONFLICT, TargetFault.MOVED}
        super().__init__(
            TargetFault.FAILED if another else error.fault,
            f"{subject}: nothing was sent: {error.message}",
            remedy=error.remedy,
            request_id=error.request_id,
            systemic=True,
        )
        self.place = place


class NoObjectError(TargetError):
    """Raised where an object is not there and the operation may not make one; nothing was sent."""

    def __init__(self, subject: str) -> None:
        remedy = "Make a new preview."
        super().__init__(TargetFault.MOVED, f"{subject}: somebody else has deleted the table.", remedy=remedy)


class StateError(SpheresyncError):
    """Raised when the state cannot be used: written by a newer program, of another tenant, disk full, damaged."""


class AlteredStateError(StateError):
    """Raised when the schema of the state is not as this program made it: a trigger that is not ours, one missing."""


class SearchIndexLostError(StateError):
    """The index of texts is damaged. It holds nothing that is not elsewhere too, and is made anew."""


class FenceError(StateError):
    """Raised when a write carries an old fence: another process has taken this run over."""


class LeaseLostError(FenceError):
    """Raised when a lease was lost to another process, because this one sent no heartbeat for too long."""


class UnexpectedError(SpheresyncError):
    """Raised where this program met an error that it does not know; the traceback is in the log under `incident`."""

    def __init__(self, message: str, *, remedy: str, incident: str) -> None:
        super().__init__(message, remedy=remedy)
        self.incident = incident

    @property
    def problem_code(self) -> str:
        return "internal"
