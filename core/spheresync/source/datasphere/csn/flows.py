"""What flows, task chains and remote tables read and write.

The forms are those of the recorded and modelled objects (reference: datasphere-api.md 4.3); SAP documents none. What
is of another form is told as not followed, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spheresync.model import (
    OUTSIDE,
    AssetKind,
    Derivation,
    JsonValue,
    ObjectOrigin,
    Origins,
    Reads,
    WrittenColumn,
)
from spheresync.source.datasphere.csn.annotations import text_of
from spheresync.source.datasphere.csn.budget import Budget
from spheresync.source.datasphere.csn.types import Node

MOST_STEPS = 1_000_000
FLOW_KINDS = {
    "dataflows": AssetKind.DATA_FLOW,
    "replicationflows": AssetKind.REPLICATION_FLOW,
    "transformationflows": AssetKind.TRANSFORMATION_FLOW,
    "taskchains": AssetKind.TASK_CHAIN,
}
_HERE = frozenset({"", "$DWC"})
"""Connections that stand for the space itself."""
_QUOTED = re.compile(r'"((?:[^"]|"")+)"')
_PLAIN = re.compile(r'\s*"((?:[^"]|"")+)"\s*|\s*([A-Za-z_][A-Za-z0-9_]*)\s*')
_NOT_FOLLOWED = "a part of the flow is of a form that is not known"


def read_flow(root: str, flow: Node) -> Origins:
    """What a flow reads and writes, or what a task chain runs."""
    kind = FLOW_KINDS[root]
    if kind is AssetKind.TASK_CHAIN:
        return _task_chain(flow)
    if kind is AssetKind.REPLICATION_FLOW:
        return _replication(_member(flow, "contents"))
    return _processes(_member(flow, "contents"))


def remote_origin(connection: str, entity: str) -> str:
    """The object behind a remote table: `connection:NAME/SCHEMA.TABLE`.

    `entity` is either `<NULL>` and names with DEL between them, or names in quotes (reference: datasphere-api.md 4.3).
    """
    if "\x7f" in entity:
        parts = [part for part in entity.split("\x7f") if part not in {"", "<NULL>"}]
    else:
        parts = [name.replace('""', '"') for name in _QUOTED.findall(entity)] or [entity]
    return outside(connection, ".".join(parts))


def outside(connection: str, name: str) -> str:
    return f"{OUTSIDE}{connection}/{name.lstrip('/')}"


@dataclass(frozen=True, slots=True)
class _Process:
    """One operator of a data flow that reads or writes a table."""

    object: str
    writes: bool
    mappings: tuple[tuple[str, str], ...]  # (column of the target, expression)


def _processes(contents: Node) -> Origins:
    processes = _member(contents, "processes")
    found: dict[str, _Process] = {}
    others: set[str] = set()
    unknown: dict[str, None] = {}
    for key, process in processes.items():
        read = _process(process) if isinstance(process, dict) else None
        if read is not None:
            found[key] = read
        elif isinstance(process, dict) and _is_table(text_of(process.get("component"))):
            unknown.setdefault(_NOT_FOLLOWED)
        else:
            others.add(key)
    if not found:
        unknown.setdefault(_NOT_FOLLOWED)
    upstream = _upstream(contents.get("connections"))
    written: list[WrittenColumn] = []
    budget = Budget(MOST_STEPS, "What the flow reads and writes leads over", "step")
    for key, target in found.items():
        if not target.writes or not target.mappings:
            continue
        budget.spend(len(found))
        before = _reached(key, upstream, budget) if upstream else found.keys()
        sources = tuple(dict.fromkeys(each.object for k, each in found.items() if not each.writes and k in before))
        if not others.isdisjoint(before):
            unknown.setdefault("columns are calculated or renamed between source and target, and not followed")
            continue
        for mapping in target.mappings:
            budget.spend(len(sources))
            written += _written(target.object, sources, mapping)
    return Origins(
        objects=_each_once(each.object for each in found.values() if not each.writes),
        writes=_each_once(each.object for each in found.values() if each.writes),
        written=tuple(written),
        unknown=tuple(unknown),
    )


def _is_table(component: str) -> bool:
    return component.endswith((".consumer", ".producer"))


def _process(process: Node) -> _Process | None:
    component = text_of(process.get("component"))
    config = _member(_member(process, "metadata"), "config")
    connection = text_of(_member(config, "hanaConnection").get("connectionID"))
    entity = text_of(config.get("dwcEntity")) or text_of(config.get("qualifiedName"))
    if not connection and not config.get("dwcEntity"):
        connection = text_of(_member(config, "connection").get("connectionID")) or connection
    if not _is_table(component) or not entity:
        return None
    mappings = config.get("attributeMappings")
    pairs = tuple(
        (text_of(each.get("target")), text_of(each.get("expression")))
        for each in (mappings if isinstance(mappings, list) else ())
        if isinstance(each, dict)
    )
    name = entity if connection in _HERE else outside(connection, entity)
    return _Process(name, component.endswith(".producer"), pairs)


def _upstream(connections: JsonValue) -> Mapping[str, set[str]]:
    """For each process those that feed it directly."""
    found: dict[str, set[str]] = {}
    for each in connections if isinstance(connections, list) else ():
        if isinstance(each, dict):
            source, target = _member(each, "src").get("process"), _member(each, "tgt").get("process")
            if isinstance(source, str) and isinstance(target, str):
                found.setdefault(target, set()).add(source)
    return found


def _reached(start: str, upstream: Mapping[str, set[str]], budget: Budget) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for each in upstream.get(todo.pop(), ()):
            budget.spend()
            if each not in seen:
                seen.add(each)
                todo.append(each)
    return seen


def _written(target: str, sources: tuple[str, ...], mapping: tuple[str, str]) -> Iterator[WrittenColumn]:
    column, expression = mapping
    plain = _PLAIN.fullmatch(expression)
    names = [(plain.group(1) or plain.group(2))] if plain else _QUOTED.findall(expression)
    how = Derivation.DIRECT if plain else Derivation.CALCULATED
    if column and sources:
        for name in dict.fromkeys(names):
            yield WrittenColumn(target, column, sources, (name.replace('""', '"'),), how)


def _replication(contents: Node) -> Origins:
    source, target = _system(contents.get("sourceSystem")), _system(contents.get("targetSystem"))
    reads: list[ObjectOrigin] = []
    writes: list[ObjectOrigin] = []
    tasks = contents.get("replicationTasks")
    unknown = () if isinstance(tasks, list) and source is not None and target is not None else (_NOT_FOLLOWED,)
    for number, task in enumerate(tasks if isinstance(tasks, list) else ()):
        if not isinstance(task, dict) or source is None or target is None:
            continue
        name = text_of(task.get("name")) or str(number)
        read, written = (text_of(_member(task, end).get("name")) for end in ("sourceObject", "targetObject"))
        if read and written:
            reads.append(ObjectOrigin(_in_system(source, read), Reads.REPLICATION, name))
            writes.append(ObjectOrigin(_in_system(target, written), Reads.REPLICATION, name))
        else:
            unknown = (_NOT_FOLLOWED,)
    return Origins(objects=tuple(reads), writes=tuple(writes), unknown=unknown)


def _system(systems: JsonValue) -> tuple[str, str] | None:
    """Connection and container of a replication flow's end."""
    first = systems[0] if isinstance(systems, list) and systems else None
    if not isinstance(first, dict) or not isinstance(first.get("connectionId"), str):
        return None
    return text_of(first["connectionId"]), text_of(first.get("container"))


def _in_system(system: tuple[str, str], name: str) -> str:
    connection, container = system
    if connection in _HERE:
        return name
    return outside(connection, f"{container.strip('/')}/{name}" if container.strip("/") else name)


def _task_chain(flow: Node) -> Origins:
    nodes = flow.get("nodes")
    runs: list[str] = []
    for node in nodes if isinstance(nodes, list) else ():
        task = _member(node, "taskIdentifier") if isinstance(node, dict) else {}
        name, space = text_of(task.get("objectId")), text_of(task.get("spaceId"))
        if name:
            runs.append(f"{space}.{name}" if space else name)
    return Origins(runs=tuple(dict.fromkeys(runs)), unknown=() if runs or nodes == [] else (_NOT_FOLLOWED,))


def _each_once(names: Iterator[str]) -> tuple[ObjectOrigin, ...]:
    return tuple(ObjectOrigin(name, Reads.FLOW) for name in dict.fromkeys(names))


def _member(node: Node, member: str) -> Node:
    found = node.get(member)
    return found if isinstance(found, dict) else {}
