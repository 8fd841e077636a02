"""The services that answer beside the simulator's Glue: the dog's doubles, in each account and Region of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from spheresync.dog.services.double import Call, Double, Place, token_to
from spheresync.dog.services.glue_catalog import GlueCatalog
from spheresync.dog.services.logged_parameters import as_json, from_json
from spheresync.dog.services.registry import DOUBLES, double_for
from spheresync.dog.services.wire import ServiceError
from spheresync.model import JsonValue

Json = dict[str, Any]
_TICK = timedelta(microseconds=1)


def without_tag(parameters: Json, fault: Mapping[str, Any]) -> tuple[Json, list[Json]]:
    """A call on LF-Tags without the one that a fault names, and how that one failed."""
    pairs = parameters["LFTags"]
    failed = [pair for pair in pairs if pair["TagKey"].lower() == fault["tag"]]
    error = {"ErrorCode": fault["code"], "ErrorMessage": fault.get("message", "injected")}
    left = [pair for pair in pairs if pair not in failed]
    return {**parameters, "LFTags": left}, [{"LFTag": pair, "Error": error} for pair in failed]


class Doubles:
    """The doubles of every place, `REGION/ACCOUNT`; each is made when it is first asked."""

    def __init__(self, catalog_at: Callable[[str], GlueCatalog]) -> None:
        self._catalog_at = catalog_at
        self._made: dict[tuple[str, str], Double] = {}
        self._latest = datetime.min.replace(tzinfo=UTC)

    @staticmethod
    def serve(service: str) -> bool:
        """Whether a service answers here, and not only with Glue's own operations."""
        return any(each.service == service for each in DOUBLES)

    def execute(self, service: str, operation: str, parameters: Json, place: str) -> Json:
        """Raises:
        ServiceError: the service refuses it, or the double has no such operation.
        """
        double = double_for(service, operation)
        if double is None:
            raise ServiceError("UnknownOperationException", f"the simulator has no {service} {operation}", 404)
        # No two calls have the same time, whatever the clock says: the ids of doubles come of it.
        self._latest = max(datetime.now(UTC), self._latest + _TICK)
        return self._at(place, double).execute(Call(operation, parameters, self._latest))

    @staticmethod
    def pointing_at_itself(service: str, operation: str, page: Json) -> Json:
        """A page after which the first comes again."""
        double = double_for(service, operation)
        return {**page, "NextToken": "0"} if double is None else {**page, double.page_token: token_to(0)}

    def dump(self, place: str) -> dict[str, JsonValue]:
        """What each double that was asked there holds, as JSON."""
        return {name: as_json(double.dump()) for (where, name), double in self._made.items() if where == place}

    def load(self, place: str, dumped: Mapping[str, Any]) -> None:
        """Have each double be what was dumped; one that nothing was dumped of begins anew."""
        for double in DOUBLES:
            before = self._made.pop((place, double.name), None)
            if before is not None:
                before.catalog.watchers.remove(before)
            if double.name in dumped:
                # What was dumped is a double's own, so its shape is what the double takes.
                self._at(place, double).load(cast("Json", from_json(dumped[double.name])))

    def _at(self, place: str, double: type[Double]) -> Double:
        key = (place, double.name)
        if key not in self._made:
            region, account = place.split("/")
            self._made[key] = double(Place(account, region), self._catalog_at(place))
        return self._made[key]
