"""The entry point of `spheresync`: it installs the signal handlers before the rest of the program is loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from spheresync.runtime.garbage import collect_seldom
from spheresync_server.cli.global_options import move_to_front, wants_json
from spheresync_server.cli.signals import ExitOnSignal


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code.

    Without arguments, those of the process are taken, and its signals are handled from here to its end.
    """
    collect_seldom()
    arguments_in_order = move_to_front(sys.argv[1:] if arguments is None else arguments)
    json = wants_json(arguments_in_order)
    if arguments is None:
        ExitOnSignal(json=json, text="Ended by {}.").install()

    from spheresync_server.cli.command_line import run_command_line

    code = run_command_line(arguments_in_order, json=json)
    if arguments is None:
        from spheresync_server.cli.interruption import exit_soon

        exit_soon(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
