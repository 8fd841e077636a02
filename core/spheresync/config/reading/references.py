"""What a text of the configuration refers to: `${VAR}`, a variable of the environment, and `${file:PATH}`, a file.

Secrets from elsewhere (`${secretsmanager:…}`, `${ssm:…}`, `${keyring:…}`) come with a later release and are refused: as
a text they would be sent as the secret itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from spheresync.config.reading.draft import at_home
from spheresync.regular_files import FileStamp, read_regular

LARGEST = 64 * 1024
"""Bytes of a file that stands for a value."""
#: `${NAME}` or `${kind:…}`, or `$${` for the two characters `${` themselves.
_REFERENCE = re.compile(r"\$(?:(\$)\{|\{(?:([A-Za-z_][A-Za-z0-9_]*)|([a-z]+):([^{}]*))\})")
_FILE = "file"
_LATER = ("secretsmanager", "ssm", "keyring")


class References:
    """Fills in what texts refer to; paths of files start at `folder`. `files` are those that were read."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.files: dict[Path, FileStamp] = {}
        self._environ = environ
        self._folder = folder

    def fill(self, text: str) -> tuple[str, list[str]]:
        """The text with what it refers to, and what of that cannot be had."""
        faults: dict[str, None] = {}

        def refer(match: re.Match[str]) -> str:
            doubled, variable, kind, what = match.groups()
            if doubled:
                return "${"
            found, fault = self._variable(variable) if variable else self._of(kind, what)
            if fault:
                faults[fault] = None
            return found

        filled = _REFERENCE.sub(refer, text)
        return filled, sorted(faults)

    def _variable(self, name: str) -> tuple[str, str]:
        if name in self._environ:
            return self._environ[name], ""
        return "", f"the variable {name} is not set; export it, or write $${{…}} for the text itself"

    def _of(self, kind: str, what: str) -> tuple[str, str]:
        if kind == _FILE:
            return self._file(what.strip())
        if kind in _LATER:
            return "", f"${{{kind}:…}} comes with a later release; give it as ${{VAR}} or ${{file:PATH}}"
        return "", f"${{{kind}:…}} is no reference; write ${{VAR}}, ${{file:PATH}}, or $${{…}} for the text itself"

    def _file(self, named: str) -> tuple[str, str]:
        """The text of a file, without the line end that editors add."""
        path = self._folder / at_home(named, self._environ)
        try:
            if not named:
                raise ValueError("no path is given")
            content, stamp = read_regular(path, LARGEST)
            if len(content) > LARGEST:
                raise ValueError(f"it is larger than {LARGEST // 1024} KiB")
            text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
            if not text:
                raise ValueError("it is empty")
        except (OSError, ValueError) as error:
            said = "it is no UTF-8" if isinstance(error, UnicodeDecodeError) else _why(error)
            return "", f"the file of ${{file:…}} cannot be used ({said}); paths start at the configuration's folder"
        self.files[path] = stamp
        return text, ""


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
