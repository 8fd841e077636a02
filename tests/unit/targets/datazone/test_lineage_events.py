"""OpenLineage events as DataZone takes them: of its own destination, by the names of Glue, and not too long."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spheresync.model import canonical_json
from spheresync.targets.datazone.lineage_events import MOST_BYTES, CatalogPlace, event_for_datazone

PLACE = CatalogPlace("default", "aws", "eu-central-1", "123456789012")


def event(namespace: str = "glue://default", name: str = "d.t", **facets: Any) -> bytes:
    output = {"namespace": namespace, "name": name, "facets": facets}
    return canonical_json({"eventType": "COMPLETE", "inputs": [], "outputs": [output]})


def told(said: bytes | None) -> dict[str, Any]:
    assert said is not None
    (output,) = json.loads(said)["outputs"]
    return dict(output)


def test_a_table_is_named_as_glue_names_it_and_what_is_in_datasphere_stays() -> None:
    assert told(event_for_datazone(event(name="d.t.x"), PLACE))["name"] == "table/d/t.x"
    assert told(event_for_datazone(event(), PLACE))["namespace"] == "arn:aws:glue:eu-central-1:123456789012"
    source = event("sap-datasphere://tenant", "S/FLOW")
    assert event_for_datazone(source, PLACE) == source
    outside = event("sap-datasphere-connection://c", "x")
    assert event_for_datazone(outside, PLACE) == outside


@pytest.mark.parametrize("namespace", ["glue://eu", "lakeformation://default", "datazone://default"])
def test_other_targets_and_destinations_are_nobodys_business_here(namespace: str) -> None:
    assert event_for_datazone(event(namespace), PLACE) is None


def test_an_event_as_long_as_datazone_takes_keeps_its_columns_and_one_more_goes_without() -> None:
    room = MOST_BYTES - len(event_for_datazone(event(columnLineage=""), PLACE) or b"")
    longest = event_for_datazone(event(columnLineage="x" * room), PLACE)
    assert longest is not None and len(longest) == MOST_BYTES
    assert told(longest)["facets"]
    assert told(event_for_datazone(event(columnLineage="x" * (room + 1)), PLACE))["facets"] == {}
