"""What QuickSight holds of one asset, as one body: its data set, where that stands, who has it, and its topic. Pure.

Columns go by their names in the table of Glue, whatever people see in their place; so a changed label is one field. In
`foreign` stands what others made of a data set or topic: an update replaces either whole, so it has to give it back.
`beside` has our own text by path where somebody else's stands in its place and the drift policies let it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from spheresync.model import JsonValue, canonical_json, digest_json
from spheresync.model.json_document import read_own_json

JsonObject: TypeAlias = Mapping[str, JsonValue]
Grants: TypeAlias = Mapping[str, "str | tuple[str, ...]"]
"""Principal → `owner` or `viewer`; any other set of actions is spelled out."""

TAG = "spheresync:"
"""What the keys of our tags begin with."""
OWNER_TAG, SOURCE_TAG, KIND_TAG = f"{TAG}managed-by", f"{TAG}source", f"{TAG}kind"
STATUS_TAG, RETIRED_AT_TAG, TOPIC_TAG = f"{TAG}status", f"{TAG}retired-at", f"{TAG}topic"
GRANTED_TAG = f"{TAG}granted"
"""Which principals got their rights from us, by short hashes: what others granted is never taken away."""
LEFT_BEHIND = "LeftBehind"
"""Of what others made of a topic, columns of ours that its data set has under another name by now."""
_OF_COLUMN = frozenset({"ColumnName", "ColumnDataRole", "Aggregation", "AllowedAggregations", "ColumnSynonyms"})
_HASH = 8
_HASHES_A_TAG = 32


@dataclass(frozen=True, slots=True)
class DataSetColumn:
    """`name` is that in the table, `label` what people see."""

    name: str
    type: str
    label: str
    description: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class TopicColumn:
    name: str
    role: str = ""
    aggregation: str = ""
    allowed: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    foreign: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    description: str
    columns: tuple[TopicColumn, ...]
    grants: Grants = field(default_factory=dict)
    foreign: JsonObject = field(default_factory=dict)


@dataclass(frozen=True)
class Content:
    """`source` is the id of a data source of ours, or the ARN of another one; `folder` empty where it is in none.

    `workgroup` and `space` are what data source and folder are made with; an object that was read does not tell them.
    `former` has columns by labels that a topic may still have of them, where a write has come as far as the data set.
    """

    name: str
    source: str
    schema: str
    table: str
    columns: tuple[DataSetColumn, ...]
    folder: str = ""
    grants: Grants = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    topic: Topic | None = None
    foreign: JsonObject = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    workgroup: str = ""
    space: str = ""
    former: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes) -> Content:
        said: dict[str, Any] = read_own_json(body)
        topic = said.get("Topic")
        return cls(
            name=said["Name"],
            source=said["DataSource"],
            schema=said["Schema"],
            table=said["Table"],
            columns=tuple(
                DataSetColumn(
                    each["Name"], each["Type"], each["Label"], each.get("Description", ""), each.get("Folder", "")
                )
                for each in said["Columns"]
            ),
            folder=said.get("Folder", ""),
            grants=_grants(said.get("Grants", {})),
            tags=said.get("Tags", {}),
            topic=None if topic is None else _topic(topic),
            foreign=said.get("Foreign", {}),
            beside=said.get("Beside", {}),
            workgroup=said.get("Workgroup", ""),
            space=said.get("Space", ""),
            former=said.get("Former", {}),
        )

    @cached_property
    def body(self) -> bytes:
        needs: dict[str, JsonValue] = {"Workgroup": self.workgroup, "Space": self.space, "Former": dict(self.former)}
        topic = None if self.topic is None else _spelled_topic(self.topic, self.topic.grants, foreign=True)
        rest: dict[str, JsonValue] = {
            "Foreign": dict(self.foreign),
            "Beside": dict(self.beside),
            **needs,
            "Grants": _spelled(self.grants),
            "Tags": dict(self.tags),
            "Topic": topic,
        }
        return canonical_json({**self._fields, **{key: value for key, value in rest.items() if value}})

    @property
    def ours(self) -> Content:
        """The same without what others made."""
        topic = self.topic
        if topic is not None:
            columns = tuple(replace(each, foreign={}) for each in topic.columns)
            topic = replace(topic, columns=columns, grants=self._of_us(topic.grants), foreign={})
        return replace(self, grants=self._of_us(self.grants), tags=self.own_tags, topic=topic, foreign={})

    def _of_us(self, grants: Grants) -> Grants:
        granted = granted_hashes(self.tags)
        return {who: role for who, role in grants.items() if short_hash(who) in granted}

    @property
    def shown(self) -> JsonObject:
        """What is ours, as it stands."""
        rest: dict[str, JsonValue] = {"Grants": _spelled(self._of_us(self.grants)), "Tags": dict(self.own_tags)}
        if self.topic is not None:
            rest["Topic"] = _spelled_topic(self.topic, self._of_us(self.topic.grants), foreign=False)
        return {**self._fields, **rest}

    @property
    def others(self) -> JsonObject:
        """What is not ours."""
        granted = granted_hashes(self.tags)
        theirs = {who: role for who, role in self.grants.items() if short_hash(who) not in granted}
        tags = {key: value for key, value in self.tags.items() if not key.startswith(TAG)}
        topic: dict[str, JsonValue] = {}
        if self.topic is not None:
            columns: dict[str, JsonValue] = {each.name: dict(each.foreign) for each in self.topic.columns}
            topic = {**self.topic.foreign, "Columns": {name: said for name, said in columns.items() if said}}
        found: dict[str, JsonValue] = {
            **self.foreign,
            "Grants": _spelled(theirs),
            "Tags": dict(tags),
            "Topic": {key: value for key, value in topic.items() if value},
        }
        return {key: value for key, value in found.items() if value}

    @property
    def digest(self) -> str:
        """Over what is ours of it, our own texts in their places."""
        return digest_json(dict(self.with_texts(self.beside).shown))

    @property
    def own_tags(self) -> Mapping[str, str]:
        return {key: value for key, value in self.tags.items() if key.startswith(TAG)}

    @property
    def labels(self) -> Mapping[str, str]:
        """What people see, by the names in the table."""
        return {column.name: column.label for column in self.columns}

    @property
    def texts(self) -> Mapping[str, str]:
        """What people may edit by hand, by path as in a field change."""
        found = {"name": self.name}
        for column in self.columns:
            found[f"columns.{column.name}.label"] = column.label
            found[f"columns.{column.name}.description"] = column.description
            found[f"columns.{column.name}.folder"] = column.folder
        if self.topic is not None:
            found |= {"topic.Name": self.topic.name, "topic.Description": self.topic.description}
        return found

    def with_texts(self, texts: Mapping[str, str]) -> Content:
        """The same with other texts at some paths."""
        if not texts:
            return self
        columns = tuple(
            replace(
                column,
                label=texts.get(f"columns.{column.name}.label", column.label),
                description=texts.get(f"columns.{column.name}.description", column.description),
                folder=texts.get(f"columns.{column.name}.folder", column.folder),
            )
            for column in self.columns
        )
        topic = self.topic
        if topic is not None:
            named, described = texts.get("topic.Name", topic.name), texts.get("topic.Description", topic.description)
            topic = replace(topic, name=named, description=described)
        return replace(self, name=texts.get("name", self.name), columns=columns, topic=topic)

    @property
    def _fields(self) -> dict[str, JsonValue]:
        columns: list[JsonValue] = [
            {
                "Name": each.name,
                "Type": each.type,
                "Label": each.label,
                **({"Description": each.description} if each.description else {}),
                **({"Folder": each.folder} if each.folder else {}),
            }
            for each in self.columns
        ]
        said: dict[str, JsonValue] = {
            "Name": self.name,
            "DataSource": self.source,
            "Schema": self.schema,
            "Table": self.table,
            "Columns": columns,
        }
        return {**said, "Folder": self.folder} if self.folder else said


def of_others(column: Mapping[str, Any]) -> JsonObject:
    """What of a column of a topic is not ours."""
    return {key: value for key, value in column.items() if key not in _OF_COLUMN and value not in (None, [], {})}


def short_hash(principal: str) -> str:
    """By which a tag names a principal."""
    return digest_json(principal)[-_HASH:]


def granted_hashes(tags: Mapping[str, str]) -> frozenset[str]:
    """The principals that tags name."""
    said = "".join(value for key, value in tags.items() if key.startswith(GRANTED_TAG))
    return frozenset(said[start : start + _HASH] for start in range(0, len(said), _HASH))


def granted_tags(principals: Grants) -> dict[str, str]:
    """The tags that name principals."""
    hashes = sorted(map(short_hash, principals))
    parts = [hashes[start : start + _HASHES_A_TAG] for start in range(0, len(hashes), _HASHES_A_TAG)]
    return {f"{GRANTED_TAG}{f'-{n}' if n else ''}": "".join(part) for n, part in enumerate(parts)}


def _spelled(grants: Grants) -> dict[str, JsonValue]:
    return {who: role if isinstance(role, str) else [*role] for who, role in grants.items()}


def _grants(said: Mapping[str, Any]) -> Grants:
    return {who: role if isinstance(role, str) else tuple(role) for who, role in said.items()}


def _spelled_topic(topic: Topic, grants: Grants, *, foreign: bool) -> JsonValue:
    columns: list[JsonValue] = []
    for each in topic.columns:
        said: dict[str, JsonValue] = {
            "Role": each.role,
            "Aggregation": each.aggregation,
            "Allowed": [*each.allowed],
            "Synonyms": [*each.synonyms],
            "Foreign": dict(each.foreign) if foreign else {},
        }
        columns.append({"Name": each.name, **{key: value for key, value in said.items() if value}})
    whole: dict[str, JsonValue] = {"Name": topic.name, "Description": topic.description, "Columns": columns}
    rest: dict[str, JsonValue] = {"Grants": _spelled(grants), "Foreign": dict(topic.foreign) if foreign else {}}
    return {**whole, **{key: value for key, value in rest.items() if value}}


def _topic(said: Mapping[str, Any]) -> Topic:
    columns = tuple(
        TopicColumn(
            each["Name"],
            each.get("Role", ""),
            each.get("Aggregation", ""),
            tuple(each.get("Allowed", ())),
            tuple(each.get("Synonyms", ())),
            each.get("Foreign", {}),
        )
        for each in said["Columns"]
    )
    return Topic(said["Name"], said["Description"], columns, _grants(said.get("Grants", {})), said.get("Foreign", {}))
