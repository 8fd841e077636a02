"""How often Python looks for garbage that counting references leaves behind."""

from __future__ import annotations

import gc

_COLLECTED_AFTER = (200_000, 20, 20)
"""Objects until garbage is looked for: loading the program makes hundreds of thousands, none of which is garbage."""


def collect_seldom() -> None:
    """Have a process of ours look for garbage as often as it makes some."""
    gc.set_threshold(*_COLLECTED_AFTER)
