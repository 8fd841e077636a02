"""One installation of Spheresync as its users have it: the command line in processes of its own, on foreign servers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.simulators.forked import ACCOUNT, Forked, fork
from tests.simulators.stdio_server import Read, Write, over_pipes

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Installation:
    """Runs `spheresync` with a state folder, a tenant and a catalog of its own."""

    state_dir: Path
    environment: Mapping[str, str]
    config: str = ""
    env: str = "wolf"
    account: int | None = None  # of the operating system; by default that of the suite
    extra: dict[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "core"), str(ROOT / "server")]),
            **self.environment,
            "SPHERESYNC_ENV": self.env,
            "SPHERESYNC_STATE_DIR": str(self.state_dir),
            **({} if self.account is None else {ACCOUNT: str(self.account)}),
            **self.extra,
        }

    def arguments(self, *arguments: str) -> list[str]:
        """The arguments of a command, with the configuration file that is written for it."""
        if not self.config:
            return [*arguments]
        self.state_dir.parent.mkdir(parents=True, exist_ok=True)
        file = self.state_dir.parent / "spheresync.yaml"
        file.write_text(self.config, "utf-8")
        return [*arguments, "--config", str(file)]

    def command(self, *arguments: str) -> list[str]:
        """A command as somebody else starts it, such as an assistant its server."""
        return [sys.executable, "-m", "spheresync_server", *self.arguments(*arguments)]

    def start(self, *arguments: str) -> Forked:
        """Begin a command; the caller waits for it or kills it."""
        return fork(
            "spheresync_server.cli.main",
            self.arguments(*arguments),
            environment=self.variables(),
            folder=self.state_dir.parent,
        )

    def serving(self, *arguments: str, **variables: str) -> AbstractAsyncContextManager[tuple[Read, Write]]:
        """An MCP server for a client of the SDK: what it speaks over, for as long as it is there."""
        return over_pipes(
            lambda: fork(
                "spheresync_server.cli.main",
                self.arguments("serve", *arguments),
                environment=self.variables() | variables,
                folder=self.state_dir.parent,
                redirected={2: os.devnull},
            )
        )

    def as_account(self, number: int) -> Installation:
        """The same installation, used from another account, which is known as `uid-<number>`."""
        return replace(self, account=number)

    def run(self, *arguments: str) -> Ended:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return Ended(process.wait(), out, err)

    def ask(self, *arguments: str, code: int | None = 0) -> Any:
        """Run a command with `--json` and answer its document; the exit code must be `code` unless that is None."""
        ended = self.run(*arguments, "--json")
        assert code is None or ended.code == code, f"exit {ended.code}\n{ended.out[:3000]}\n{ended.err[-3000:]}"
        return ended.json
