"""A database that could not have the name it should, because another source of ours has that name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spheresync.mapping.names import space_of_key
from spheresync.model import PhysicalName, Problem

CODE = "database_name_taken"


@dataclass(frozen=True, slots=True, order=True)
class DatabaseNameConflict:
    """`key` wanted the name `wanted` for its database; `holder` has it, so `given` is used instead."""

    key: str
    wanted: PhysicalName
    given: PhysicalName
    holder: str

    @property
    def concerns_a_rule(self) -> bool:
        """Whether somebody wrote one of the names; two spaces whose names fold to the same are nobody's mistake."""
        return space_of_key(self.key) is None or space_of_key(self.holder) is None

    @property
    def message(self) -> str:
        asking, holding = space_of_key(self.key), space_of_key(self.holder)
        asks = "a mapping rule asks for" if asking is None else f"space {asking} would have"
        holds = "a mapping rule asks for it too" if holding is None else f"space {holding} holds it"
        return f"{asks} database {self.wanted}, but {holds}; {self.given} is used instead"

    def problem(self) -> Problem:
        """As a finding of a change set."""
        message = f"{self.message[:1].upper()}{self.message[1:]}."
        remedy = "To choose the name yourself, give the rule another `database:`."
        return Problem(f"database {self.wanted}", CODE, message, remedy)


def findings_of(displaced: Iterable[DatabaseNameConflict]) -> tuple[Problem, ...]:
    """One finding for each database, where a rule is concerned."""
    return tuple(each.problem() for each in sorted(set(displaced)) if each.concerns_a_rule)


def holder_of(wanted: PhysicalName, containers: Mapping[str, PhysicalName], held: Mapping[PhysicalName, str]) -> str:
    """Who has a name: it was given in the past, or to another one just now."""
    given_now = (key for key, container in containers.items() if container == wanted)
    return held.get(wanted) or next(given_now, "")
