"""Runs one command and says what it cost: `python stopwatch.py RESULT_FILE COMMAND...`.

A process of its own, and a small one, because Linux hands the peak memory of whoever starts a process on to it: started
from the harness itself, every command would seem at least as large as the harness.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    """Run the command with our own standard streams; the figures go to the file."""
    result_file, *command = sys.argv[1:]
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    document = {
        "exit_code": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024),  # bytes there, KiB here
    }
    Path(result_file).write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    main()
