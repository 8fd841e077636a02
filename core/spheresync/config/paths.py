"""Paths in settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator


def require_path(path: Path) -> Path:
    """Refuse what no file system takes, and what no answer could show."""
    try:
        text = str(path).encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8; give a path whose name can be written") from None
    if b"\0" in text:
        raise ValueError("holds a character that no path can have; remove it")
    return path


SettingPath: TypeAlias = Annotated[Path, AfterValidator(require_path)]
