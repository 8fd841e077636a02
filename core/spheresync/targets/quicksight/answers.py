"""What QuickSight holds, read from its answers. Pure.

An update has to give back all that others made, so whatever is not known to be ours is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spheresync.model import JsonValue
from spheresync.targets.quicksight.content import (
    LEFT_BEHIND,
    Content,
    DataSetColumn,
    Grants,
    Topic,
    TopicColumn,
    of_others,
)
from spheresync.targets.quicksight.renames import renamed
from spheresync.targets.quicksight.requests import LIVE_QUERY, LOGICAL, PHYSICAL

PREPARED_ANEW = "DataPrepConfiguration"
"""In a data set of the new data preparation, which has it in the place of logical tables."""
MEMBERS = (
    "ColumnGroups",
    "RowLevelPermissionDataSet",
    "RowLevelPermissionTagConfiguration",
    "ColumnLevelPermissionRules",
    "DataSetUsageConfiguration",
    "DatasetParameters",
    "PerformanceConfiguration",
    PREPARED_ANEW,
    "SemanticModelConfiguration",
)
"""Members of a data set that others may have set, and that UpdateDataSet takes."""


@dataclass(frozen=True, slots=True)
class Described:
    """The answers about one data set; `topic` is None where there is none, `folders` are ARNs."""

    data_set: Mapping[str, Any]
    grants: Grants
    tags: Mapping[str, str]
    folders: Sequence[str]
    topic: Mapping[str, Any] | None = None
    topic_grants: Grants | None = None


def content_of(answers: Described, *, folder: str, own_arns: str) -> Content:
    """What stands there.

    Args:
        answers: of QuickSight.
        folder: the id of the folder that is ours.
        own_arns: what the ARNs of this account and Region begin with.
    """
    said = answers.data_set
    physical: dict[str, Any] = dict(said.get("PhysicalTableMap") or {})
    logical: dict[str, Any] = dict(said.get("LogicalTableMap") or {})
    table: Mapping[str, Any] = (physical.pop(PHYSICAL, None) or {}).get("RelationalTable") or {}
    shown = _Shown(table.get("InputColumns") or ())
    ours: Mapping[str, Any] = logical.pop(LOGICAL, None) or {}
    for transform in ours.get("DataTransforms") or ():
        shown.apply(transform)
    folders = shown.placed(said.get("FieldFolders") or {})
    here = f"{own_arns}folder/{folder}"
    foreign: dict[str, JsonValue] = {
        "Members": {key: said[key] for key in MEMBERS if said.get(key)},
        "PhysicalTables": physical,
        "LogicalTables": logical,
        "Transforms": shown.transforms,
        "Folders": folders,
        "Source": _joined(ours.get("Source")),
        "SubTypes": {each["Name"]: each["SubType"] for each in table.get("InputColumns") or () if each.get("SubType")},
        "InFolders": _listed(arn for arn in answers.folders if arn != here),
    }
    if said.get("ImportMode", LIVE_QUERY) != LIVE_QUERY:
        foreign["ImportMode"] = said["ImportMode"]
    source = str(table.get("DataSourceArn", ""))
    content = Content(
        name=str(said.get("Name", "")),
        source=source.removeprefix(f"{own_arns}datasource/"),
        schema=str(table.get("Schema", "")),
        table=str(table.get("Name", "")),
        columns=tuple(shown.columns.values()),
        folder=folder if here in answers.folders else "",
        grants=answers.grants,
        tags=answers.tags,
        foreign={key: value for key, value in foreign.items() if value},
    )
    if answers.topic is None:
        return content
    arn = str(said.get("Arn", ""))
    outputs = frozenset(str(each["Name"]) for each in said.get("OutputColumns") or ())
    return replace(content, topic=_topic(answers.topic, content, arn, outputs, answers.topic_grants or {}))


def _joined(source: JsonValue) -> JsonValue:
    """What our logical table reads where others have put something between it and the table."""
    return None if source == {"PhysicalTableId": PHYSICAL} else source


def _listed(arns: Iterable[str]) -> list[JsonValue]:
    return [*sorted(arns)]


class _Shown:
    """The columns of a data set as transforms leave them, and those transforms that are not ours.

    Where a column is named anew behind a transform of others, that names it so as well: ours are done first.
    """

    def __init__(self, columns: Sequence[Mapping[str, Any]]) -> None:
        self.columns = {each["Name"]: DataSetColumn(each["Name"], each["Type"], each["Name"]) for each in columns}
        self._at = {each["Name"]: each["Name"] for each in columns}  # by what they are called so far
        self.transforms: list[JsonValue] = []

    def apply(self, transform: Mapping[str, Any]) -> None:
        match transform:
            case {"RenameColumnOperation": {"ColumnName": str(former), "NewColumnName": str(label)}} if (
                former in self._at
            ):
                name = self._at.pop(former)
                self._at[label] = name
                self.columns[name] = replace(self.columns[name], label=label)
                self.transforms = [renamed(each, {former: label}) for each in self.transforms]
            case {"TagColumnOperation": {"ColumnName": str(label), "Tags": list(tags)}} if label in self._at:
                self._tagged(label, tags)
            case {"ProjectOperation": {"ProjectedColumns": list(names)}} if {*names} == {*self._at}:
                pass  # shows all there is, so it says nothing
            case _:
                self.transforms.append(dict(transform))

    def _tagged(self, label: str, tags: Sequence[Mapping[str, Any]]) -> None:
        name = self._at[label]
        for tag in tags:
            match tag:
                case {"ColumnDescription": {"Text": str(text)}}:
                    self.columns[name] = replace(self.columns[name], description=text)
                case _:
                    self.transforms.append({"TagColumnOperation": {"ColumnName": label, "Tags": [dict(tag)]}})

    def placed(self, folders: Mapping[str, Mapping[str, Any]]) -> dict[str, JsonValue]:
        """Put the columns into their folders; answers what else stands there, by path."""
        rest: dict[str, JsonValue] = {}
        for path, folder in folders.items():
            theirs = []
            for label in folder.get("columns") or ():
                if label in self._at:
                    name = self._at[label]
                    self.columns[name] = replace(self.columns[name], folder=path)
                else:
                    theirs.append(label)
            said: dict[str, JsonValue] = {key: value for key, value in folder.items() if key != "columns" and value}
            said |= {"columns": [*theirs]} if theirs else {}
            if said:
                rest[path] = said
        return rest


def _topic(
    answer: Mapping[str, Any], content: Content, data_set_arn: str, outputs: frozenset[str], grants: Grants
) -> Topic:
    described: dict[str, Any] = dict(answer.get("Topic") or {})
    sets: list[dict[str, Any]] = [dict(each) for each in described.pop("DataSets", None) or ()]
    ours = next((each for each in sets if each.get("DatasetArn") == data_set_arn), {})
    others = [each for each in sets if each is not ours]
    names = {label: name for name, label in content.labels.items()}
    columns: list[TopicColumn] = []
    beside: list[JsonValue] = []
    left_behind: list[JsonValue] = []
    for column in ours.pop("Columns", None) or ():
        name = names.get(column["ColumnName"])
        if name is None:
            (beside if not outputs or column["ColumnName"] in outputs else left_behind).append(column)
            continue
        columns.append(
            TopicColumn(
                name,
                column.get("ColumnDataRole", ""),
                column.get("Aggregation", ""),
                tuple(column.get("AllowedAggregations") or ()),
                tuple(column.get("ColumnSynonyms") or ()),
                of_others(column),
            )
        )
    ours.pop("DatasetArn", None)
    name, text = described.pop("Name", ""), described.pop("Description", "")
    instructions = answer.get("CustomInstructions")
    foreign: dict[str, JsonValue] = {
        "Topic": {key: value for key, value in described.items() if value},
        "DataSet": {key: value for key, value in ours.items() if value},
        "DataSets": [*others],
        "Columns": [*beside],
        LEFT_BEHIND: [*left_behind],
        "Members": {"CustomInstructions": instructions} if instructions else {},
    }
    return Topic(name, text or "", tuple(columns), grants, {key: value for key, value in foreign.items() if value})
