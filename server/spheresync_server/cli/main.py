"""The entry of `spheresync`: it knows what to do at Ctrl-C before anything else of the program is loaded."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

from spheresync_server.cli.global_options import move_to_front, wants_json
from spheresync_server.cli.signals import Leaving

_COLLECTED_AFTER = (20_000, 20, 20)
"""Objects until garbage is looked for: loading the program makes hundreds of thousands, none of which is garbage."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    Without arguments those of the process are taken; then its signals are ours too, from here to its end.
    """
    gc.set_threshold(*_COLLECTED_AFTER)
    hoisted = move_to_front(sys.argv[1:] if arguments is None else arguments)
    json = wants_json(hoisted)
    if arguments is None:
        Leaving(json=json, text="Ended by {}.").arm()

    from spheresync_server.cli.command_line import run_command_line

    code = run_command_line(hoisted, json=json)
    if arguments is None:
        from spheresync_server.cli.interruption import leave_soon

        leave_soon(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
