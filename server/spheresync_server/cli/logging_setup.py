"""How much this process logs, and how it spells it; always on stderr.

A command's answer says what went wrong, so its log adds nothing unless it is asked for. A server answers nobody about
what it does by itself: there warnings are logged.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence

from spheresync.errors import ConfigurationError
from spheresync.observe.logs import LogStyle, send_logs

VARIABLE = "SPHERESYNC_LOG"
_ON_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME"


def start_log(hoisted: Sequence[str], environ: Mapping[str, str], *, verbose: bool) -> None:
    """Log as SPHERESYNC_LOG and --verbose say: `json` is for a collector, which wants to see everything.

    `emf` is the same with figures for CloudWatch, and what is chosen on AWS Lambda, whose log CloudWatch reads.

    Raises:
        ConfigurationError: SPHERESYNC_LOG names no way to spell a log.
    """
    name = environ.get(VARIABLE) or (LogStyle.EMF if environ.get(_ON_LAMBDA) else LogStyle.TEXT)
    style = LogStyle(name) if name in set(LogStyle) else LogStyle.TEXT
    by_default = logging.WARNING if "serve" in hoisted else logging.ERROR
    level = logging.INFO if verbose or style.structured else by_default
    send_logs(sys.stderr, style=style, level=level)
    if name not in set(LogStyle):
        raise ConfigurationError((f"environment: {VARIABLE}: {name[:40]!r} is no style; use text, json or emf",))
