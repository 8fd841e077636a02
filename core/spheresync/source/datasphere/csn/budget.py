"""How much work one document may make: what reading it costs beyond its own size is counted, and comes to an end."""

from __future__ import annotations

from spheresync.errors import SourceError, SourceFault
from spheresync.model import counted

_REMEDY = "Look at the object in Datasphere's Data Builder; report it to SAP if it is as it should be."


class Budget:
    """Steps that may be made for one purpose."""

    def __init__(self, most: int, what: str, noun: str) -> None:
        """`what` begins the sentence about what takes more than `most` of `noun`."""
        self._most = most
        self._left = most
        self._what = what
        self._noun = noun

    def spend(self, steps: int = 1) -> None:
        """Make steps.

        Raises:
            SourceError: TOO_LARGE, there are none left.
        """
        self._left -= steps
        if self._left < 0:
            said = f"{self._what} more than {counted(self._most, self._noun)}."
            raise SourceError(SourceFault.TOO_LARGE, said, remedy=_REMEDY)
