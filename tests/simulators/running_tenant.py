"""Starts the simulated tenant in a process of its own, for the length of a `with` block."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulators.forked import fork

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class TenantStats:
    """What the tenant was asked. `hits` are (seconds since the epoch, kind, path, status), oldest first."""

    total: int
    counts: Mapping[str, int]
    peak: int
    under_way: int
    hits: tuple[tuple[float, str, str, int], ...]
    bytes_sent: int  # of bodies, as they went over the wire

    def most_in(self, seconds: float) -> int:
        """The largest number of requests in any window of so many seconds."""
        times = [at for at, *_ in self.hits]
        most = first = 0
        for last, at in enumerate(times):
            while at - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most


@dataclass(frozen=True, slots=True)
class RunningTenant:
    """A tenant that is serving, with a client of its admin door."""

    base_url: str
    token_url: str
    client_id: str
    client_secret: str
    port: int
    pid: int

    def environment(self) -> dict[str, str]:
        """Settings that point Spheresync at this tenant."""
        return {
            "SPHERESYNC_DATASPHERE__BASE_URL": self.base_url,
            "SPHERESYNC_DATASPHERE__TOKEN_URL": self.token_url,
            "SPHERESYNC_DATASPHERE__CLIENT_ID": self.client_id,
            "SPHERESYNC_DATASPHERE__CLIENT_SECRET": self.client_secret,
        }

    def admin(self, **document: Any) -> None:
        """POST to `/admin`; see `tests.simulators.tenant_server`. Raises ValueError with what the tenant refused."""
        body = json.dumps(document).encode()
        request = urllib.request.Request(f"{self.base_url}/admin", data=body, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS):
                return
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(json.loads(error.read())["error"]) from None

    def edit(self, op: str, **arguments: Any) -> None:
        """Make one edit, named and with arguments as in `landscape_edits` and `spheresync.dog.edits`."""
        self.admin(edits=[{"op": op, **arguments}])

    def set_faults(self, **faults: Any) -> None:
        """Show exactly these faults, no others; none at all to heal the tenant."""
        self.admin(reset_faults=True, faults=faults)

    def clear_stats(self) -> None:
        self.admin(clear_stats=True)

    def stats(self) -> TenantStats:
        """What was asked since the last `clear_stats`; admin requests do not count."""
        with urllib.request.urlopen(f"{self.base_url}/admin/stats", timeout=_SECONDS) as answer:
            found = json.loads(answer.read())
        hits = tuple((at, kind, path, status) for at, kind, path, status in found["hits"])
        return TenantStats(
            found["total"], found["counts"], found["peak"], found["under_way"], hits, found["bytes_sent"]
        )


@contextmanager
def running_tenant(*arguments: str) -> Iterator[RunningTenant]:
    """Run `tests.simulators.tenant_server` with command-line `arguments`; it ends with the block, or with us."""
    given = ("--until-stdin-closes", *arguments)
    with fork("tests.simulators.tenant_server", given, environment=os.environ, folder=_ROOT) as process:
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the simulated tenant did not start, exit code {process.wait()}")
            yield RunningTenant(**json.loads(line), pid=process.pid)
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
