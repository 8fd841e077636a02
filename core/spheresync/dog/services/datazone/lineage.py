"""Lineage as OpenLineage events.

An event has at most 300,000 bytes and is a RunEvent. It is REQUESTED when it is posted, and is a step further each time
after it was looked at, so that who waits for SUCCESS has to ask again, and no clock is needed. UNVERIFIED on AWS: which
faults of an event are refused at once (here all that are found); the order of a listing; by which time it is narrowed.
What events come to in the graph of nodes is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from spheresync.dog.services.datazone.domains import CALLER, Domain, found, given, invalid
from spheresync.dog.services.double import Call
from spheresync.dog.services.wire import Json
from spheresync.model.json_document import read_json

MOST_BYTES = 300_000
_NEXT: Mapping[str, str] = {"REQUESTED": "PROCESSING", "PROCESSING": "SUCCESS"}
_STATES = frozenset({"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"})


def post_event(domain: Domain, call: Call) -> Json:
    event: bytes = call.parameters["event"]
    if len(event) > MOST_BYTES:
        raise invalid(f"An event allows at most {MOST_BYTES} bytes, has {len(event)}.")
    at, summary = _read(event)
    identifier = call.new_id("event", 14)
    domain.events[identifier] = {
        "domainId": domain.id,
        "id": identifier,
        "event": event,
        "createdBy": CALLER,
        "processingStatus": "REQUESTED",
        "eventTime": at,
        "createdAt": call.at,
        "summary": summary,
    }
    return {"id": identifier, "domainId": domain.id}


def get_event(domain: Domain, call: Call) -> Json:
    row = found(domain.events, call.parameters["identifier"], "Lineage event")
    answer = {name: value for name, value in row.items() if name != "summary"}
    _move_on(row)
    return answer


def list_events(domain: Domain, call: Call) -> list[Json]:
    asked = call.parameters
    rows = [
        row
        for row in domain.events.values()
        if asked.get("processingStatus") in (None, row["processingStatus"])
        and ("timestampAfter" not in asked or row["eventTime"] > asked["timestampAfter"])
        and ("timestampBefore" not in asked or row["eventTime"] < asked["timestampBefore"])
    ]
    descending = asked.get("sortOrder", "DESCENDING") == "DESCENDING"
    rows.sort(key=lambda row: (row["eventTime"], row["createdAt"]), reverse=descending)
    members = ("id", "domainId", "processingStatus", "eventTime", "createdBy", "createdAt")
    answers = [
        {**{name: row[name] for name in members}, "eventSummary": {"openLineageRunEventSummary": row["summary"]}}
        for row in rows
    ]
    for row in rows:
        _move_on(row)
    return answers


def _move_on(row: Json) -> None:
    row["processingStatus"] = _NEXT.get(row["processingStatus"], row["processingStatus"])


def _read(event: bytes) -> tuple[datetime, Json]:
    """When an event was, and its summary."""
    try:
        values = read_json(event)
    except ValueError:
        raise invalid("The event is no JSON.") from None
    if not isinstance(values, dict) or "run" not in values or "job" not in values:
        raise invalid("The event is no OpenLineage RunEvent: run and job are required.")
    try:
        at = datetime.fromisoformat(values["eventTime"])
        run, job = values["run"]["runId"], _names(values["job"])
        inputs, outputs = ([_names(each) for each in values.get(side, ())] for side in ("inputs", "outputs"))
    except (KeyError, TypeError, ValueError) as error:
        raise invalid(f"The event is no OpenLineage RunEvent: {error}.") from None
    state = values.get("eventType", "OTHER")
    if state not in _STATES:
        raise invalid(f"The eventType {state} is not known.")
    if at.tzinfo is None:
        raise invalid("The eventTime needs a time zone.")
    return at.astimezone(UTC), given(eventType=state, runId=run, job=job, inputs=inputs, outputs=outputs)


def _names(thing: Json) -> Json:
    names = {"name": thing["name"], "namespace": thing["namespace"]}
    if not all(isinstance(value, str) for value in names.values()):
        raise ValueError("name and namespace must be texts")
    return names
