"""The scope that a caller may name: options of commands and arguments of tools are both made of these parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spheresync.model import ScopeRequest

LARGEST_PAGE = 200
"""Items that one answer holds at most, whoever asks."""


@dataclass(frozen=True, slots=True)
class ScopeArgument:
    """One part of a scope: a repeatable option with one value each, or a list in one argument."""

    option: str
    metavar: str
    one: str
    several: str

    @property
    def option_help(self) -> str:
        return f"Only {self.one}; may be repeated."

    @property
    def description(self) -> str:
        """What the argument of a tool is described by."""
        return f"Only these {self.several}"


SPACES = ScopeArgument("--space", "S", "this space", "spaces")
ASSETS = ScopeArgument("--asset", "SPACE/NAME", "this asset", "SPACE/NAME")
TIERS = ScopeArgument("--tier", "T", "critical, high or medium", "tiers")
TARGETS = ScopeArgument("--target", "T", "this target", "targets")
DESTINATIONS = ScopeArgument("--destination", "D", "this destination", "destinations")


def scope_request(
    spaces: Iterable[str] | None = None,
    assets: Iterable[str] | None = None,
    tiers: Iterable[str] | None = None,
    targets: Iterable[str] | None = None,
    destinations: Iterable[str] | None = None,
) -> ScopeRequest:
    """The scope as given; what was left out, or is an empty list, means everything."""
    return ScopeRequest(
        tuple(spaces or ()), tuple(assets or ()), tuple(tiers or ()), tuple(targets or ()), tuple(destinations or ())
    )
