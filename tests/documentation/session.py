"""A reader at a terminal: runs the commands of a page one after the other, in a folder of their own, in dog."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.documentation.blocks import Block, Command
from tests.simulators.forked import fork

_PROGRAM = "spheresync_server.cli.main"
TIMEOUT = 120  # seconds until a hung command fails its test
_IDS = {"cs_…": re.compile(r"\bcs_[0-9a-f]+"), "run_…": re.compile(r"\brun_[0-9a-f]{6,}")}
"""What a page writes for an id: the one that the reader's own command has printed."""


@dataclass(slots=True)
class Session:
    """What a reader has in the folder, and the ids that he was shown last."""

    folder: Path
    ids: dict[str, str] = field(default_factory=dict)

    def read(self, block: Block) -> None:
        """Do what a block says."""
        if block.file is not None and not block.file.startswith("/"):
            file = self.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text + "\n", "utf-8")
        elif block.language == "console" and block.is_run:
            for command in block.commands():
                self._run(command, block)

    def _run(self, command: Command, block: Block) -> None:
        text = command.text
        for written, known in self.ids.items():
            text = text.replace(written, known)
        assert "…" not in text, f"{block}: no command before has printed an id for {command.text!r}"
        code, output = self._by_fork(text) if _needs_no_shell(text) else self._by_shell(text)
        assert code == 0, f"{block}: {text!r} ended with {code}:\n{output}"
        self._compare(command, output, block)
        for written, form in _IDS.items():
            if shown := form.search(output):
                self.ids[written] = shown[0]

    def _by_shell(self, text: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-c", text],
            env=self._surroundings(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=False,
        )
        return done.returncode, done.stdout

    def _by_fork(self, text: str) -> tuple[int, str]:
        """The same, and no interpreter is started for it: there are dozens of commands."""
        arguments = shlex.split(text)[1:]
        process = fork(_PROGRAM, arguments, environment=self._surroundings(), folder=self.folder)
        printed, told = process.communicate(timeout=TIMEOUT)
        return process.wait(), told + printed

    def _compare(self, command: Command, output: str, block: Block) -> None:
        """Each printed line is there, in their order; how far columns are apart does not count."""
        lines = iter(_plain(output).splitlines())
        for printed in command.printed:
            form = _form_of(printed)
            assert any(form.match(line) for line in lines), (
                f"{block}: {command.text!r} does not print {printed!r} there, but:\n{output}"
            )

    def _surroundings(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPHERESYNC_", "AWS_"))}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
            "HOME": str(self.folder),
            "COLUMNS": "200",
            "SPHERESYNC_STATE_DIR": str(self.folder / "state"),
        }


def _needs_no_shell(text: str) -> bool:
    return text.startswith("spheresync ") and not set("|&;<>$`*?\n") & {*text}


def _form_of(printed: str) -> re.Pattern[str]:
    """What a line has to match; where `…` stands alone between two words, there may be nothing."""
    words = re.escape(_plain(printed)).replace("…", ".*?")
    return re.compile(words.replace(r"\ .*?\ ", r"\ (?:.*?\ )?"))


def _plain(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines())
