"""A lineage as OpenLineage events: one for each job that fills a dataset, with its inputs and the column facet. Pure.

https://openlineage.io/spec/2-0-2/OpenLineage.json and /spec/facets/1-2-0/ColumnLineageDatasetFacet.json
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from spheresync.lineage.graph import OUTSIDE_OBJECT, RUNS, UNKNOWN, Edge, Lineage
from spheresync.model import OUTSIDE, AssetKind, Derivation, EdgeKind, JsonValue

PRODUCER = "https://github.com/spheresync/spheresync"
_EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_COLUMNS = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json"
_PARENT = "https://openlineage.io/spec/facets/1-1-0/ParentRunFacet.json#/$defs/ParentRunFacet"
_NAMESPACE = uuid.UUID("5d6e0f1c-8f0b-4b43-9a4e-3d1f6b6f0c11")
_TRANSFORMATIONS = {
    Derivation.DIRECT.value: ("DIRECT", "IDENTITY"),
    Derivation.CALCULATED.value: ("DIRECT", "TRANSFORMATION"),
    Derivation.AGGREGATED.value: ("DIRECT", "AGGREGATION"),
}

_IN_DATASPHERE = {*AssetKind, UNKNOWN, OUTSIDE_OBJECT}

Event = dict[str, JsonValue]


def events_of(lineage: Lineage, *, tenant: str, at: str, run: str = "") -> Iterator[Event]:
    """The events of a lineage, ordered by the dataset that is filled.

    Args:
        lineage: what was found.
        tenant: the host of the tenant, for namespaces.
        at: when it was so, as an ISO moment.
        run: what the events were caused by, such as the id of a run: told again they have the same run ids, and a run
            is the parent of them all. By default the moment.
    """
    datasets = _Datasets(lineage, tenant)
    into: dict[str, list[Edge]] = {}
    for edge in lineage.edges:
        if edge.kind is EdgeKind.TABLE and edge.how != RUNS:
            into.setdefault(edge.target, []).append(edge)
    for target, edges in sorted(into.items()):
        columns = [e for e in lineage.edges if e.kind is EdgeKind.COLUMN and e.target == target]
        sources = sorted({edge.source for edge in edges} | {edge.source for edge in columns})
        fields = _fields(columns, datasets)
        facets: dict[str, JsonValue] = {}
        if fields:
            facets["columnLineage"] = {"_producer": PRODUCER, "_schemaURL": _COLUMNS, "fields": fields}
        inputs: list[JsonValue] = [datasets.of(source) for source in sources]
        yield {
            "eventType": "COMPLETE",
            "eventTime": at,
            "run": {"runId": _run_id(tenant, target, run or at), "facets": _parent(tenant, run)},
            "job": {"namespace": _namespace(tenant), "name": target},
            "inputs": inputs,
            "outputs": [{**datasets.of(target), "facets": facets}],
            "producer": PRODUCER,
            "schemaURL": _EVENT,
        }


def _namespace(tenant: str) -> str:
    return f"sap-datasphere://{tenant}"


def _run_id(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))


def _parent(tenant: str, run: str) -> dict[str, JsonValue]:
    """The facet that ties the events of one run together."""
    if not run.startswith("run_"):
        return {}
    job: dict[str, JsonValue] = {"namespace": _namespace(tenant), "name": f"spheresync.{run}"}
    parent: dict[str, JsonValue] = {"run": {"runId": _run_id(tenant, run)}, "job": job}
    return {"parent": {"_producer": PRODUCER, "_schemaURL": _PARENT, **parent}}


class _Datasets:
    """How the nodes of a lineage are called as datasets."""

    def __init__(self, lineage: Lineage, tenant: str) -> None:
        self._tenant = tenant
        self._targets = {node.id for node in lineage.nodes if node.kind not in _IN_DATASPHERE}

    def of(self, name: str) -> dict[str, JsonValue]:
        if name.startswith(OUTSIDE):
            connection, _, rest = name.removeprefix(OUTSIDE).partition("/")
            return {"namespace": f"sap-datasphere-connection://{connection}", "name": rest}
        if name in self._targets:
            target, destination, table = name.split(":", 2)
            return {"namespace": f"{target}://{destination}", "name": table}
        return {"namespace": _namespace(self._tenant), "name": name}


def _fields(columns: list[Edge], datasets: _Datasets) -> dict[str, JsonValue]:
    fields: dict[str, list[JsonValue]] = {}
    once = {(e.source, e.source_column, e.target_column, e.how): e for e in columns}  # whatever flows carry it
    for edge in once.values():
        kind, subtype = _TRANSFORMATIONS.get(edge.how, ("DIRECT", "IDENTITY"))
        fields.setdefault(edge.target_column, []).append(
            {
                **datasets.of(edge.source),
                "field": edge.source_column,
                "transformations": [{"type": kind, "subtype": subtype}],
            }
        )
    return {column: {"inputFields": inputs} for column, inputs in sorted(fields.items())}
