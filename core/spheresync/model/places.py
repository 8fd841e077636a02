"""Where a target of a destination keeps what it holds: an AWS Region, and a catalog in it."""

from __future__ import annotations

from dataclasses import dataclass

_UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Place:
    """A catalog in a Region; None is what nobody can say, as AWS has not been asked.

    `catalog`: its id, which begins with the digits of its account.
    """

    region: str | None = None
    catalog: str | None = None

    def __str__(self) -> str:
        region = f"Region {self.region}" if self.region else "the Region of this process"
        return f"catalog {self.catalog} in {region}" if self.catalog else f"the own catalog in {region}"

    def may_be(self, other: Place) -> bool:
        """Whether both may be one place, as far as is known of them."""
        return _may_be(self.region, other.region) and _may_be(self.catalog, other.catalog)

    def or_else(self, other: Place) -> Place:
        """This place, with what the other one knows and this one does not."""
        return Place(self.region or other.region, self.catalog or other.catalog)

    def as_note(self) -> str:
        """Both in one line, as states keep them."""
        return f"at {self.region or _UNKNOWN} {self.catalog or _UNKNOWN}"

    @classmethod
    def of_note(cls, text: str) -> Place:
        """Read what `as_note` wrote.

        Raises:
            ValueError: it is something else.
        """
        at, *both = text.split(" ")
        if at != "at" or len(both) != 2 or "" in both:
            raise ValueError("a place is noted as `at REGION CATALOG`")
        region, catalog = (None if each == _UNKNOWN else each for each in both)
        return cls(region, catalog)


def _may_be(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
