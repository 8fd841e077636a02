"""Open a browser beside this process: it gets none of its streams, and nobody waits for it."""

from __future__ import annotations

import os
import subprocess
import sys

_OPENED: list[subprocess.Popen[bytes]] = []
"""Kept to the end of the process, which is soon: nobody is to be told that it outlived them."""


def open_browser(url: str) -> bool:
    """Have the desktop, or what BROWSER names, open an address; False where there is neither.

    A text browser would want the terminal, which is not ours to give: without a desktop nothing is opened.
    """
    if sys.platform != "darwin" and not any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")):
        return False
    command = [sys.executable, "-m", "webbrowser", url]
    devnull = subprocess.DEVNULL
    try:
        _OPENED.append(
            subprocess.Popen(  # noqa: S603 -- our own interpreter; the address is ours
                command, stdin=devnull, stdout=devnull, stderr=devnull, start_new_session=True
            )
        )
    except OSError:
        return False
    return True
