"""Exit codes, and one table from the error tree to what the faces say: code, exit code, text and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

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
from spheresync.model import RunState
from spheresync_server.json_texts import Json
from spheresync_server.untrusted import clean_text


class ExitCode(IntEnum):
    """The exit codes of CONTRACT.md; a process that a signal ended exits with 128 + the number of the signal."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    CHANGES = 4


_TABLE: tuple[tuple[type[SpheresyncError], str, ExitCode], ...] = (
    (UsageError, "usage", ExitCode.USAGE),
    (ConfigurationError, "configuration", ExitCode.USAGE),
    (RefusedError, "refused", ExitCode.REFUSED),
    (PermissionRefusedError, "permission", ExitCode.REFUSED),
    (SourceError, "source", ExitCode.FAILED),
    (TargetError, "target", ExitCode.FAILED),
    (StateError, "state", ExitCode.FAILED),
    (UnexpectedError, "internal", ExitCode.FAILED),
)
_OF_A_RUN: dict[str, ExitCode] = {RunState.DONE: ExitCode.DONE, RunState.REFUSED: ExitCode.REFUSED}
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
        ((code, exit_code) for kind, code, exit_code in _TABLE if isinstance(error, kind)), (INTERNAL, ExitCode.FAILED)
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


def exit_code_of_run(state: str) -> ExitCode:
    """The exit code of a command that waited for a run: done, refused, or failed in any other state."""
    return _OF_A_RUN.get(state, ExitCode.FAILED)
