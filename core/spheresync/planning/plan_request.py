"""What a change set is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.model import Principal, Problem
from spheresync.runtime.scope import Scope


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a change set is asked for. `offer_deletes` shows deletes of retired tables even where not allowed yet."""

    scope: Scope
    principal: Principal
    full: bool = False
    allow_deletes: bool = False
    offer_deletes: bool = False
    max_deletes: int | None = None
    problems: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()  # worth a line, and no failure
    compare: bool = False  # for a person to see: say what of a promotion, and of the tables to be changed, does not fit
