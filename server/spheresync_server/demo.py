"""`make demo`: tells the story in a temporary folder, and ends in one line when somebody has seen enough.

Imports nothing heavy, so that Ctrl-C is known before the simulators are loaded.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import NoReturn

from spheresync_server.cli.signals import ENDING_SIGNALS, ExitOnSignal


class EndedEarly(BaseException):
    """Raised by a signal while the story is told, so that its folder goes too."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def _end(number: int, _: FrameType | None) -> NoReturn:
    for each in ENDING_SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # a second one must not cut the tidying short
    raise EndedEarly(number)


def main() -> None:
    """Tell the story; the folder is gone afterwards, however it ends."""
    ExitOnSignal(json=False, text="Ended by {}.").install()

    from spheresync_server.demo_story import tell

    try:
        with tempfile.TemporaryDirectory(prefix="spheresync-demo-") as folder:
            for each in ENDING_SIGNALS:
                signal.signal(each, _end)
            tell(Path(folder))
    except EndedEarly as ended:
        sys.stderr.write(f"spheresync: Ended by {ended}.\n")
        sys.exit(128 + ended.number)


if __name__ == "__main__":
    main()
