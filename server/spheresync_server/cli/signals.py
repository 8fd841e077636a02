"""What SIGINT (Ctrl-C) and SIGTERM do while no event loop handles them: write one line or document, end the process.

An exception instead would be raised in the middle of an import; ending the process there leaves nothing half done.
Imports nothing heavy, because the handlers are installed before the rest of the program is loaded.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_DOCUMENT = """\
{
  "error": {
    "code": "interrupted",
    "message": "%s",
    "remedy": "",
    "problems": []
  }
}
"""


class ExitOnSignal:
    """A signal handler that writes `text` and ends the process with 128 + the number of the signal, as shells do."""

    def __init__(self, *, json: bool, text: str) -> None:
        self._json = json
        self._text = text

    def __call__(self, number: int, _: FrameType | None) -> None:
        descriptor, text = (1, _DOCUMENT) if self._json else (2, "spheresync: %s\n")
        with suppress(OSError):  # the reader may have closed the stream
            os.write(descriptor, (text % self._text.format(signal.Signals(number).name)).encode())
        os._exit(128 + number)

    def with_text(self, text: str) -> ExitOnSignal:
        """The same handler with another text."""
        return ExitOnSignal(json=self._json, text=text)

    def install(self) -> None:
        """Handle the signals of this process from now on."""
        for number in ENDING_SIGNALS:
            signal.signal(number, self)


class ExitOnSecondSignal(ExitOnSignal):
    """While the answer is written: a first signal does not cut it off, a second one ends a process that hangs."""

    def __init__(self) -> None:
        super().__init__(json=False, text="")
        self._signalled = False

    def __call__(self, number: int, _: FrameType | None) -> None:
        if self._signalled:
            os._exit(128 + number)
        self._signalled = True


def installed_handler() -> ExitOnSignal | None:
    """The handler of this process; None where the process belongs to somebody else, such as a test."""
    handler = signal.getsignal(signal.SIGINT)
    return handler if isinstance(handler, ExitOnSignal) else None


def answer_is_being_written() -> None:
    """From now on only a second signal ends the process."""
    if threading.current_thread() is threading.main_thread() and installed_handler() is not None:
        ExitOnSecondSignal().install()
