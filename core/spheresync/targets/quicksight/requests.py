"""The members of calls that make data sets and topics hold what they should. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from spheresync.model import JsonValue
from spheresync.targets.quicksight.content import Content, DataSetColumn, Topic, TopicColumn

PHYSICAL, LOGICAL = "table", "columns"
"""Our keys of the physical and of the logical table; what others put beside stands under other keys."""
CATALOG = "AwsDataCatalog"
MOST_COLUMNS = 2048
MOST_TRANSFORMS = 2048
LONGEST_ALIAS = 64
LIVE_QUERY = "DIRECT_QUERY"
ArnOf = Callable[[str, str], str]
"""The ARN of a kind of thing and its id, in the account and Region that are called."""


def data_set_request(content: Content, arn_of: ArnOf) -> dict[str, JsonValue]:
    """The definition of a data set, as CreateDataSet and UpdateDataSet take it."""
    foreign: dict[str, Any] = dict(content.foreign)
    source = content.source if content.source.startswith("arn:") else arn_of("datasource", content.source)
    sub_types: Mapping[str, str] = foreign.get("SubTypes", {})
    columns: list[JsonValue] = [
        {"Name": each.name, "Type": each.type, **({"SubType": sub_types[each.name]} if each.name in sub_types else {})}
        for each in content.columns
    ]
    table: JsonValue = {
        "DataSourceArn": source,
        "Catalog": CATALOG,
        "Schema": content.schema,
        "Name": content.table,
        "InputColumns": columns,
    }
    transforms: list[JsonValue] = [*transforms_of(content.columns), *foreign.get("Transforms", ())]
    logical: dict[str, JsonValue] = {
        "Alias": content.table[:LONGEST_ALIAS],
        "Source": foreign.get("Source", {"PhysicalTableId": PHYSICAL}),
        **({"DataTransforms": transforms} if transforms else {}),
    }
    folders = _folders(content)
    return {
        **foreign.get("Members", {}),
        "Name": content.name,
        "ImportMode": foreign.get("ImportMode", LIVE_QUERY),
        "PhysicalTableMap": {**foreign.get("PhysicalTables", {}), PHYSICAL: {"RelationalTable": table}},
        "LogicalTableMap": {**foreign.get("LogicalTables", {}), LOGICAL: logical},
        **({"FieldFolders": folders} if folders else {}),
    }


def transforms_of(columns: tuple[DataSetColumn, ...]) -> list[JsonValue]:
    """What gives columns their labels and descriptions, in the order in which it can be done."""
    found: list[JsonValue] = [
        {"RenameColumnOperation": {"ColumnName": name, "NewColumnName": label}} for name, label in _renames(columns)
    ]
    for column in columns:
        if column.description:
            tags: list[JsonValue] = [{"ColumnDescription": {"Text": column.description}}]
            found.append({"TagColumnOperation": {"ColumnName": column.label, "Tags": tags}})
    return found


def _renames(columns: tuple[DataSetColumn, ...]) -> Iterator[tuple[str, str]]:
    """The renames, none to a name that a column still has: names are unique in any case."""
    taken = {column.name.casefold() for column in columns}
    waiting = {column.name: column.label for column in columns if column.name != column.label}
    while waiting:
        free = [
            name
            for name, label in waiting.items()
            if label.casefold() == name.casefold() or label.casefold() not in taken
        ]
        if not free:  # labels that go round in a circle: one steps aside
            name, label = next(iter(waiting.items()))
            aside = next(
                f"{name[:100]}-{number}"
                for number in range(len(columns) + 1)
                if f"{name[:100]}-{number}".casefold() not in taken
            )
            yield name, aside
            taken = (taken - {name.casefold()}) | {aside.casefold()}
            del waiting[name]
            waiting[aside] = label
            continue
        for name in free:
            label = waiting[name]
            if label.casefold() != name.casefold() and label.casefold() in taken:
                continue  # another one has just taken it
            yield name, label
            taken = (taken - {name.casefold()}) | {label.casefold()}
            del waiting[name]


def _folders(content: Content) -> dict[str, JsonValue]:
    theirs: Mapping[str, Mapping[str, Any]] = cast("Mapping[str, Any]", content.foreign.get("Folders", {}))
    hidden = _hidden(content)
    members: dict[str, list[JsonValue]] = {}
    for column in content.columns:
        if column.folder and column.label not in hidden:
            members.setdefault(column.folder, []).append(column.label)
    found: dict[str, JsonValue] = {}
    for path in sorted({*theirs, *members}):
        said = theirs.get(path, {})
        both: list[JsonValue] = [*members.get(path, ()), *said.get("columns", ())]
        found[path] = {**{key: value for key, value in said.items() if key != "columns"}, "columns": both}
    return found


def _hidden(content: Content) -> frozenset[str]:
    """Labels of columns that others have taken out of what the data set shows."""
    transforms = cast("list[dict[str, Any]]", content.foreign.get("Transforms", []))
    shown = [each["ProjectOperation"]["ProjectedColumns"] for each in transforms if "ProjectOperation" in each]
    return frozenset(content.labels.values()) - frozenset(shown[-1]) if shown else frozenset()


def topic_request(content: Content, topic: Topic, data_set_arn: str) -> dict[str, JsonValue]:
    """The definition of a topic, as CreateTopic and UpdateTopic take it."""
    foreign: dict[str, Any] = dict(topic.foreign)
    labels = content.labels
    columns: list[JsonValue] = [_topic_column(each, labels[each.name]) for each in topic.columns if each.name in labels]
    ours: dict[str, JsonValue] = {
        **foreign.get("DataSet", {}),
        "DatasetArn": data_set_arn,
        "Columns": [*columns, *foreign.get("Columns", ())],
    }
    described: dict[str, JsonValue] = {
        **foreign.get("Topic", {}),
        "Name": topic.name,
        "DataSets": [ours, *foreign.get("DataSets", ())],
        **({"Description": topic.description} if topic.description else {}),
    }
    return {"Topic": described, **foreign.get("Members", {})}


def _topic_column(column: TopicColumn, label: str) -> JsonValue:
    said: dict[str, JsonValue] = {
        "ColumnDataRole": column.role,
        "Aggregation": column.aggregation,
        "AllowedAggregations": [*column.allowed],
        "ColumnSynonyms": [*column.synonyms],
    }
    return {**column.foreign, "ColumnName": label, **{key: value for key, value in said.items() if value}}
