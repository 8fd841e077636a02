"""Where a target of a destination keeps what it holds: an AWS Region, and a catalog in it."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.model.json_values import JsonValue


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

    def to_json(self) -> JsonValue:
        """Both, as states keep them."""
        return {"region": self.region, "catalog": self.catalog}

    @classmethod
    def from_json(cls, value: JsonValue) -> Place:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is something else.
        """
        if not isinstance(value, dict):
            raise ValueError("a place is an object of Region and catalog")
        region, catalog = value.get("region"), value.get("catalog")
        if not isinstance(region, str | None) or not isinstance(catalog, str | None):
            raise ValueError("Region and catalog of a place are texts")
        return cls(region, catalog)


def _may_be(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
