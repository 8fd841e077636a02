"""What a caller asks for, as given and not yet checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ScopeRequest:
    """The scope flags of a command or tool; empty means everything."""

    spaces: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineageExport:
    """Where lineage is written as OpenLineage events; `replace`: a file that is there gives way."""

    file: Path
    replace: bool = False
