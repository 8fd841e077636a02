"""The file of a state that holds nothing yet: to make one runs every migration, and that is most of opening it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from spheresync.state.sqlite.connection import FILE_NAME, _prepare
from spheresync.state.sqlite.schema import shipped_migrations


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILE_NAME
        _prepare(file, shipped_migrations()).close()
        return file.read_bytes()


def lay_new_state(folder: Path) -> None:
    """Leave a folder without a state as if one had been opened there and closed before anything was written."""
    file = folder / FILE_NAME
    if file.exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(_content())
