"""OpenLineage events as DataZone takes them. Pure.

A dataset whose name is that of a Glue table by OpenLineage's naming (namespace `arn:aws:glue:REGION:ACCOUNT`, name
`table/DATABASE/TABLE`) is the node of the table, which a data source imports (reference: aws-catalogs.md 4; that
DataZone puts the two together in just this way is not verified on AWS).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spheresync.model import GLUE, JsonValue, canonical_json
from spheresync.model.json_document import read_own_json

MOST_BYTES = 300_000
"""Bytes of an event (same place)."""


@dataclass(frozen=True, slots=True)
class CatalogPlace:
    """Where the tables of a destination are."""

    destination: str
    partition: str
    region: str
    account: str


def event_for_datazone(event: bytes, place: CatalogPlace) -> bytes | None:
    """An event as it is posted; None where it is about another target or destination.

    One that is too long goes without the facet of columns: that a table is filled is worth more than from which.
    """
    said: dict[str, Any] = read_own_json(event)
    outputs = [_named(each, place) for each in said["outputs"]]
    if None in outputs:
        return None
    told = canonical_json({**said, "outputs": outputs})
    if len(told) <= MOST_BYTES:
        return told
    plain: list[JsonValue] = [{**each, "facets": {}} for each in outputs if each is not None]
    return canonical_json({**said, "outputs": plain})


def _named(dataset: Mapping[str, Any], place: CatalogPlace) -> dict[str, Any] | None:
    target, is_target, destination = str(dataset["namespace"]).partition("://")
    if not is_target or target.startswith("sap-datasphere"):
        return dict(dataset)
    if target != GLUE or destination != place.destination:
        return None
    database, _, table = str(dataset["name"]).partition(".")
    catalog = f"arn:{place.partition}:glue:{place.region}:{place.account}"
    return {**dataset, "namespace": catalog, "name": f"table/{database}/{table}"}
