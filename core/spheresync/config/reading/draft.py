"""What is known of settings while they are read, before they are checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spheresync.config.context import NO_CONTEXT, BusinessContext
from spheresync.config.promotion_in_force import PromotionInForce


@dataclass(slots=True)
class Draft:
    """The raw values, where each came from, and what is wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # of the file, from 1
    problems: list[str] = field(default_factory=list)
    unfilled: set[str] = field(default_factory=set)  # keys whose value is known to be wrong
    promotion: PromotionInForce | None = None
    context: BusinessContext | None = NO_CONTEXT  # None: that of dog, which nobody has to name


def at_home(path: str, environ: Mapping[str, str]) -> str:
    """A path that may begin with `~`: no shell has seen those in files, or in the configuration of an assistant."""
    home = environ.get("HOME") or str(Path("~").expanduser())
    return f"{home}{path[1:]}" if path == "~" or path.startswith("~/") else path
