"""How much is measured: the sizes that the targets were set for, and small ones that only show that it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tests.bench.figures import Figure


@dataclass(frozen=True, slots=True)
class Scale:
    """`assets` over `spaces` in the tenant, `many` in the state that is asked, and how often it is asked;
    `seconds` is how long many clients ask at once."""

    assets: int
    spaces: int
    many: int
    planned: tuple[int, ...]
    calls: int
    plans: int
    starts: int
    seconds: float

    @property
    def tenant(self) -> tuple[str, ...]:
        """Arguments of the simulated tenant: assets of 20 columns, every tenth an analytic model."""
        return ("--spaces", str(self.spaces), "--assets", str(self.assets // self.spaces), "--columns", "20")


FULL = Scale(10_000, 10, 100_000, (10_000, 100_000), calls=200, plans=20, starts=7, seconds=300)
QUICK = Scale(1_000, 2, 1_000, (1_000,), calls=20, plans=3, starts=2, seconds=10)

Section: TypeAlias = Callable[[Scale], list[Figure]]
