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

LOOK_EVERY = 0.05
"""Seconds between two looks at the memory; the peak of one process alone is exact, of several together to a look."""


def resident_mib(process_id: int) -> float:
    """Resident memory of a process and of all that it started, now; 0 where the system does not tell."""
    total = 0.0
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii", errors="replace")
        total = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))
        threads = Path(f"/proc/{process_id}/task").glob("*/children")
        started = " ".join(thread.read_text(encoding="ascii") for thread in threads).split()
    except (OSError, StopIteration):  # it has ended meanwhile
        return total
    return total + sum(resident_mib(int(child)) for child in started)


def main() -> None:
    """Run the command with our own standard streams; the figures go to the file."""
    result_file, *command = sys.argv[1:]
    began = time.perf_counter()
    process = subprocess.Popen(command)
    together = 0.0
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        together = max(together, resident_mib(process.pid))
        time.sleep(LOOK_EVERY)
    seconds = time.perf_counter() - began
    document = {
        "exit_code": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": max(together, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)),
    }
    Path(result_file).write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    main()
