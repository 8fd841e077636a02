"""How much of a walk a test takes: a part in `make test`, which everybody waits for, and all of it in `make soak`.

The part is the same one each time, and every kind of value is in it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

LONG = os.environ.get("SPHERESYNC_SOAK") == "long"

_T = TypeVar("_T")


def part_of(values: Sequence[_T], *, one_in: int, start: int = 0) -> Sequence[_T]:
    """Each `one_in`-th of the values from `start` on, at least one; all of them in the long form."""
    return values if LONG else values[start % min(one_in, len(values)) :: one_in]
