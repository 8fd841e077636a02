"""One table from the error tree to what faces say: a code for programs, an exit code, the text and the remedy."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.errors import (
    ConfigurationError,
    PermissionRefusedError,
    RefusedError,
    SourceError,
    SpheresyncError,
    StateError,
    TargetError,
    UnexpectedError,
    UsageError,
)
from spheresync.isolation import leaves
from spheresync_server.untrusted import Json, clean_text

_TABLE: tuple[tuple[type[SpheresyncError], str, int], ...] = (
    (UsageError, "usage", 2),
    (ConfigurationError, "configuration", 2),
    (RefusedError, "refused", 3),
    (PermissionRefusedError, "permission", 3),
    (SourceError, "source", 1),
    (TargetError, "target", 1),
    (StateError, "state", 1),
    (UnexpectedError, "internal", 1),
)
INTERNAL = "internal"
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class FailureNote:
    """What went wrong, ready to be shown; `problems` lists the single findings of a configuration error."""

    code: str
    exit_code: int
    message: str
    remedy: str = ""
    problems: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """The error document of the command line."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "remedy": self.remedy,
                "problems": [*self.problems],
            }
        }

    @property
    def text(self) -> str:
        return f"{self.message} {self.remedy}".strip()


def note_of(error: SpheresyncError) -> FailureNote:
    """Say an error of the product."""
    code, exit_code = next(
        ((code, exit_code) for kind, code, exit_code in _TABLE if isinstance(error, kind)), (INTERNAL, 1)
    )
    problems = error.problems if isinstance(error, ConfigurationError) else ()
    return FailureNote(
        code, exit_code, clean_text(error.message), clean_text(error.remedy), tuple(map(clean_text, problems))
    )


def product_error_in(error: BaseException) -> SpheresyncError | None:
    """The product's own error in what task groups wrapped; None when anything in it is not ours."""
    found = list(leaves(error))
    ours = [leaf for leaf in found if isinstance(leaf, SpheresyncError)]
    return ours[0] if ours and len(ours) == len(found) else None
