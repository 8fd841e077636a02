"""How much one document may hold and how long reading it may take, far above what any real one needs.

Counts are taken before anything grows with them, so that what somebody serves costs at most what is written here: the
memory of a tree of that many nodes, and the time of reading it once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from spheresync.errors import SourceError, SourceFault

_LOOK = 256
"""Parts that are read between two looks at the clock."""
_REMEDY = "No deployed object is that large: open the asset's $metadata in a browser and see what is served."


@dataclass(frozen=True, slots=True)
class DocumentBudget:
    """The most of one document. A column takes one property, about eight elements and twenty attributes.

    Attributes:
        size: bytes.
        tags: opening and closing ones together.
        attributes: all there are.
        attributes_of_one: those of one element.
        properties: those that the types which are read declare.
        inherited: those that they inherit, counted anew for each heir.
        parts: sets, types' members, annotations and targets that are looked at.
        seconds: for reading it, from its bytes to its last property.
    """

    size: int = 32 * 1024 * 1024
    tags: int = 600_000
    attributes: int = 1_500_000
    attributes_of_one: int = 1_000
    properties: int = 20_000
    inherited: int = 100_000
    parts: int = 400_000
    seconds: float = 30.0


class Spending:
    """What of a budget is spent; `clock` answers seconds."""

    def __init__(self, budget: DocumentBudget, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = budget
        self._clock = clock
        self._end = clock() + budget.seconds
        self._read = 0
        self._properties = 0
        self._inherited = 0

    def one(self) -> None:
        """One more part is read.

        Raises:
            SourceError: TOO_LARGE, there are too many, or the time is up.
        """
        self._read += 1
        if self._read > self._budget.parts:
            raise beyond(f"has more than {self._budget.parts} parts to read")
        if self._read % _LOOK == 0 and self._clock() > self._end:
            raise beyond(f"takes longer than {self._budget.seconds:g} s to read")

    def one_property(self) -> None:
        """One more property is read.

        Raises:
            SourceError: TOO_LARGE, there are too many, or the time is up.
        """
        self._properties += 1
        if self._properties > self._budget.properties:
            raise beyond(f"gives the asset more than {self._budget.properties} properties")
        self.one()

    def one_inherited(self) -> None:
        """As `one_property`, for one that a type inherits."""
        self._inherited += 1
        if self._inherited > self._budget.inherited:
            raise beyond(f"lets the asset's types inherit more than {self._budget.inherited} properties")
        self.one()


def beyond(what: str) -> SourceError:
    """The error for a document that goes beyond its budget: `what` follows "The document"."""
    return SourceError(SourceFault.TOO_LARGE, f"The document {what}.", remedy=_REMEDY)
