"""What Ctrl-C and SIGTERM do where no event loop listens to them: one line or one document, and the process ends.

An exception would come up in the middle of whatever is being loaded; ending the process there leaves nothing half done.
Imports nothing heavy, so that it is ready before all else.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM)
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


class Leaving:
    """A signal handler that says `text` and ends the process with 128 + the signal's number, as a shell reports it."""

    def __init__(self, *, json: bool, text: str) -> None:
        self._json = json
        self._text = text

    def __call__(self, number: int, _: FrameType | None) -> None:
        descriptor, text = (1, _DOCUMENT) if self._json else (2, "spheresync: %s\n")
        with suppress(OSError):  # nobody may listen any more
            os.write(descriptor, (text % self._text.format(signal.Signals(number).name)).encode())
        os._exit(128 + number)

    def saying(self, text: str) -> Leaving:
        """The same with another text."""
        return Leaving(json=self._json, text=text)

    def arm(self) -> None:
        """From now on signals of this process end it so."""
        for number in ENDING:
            signal.signal(number, self)


class Finishing(Leaving):
    """While the answer goes out: it is whole after a first signal too, and a second one ends a process that hangs."""

    def __init__(self) -> None:
        super().__init__(json=False, text="")
        self._signalled = False

    def __call__(self, number: int, _: FrameType | None) -> None:
        if self._signalled:
            os._exit(128 + number)
        self._signalled = True


def armed() -> Leaving | None:
    """The handler of this process; None where the process is not ours, as in a test."""
    handler = signal.getsignal(signal.SIGINT)
    return handler if isinstance(handler, Leaving) else None


def finish() -> None:
    """The work is done and its answer goes out."""
    if threading.current_thread() is threading.main_thread() and armed() is not None:
        Finishing().arm()
