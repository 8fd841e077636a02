"""Level and format of the log of this process, which always goes to stderr.

A command reports problems in its answer, so it logs only errors unless asked for more. A server has nobody to answer
about what it does by itself, so it logs warnings.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence

from spheresync.errors import ConfigurationError
from spheresync.observe.logs import LogStyle, send_logs

VARIABLE = "SPHERESYNC_LOG"
_ON_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME"


def set_up_logging(arguments: Sequence[str], environ: Mapping[str, str], *, verbose: bool) -> None:
    """Set up the log by SPHERESYNC_LOG and --verbose; `json` is for log collectors and logs at level INFO.

    `emf` adds metrics for CloudWatch (embedded metric format); it is the default on AWS Lambda.

    Raises:
        ConfigurationError: SPHERESYNC_LOG names no known format.
    """
    name = environ.get(VARIABLE) or (LogStyle.EMF if environ.get(_ON_LAMBDA) else LogStyle.TEXT)
    style = LogStyle(name) if name in set(LogStyle) else LogStyle.TEXT
    by_default = logging.WARNING if "serve" in arguments else logging.ERROR
    level = logging.INFO if verbose or style.structured else by_default
    send_logs(sys.stderr, style=style, level=level)
    if name not in set(LogStyle):
        raise ConfigurationError((f"environment: {VARIABLE}: {name[:40]!r} is no style; use text, json or emf",))
