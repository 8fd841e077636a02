"""Texts that the code has no place for, held against it: each thing has one, and there is none of nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import yaml

_FOLDER = Path(__file__).with_name("descriptions")


class TextsDifferError(Exception):
    """Raised when a thing has no text, or a text no thing."""


def texts_for(page: str, things: Collection[str]) -> Mapping[str, str]:
    """The texts of a page by thing.

    Raises:
        TextsDifferError: the file and the code do not name the same things.
    """
    file = _FOLDER / f"{page}.yaml"
    texts: dict[str, str] = yaml.safe_load(file.read_text("utf-8"))
    missing, left = sorted({*things} - {*texts}), sorted({*texts} - {*things})
    if missing or left:
        raise TextsDifferError(f"{file.name}: without a text are {missing}; texts of nothing are {left}")
    return texts
