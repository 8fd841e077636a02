"""Flows and task chains as the design-time API serves them: each kind under a root of its own.

Reference: datasphere-api.md 4.3, and documents modelled on those of a tenant.
"""

from __future__ import annotations

from collections.abc import Mapping

from spheresync.dog.csn_query_writer import Lookup
from spheresync.dog.design import ReplicationSystem
from spheresync.dog.objects import DogObject
from spheresync.model import AssetKind, JsonValue

#: The root of the document of each kind, and the `kind` that it carries.
FLOW_ROOTS: Mapping[AssetKind, tuple[str, str]] = {
    AssetKind.DATA_FLOW: ("dataflows", "sap.dis.dataflow"),
    AssetKind.REPLICATION_FLOW: ("replicationflows", "sap.dis.replicationflow"),
    AssetKind.TRANSFORMATION_FLOW: ("transformationflows", "sap.dis.transformationflow"),
    AssetKind.TASK_CHAIN: ("taskchains", "sap.dwc.taskChain"),
}
_HERE = "$DWC"
_TASKS = {
    AssetKind.VIEW: ("VIEWS", "PERSIST"),
    AssetKind.REMOTE_TABLE: ("REMOTE_TABLES", "REPLICATE"),
    AssetKind.DATA_FLOW: ("DATA_FLOWS", "EXECUTE"),
    AssetKind.REPLICATION_FLOW: ("REPLICATION_FLOWS", "EXECUTE"),
    AssetKind.TRANSFORMATION_FLOW: ("TRANSFORMATION_FLOWS", "EXECUTE"),
    AssetKind.TASK_CHAIN: ("TASK_CHAINS", "RUN_CHAIN"),
}


def flow_body(item: DogObject, lookup: Lookup) -> dict[str, JsonValue]:
    """What a flow's definition holds beside its kind and its label."""
    if item.kind is AssetKind.TASK_CHAIN:
        return _chain(item, lookup)
    if item.kind is AssetKind.REPLICATION_FLOW:
        return {"contents": _replication(item)}
    return {"contents": _processes(item)}


def _processes(item: DogObject) -> JsonValue:
    design = item.design
    sources = {f"source{number}": each for number, each in enumerate(design.flow_reads, 1)}
    targets = {f"target{number}": each for number, each in enumerate(design.flow_writes, 1)}
    processes: dict[str, JsonValue] = {
        name: _process("consumer", _table(each.object, each.connection)) for name, each in sources.items()
    }
    for name, each in targets.items():
        mappings: list[JsonValue] = [{"target": column, "expression": said} for column, said in each.mappings]
        processes[name] = _process("producer", {**_table(each.object, each.connection), "attributeMappings": mappings})
    connections: list[JsonValue] = [
        {"src": {"port": "outTable", "process": source}, "tgt": {"port": "inTable", "process": target}}
        for target in targets
        for source in sources
    ]
    return {"description": item.label, "processes": processes, "connections": connections}


def _process(end: str, config: dict[str, JsonValue]) -> JsonValue:
    return {"component": f"com.sap.dataflow.table.{end}", "metadata": {"config": config}}


def _table(name: str, connection: str) -> dict[str, JsonValue]:
    key = "qualifiedName" if connection else "dwcEntity"
    return {key: name, "hanaConnection": {"connectionID": connection or _HERE}}


def _replication(item: DogObject) -> JsonValue:
    replication = item.design.replication
    if replication is None:
        return {"description": item.name, "sourceSystem": [], "targetSystem": [], "replicationTasks": []}
    tasks: list[JsonValue] = [
        {
            "name": f"replicationtask{number}",
            "loadType": "REPLICATE",
            "priority": 50,
            "truncate": False,
            "sourceObject": {"name": source},
            "targetObject": {"name": target},
        }
        for number, (source, target) in enumerate(replication.tasks, 1)
    ]
    return {
        "description": item.name,
        "sourceSystem": [_system(replication.source)],
        "targetSystem": [_system(replication.target)],
        "replicationTasks": tasks,
    }


def _system(system: ReplicationSystem) -> JsonValue:
    return {
        "connectionId": system.connection,
        "connectionType": system.type,
        "container": system.container,
        "maxConnections": 10,
        "metadata": {},
    }


def _chain(item: DogObject, lookup: Lookup) -> dict[str, JsonValue]:
    nodes: list[JsonValue] = [{"id": 0, "type": "START"}]
    links: list[JsonValue] = []
    for number, step in enumerate(item.design.steps, 1):
        found = lookup(step.object, step.space)
        application, activity = _TASKS.get(found.kind, ("LOCAL_TABLE", "")) if found else ("", "")
        task: dict[str, JsonValue] = {"applicationId": application, "activity": activity, "objectId": step.object}
        if step.space:
            task["spaceId"] = step.space
        nodes.append({"id": number, "type": "TASK", "taskIdentifier": task})
        start: JsonValue = {"nodeId": number - 1, "statusRequired": "COMPLETED" if number > 1 else "ANY"}
        links.append({"id": number - 1, "startNode": start, "endNode": {"nodeId": number}})
    return {"nodes": nodes, "links": links}
