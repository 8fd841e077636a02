"""What flows, task chains and remote tables read and write.

The forms are those of the recorded and modelled objects (reference: datasphere-api.md 4.3); SAP documents none. What
is of another form is told as not followed, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from spheresync.model import (
    OUTSIDE,
    AssetKind,
    ColumnOrigin,
    Derivation,
    JsonValue,
    ObjectOrigin,
    Origins,
    Reads,
    WrittenColumn,
)
from spheresync.source.datasphere.csn import not_followed
from spheresync.source.datasphere.csn.annotations import text_of
from spheresync.source.datasphere.csn.budget import Budget
from spheresync.source.datasphere.csn.query import read_query
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
_TARGET = "com.sap.dwc.target"
_LOCAL = frozenset({_TARGET, "com.sap.dwc.source"})
"""Operators of transformation flows that are a local table; the form is that of flows as public tools build them."""
_BETWEEN = "columns are calculated or renamed between source and target, and not followed"
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
    """One operator of a flow: it reads or writes a table, or is a query (`reads`, of its columns `elements`)."""

    object: str = ""
    writes: bool = False
    mappings: tuple[tuple[str, str], ...] = ()  # (column of the target, expression)
    reads: Origins | None = None
    elements: frozenset[str] = frozenset()


def _processes(contents: Node) -> Origins:
    processes = {key: each for key, each in _member(contents, "processes").items() if isinstance(each, dict)}
    found = {key: read for key, process in processes.items() if (read := _process(process)) is not None}
    upstream = _upstream(contents.get("connections"))
    queries = [each.reads for each in found.values() if each.reads is not None]
    objects = [*(ObjectOrigin(each.object, Reads.FLOW) for each in found.values() if each.object and not each.writes)]
    inner = {
        _config(process).get("name") for key, process in processes.items() if key in found and not found[key].writes
    }
    unknown = dict.fromkeys(said for each in queries for said in each.unknown)
    for each in (each for query in queries for each in query.objects):
        if each.object in inner:
            unknown.setdefault("an operator reads another one of the flow, which is not followed")
        else:
            objects.append(ObjectOrigin(each.object, Reads.FLOW))
    unknown |= dict.fromkeys(
        _of_unknown_form({key: processes[key] for key in processes.keys() - found.keys()}, upstream)
    )
    if not found:
        unknown.setdefault(_NOT_FOLLOWED)
    written: dict[WrittenColumn, None] = {}
    budget = Budget(MOST_STEPS, "What the flow reads and writes leads over", "step")
    for key, target in found.items():
        if target.writes:
            budget.spend(len(processes))
            before = _reached(key, upstream, budget) if upstream else processes.keys() - {key}
            written |= dict.fromkeys(_filled(target, before, found, unknown, budget))
    return Origins(
        objects=tuple(dict.fromkeys(objects)),
        writes=_each_once(each.object for each in found.values() if each.writes),
        written=tuple(each for each in written if inner.isdisjoint(each.objects)),
        unknown=tuple(unknown),
        paths=tuple(dict.fromkeys(path for each in queries for path in each.paths if inner.isdisjoint(path.objects))),
    )


def _of_unknown_form(others: Mapping[str, Node], upstream: Mapping[str, set[str]]) -> Iterator[str]:
    """What is said of operators that are not read: those that stand between others are told where columns end."""
    feeding = set().union(*upstream.values())
    for key, process in sorted(others.items()):
        component = text_of(process.get("component"))
        if component.endswith((".consumer", ".producer")):
            yield _NOT_FOLLOWED
        elif key not in upstream:
            yield not_followed.operator(component or key, "what it reads")
        elif key not in feeding:
            yield not_followed.operator(component or key, "what it fills")


def _filled(
    target: _Process, before: Collection[str], found: Mapping[str, _Process], unknown: dict[str, None], budget: Budget
) -> Iterator[WrittenColumn]:
    """What the columns of a target come from, where nothing but tables or one query stands before it."""
    sources = [each for key, each in found.items() if not each.writes and key in before]
    queries = [each for each in sources if each.reads is not None]
    if any(key not in found for key in before) or (queries and len(sources) > 1):
        unknown.setdefault(_BETWEEN)
    elif not target.mappings:
        unknown.setdefault(f"what the columns of {target.object} are filled from is not told")
    elif queries:
        yield from _written_by_query(target, queries[0], unknown, budget)
    else:
        objects = tuple(dict.fromkeys(each.object for each in sources))
        for mapping in target.mappings:
            budget.spend(len(objects))
            yield from _written(target.object, objects, mapping)


def _written_by_query(
    target: _Process, query: _Process, unknown: dict[str, None], budget: Budget
) -> Iterator[WrittenColumn]:
    origins: dict[str, list[ColumnOrigin]] = {}
    for origin in query.reads.columns if query.reads is not None else ():
        origins.setdefault(origin.column, []).append(origin)
    missing: dict[str, None] = {}
    for column, expression in target.mappings:
        names, how = _named(expression)
        for name in names:
            if name not in query.elements:
                missing.setdefault(name)
            for origin in origins.get(name, ()):
                budget.spend()
                yield WrittenColumn(
                    target.object,
                    column,
                    origin.objects,
                    origin.path,
                    how if how is not Derivation.DIRECT else origin.how,
                )
    unknown |= dict.fromkeys(not_followed.unmatched([*missing]))


def _process(process: Node) -> _Process | None:
    component, config = text_of(process.get("component")), _config(process)
    definition = _member(config, "definition")
    query = definition.get("query")
    if isinstance(query, dict):  # a view transform: graphical and SQL ones hold a query alike
        elements = _member(definition, "elements")
        return _Process(reads=read_query(query, elements, "").origins, elements=frozenset(elements))
    if component in _LOCAL:
        name = text_of(config.get("name"))
        return _Process(name, component == _TARGET, _mappings(config)) if name else None
    connection = text_of(_member(config, "hanaConnection").get("connectionID"))
    entity = text_of(config.get("dwcEntity")) or text_of(config.get("qualifiedName"))
    if not connection and not config.get("dwcEntity"):
        connection = text_of(_member(config, "connection").get("connectionID")) or connection
    if not component.endswith((".consumer", ".producer")) or not entity:
        return None
    name = entity if connection in _HERE else outside(connection, entity)
    return _Process(name, component.endswith(".producer"), _mappings(config))


def _config(process: Node) -> Node:
    return _member(_member(process, "metadata"), "config")


def _mappings(config: Node) -> tuple[tuple[str, str], ...]:
    """Each column of the target with its expression; `source` names a column, whatever is in its name."""
    mappings = config.get("attributeMappings")
    pairs = (each for each in (mappings if isinstance(mappings, list) else ()) if isinstance(each, dict))
    return tuple(
        (text_of(each.get("target")), text_of(each.get("expression")) or _quoted(text_of(each.get("source"))))
        for each in pairs
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if name else ""


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
    names, how = _named(expression)
    if column and sources:
        for name in names:
            yield WrittenColumn(target, column, sources, (name,), how)


def _named(expression: str) -> tuple[list[str], Derivation]:
    """The columns that an expression names, and whether it is anything but one of them."""
    plain = _PLAIN.fullmatch(expression)
    names = [(plain.group(1) or plain.group(2))] if plain else _QUOTED.findall(expression)
    unquoted = dict.fromkeys(name.replace('""', '"') for name in names)
    return [*unquoted], Derivation.DIRECT if plain else Derivation.CALCULATED


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
