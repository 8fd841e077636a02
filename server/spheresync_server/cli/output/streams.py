"""The standard streams as a command may rely on them: there, in UTF-8, and stderr never costs the result."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress


class ForgivingText(io.TextIOWrapper):
    """Text that nobody may be able to take: a full disk or a reader who left is no reason to stop."""

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def prepare_streams() -> None:
    """Make the streams of this process so; those that a test put in their place stay what they are."""
    _open_closed_streams()
    given = sys.__stderr__
    if given is not None and sys.stderr is given:
        # Unbuffered: what could not be written is forgotten, and not tried again at the end of the process.
        raw = io.FileIO(given.fileno(), "w", closefd=False)
        sys.stderr = ForgivingText(raw, write_through=True)  # as `python -u` has it
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _open_closed_streams() -> None:
    """A stream that was closed before the start is None in Python.

    What a command is to deliver on stdout is then as lost as on a full disk: each write fails, as it would by itself.
    """
    for name, mode, access in (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY)):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, access)
            setattr(sys, name, open(descriptor, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 -- as long as the process
