"""Which columns a data set has: those of its physical tables after all that its logical tables do with them.

Names are found as they are spelled, and no two columns may differ in case only. A transform names columns as the one
before it left them; one that names a column which is not there fails the whole call, as a column tag that holds nothing
does (hashicorp/terraform-provider-aws 39912).
UNVERIFIED: the wording of refusals, but for those about tags and sources; the type of columns of BIT and BOOLEAN; how
columns of the same name come out of a join; that exactly one logical table may be what no other joins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spheresync.dog.services.quicksight.assets import only_member
from spheresync.dog.services.quicksight.kinds import invalid
from spheresync.dog.services.wire import Json

_ONE_SOURCE = "Exactly one of PhysicalTableId, JoinInstruction or DataSetArn must be set for LogicalTable"
_TYPES = {"BIT": "INTEGER", "BOOLEAN": "INTEGER"}
_TAGS = {"COLUMN_DESCRIPTION": "ColumnDescription", "COLUMN_GEOGRAPHIC_ROLE": "ColumnGeographicRole"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column, with what tags say of it."""

    name: str
    type: str
    sub_type: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)

    def output(self) -> Json:
        """As OutputColumn."""
        known = {
            "Name": self.name,
            "Type": self.type,
            "SubType": self.sub_type,
            "Description": self.tags.get("ColumnDescription"),
        }
        return {member: value for member, value in known.items() if value is not None}


class Columns:
    """Columns in order, found by name."""

    def __init__(self, columns: Iterable[Column] = ()) -> None:
        self._columns: list[Column] = []
        self._places: dict[str, int] = {}
        for column in columns:
            self.add(column)

    def __iter__(self) -> Iterator[Column]:
        return iter(self._columns)

    def holds(self, name: str) -> bool:
        """Whether one has this name, in any case."""
        return name.casefold() in self._places

    def find(self, name: str) -> Column | None:
        """The column of exactly this name."""
        place = self._places.get(name.casefold())
        return None if place is None or self._columns[place].name != name else self._columns[place]

    def named(self, name: str) -> Column:
        """As `find`.

        Raises:
            ServiceError: there is none.
        """
        found = self.find(name)
        if found is None:
            raise invalid(f"Column {name} does not exist.")
        return found

    def add(self, column: Column) -> None:
        """Raises:
        ServiceError: the name is taken.
        """
        if self.holds(column.name):
            raise invalid(f"There is more than one column with name {column.name}.")
        self._places[column.name.casefold()] = len(self._columns)
        self._columns.append(column)

    def put(self, name: str, column: Column) -> None:
        """Put a column in the place of the one of this name; `add` says what is refused."""
        place = self._places.pop(name.casefold())
        if self.holds(column.name):
            raise invalid(f"There is more than one column with name {column.name}.")
        self._places[column.name.casefold()] = place
        self._columns[place] = column


def input_columns(described: Iterable[Json]) -> Columns:
    """Columns as a physical table begins with them."""
    columns = Columns()
    for each in described:
        name = each["Name"]
        if each["Type"] in {"JSON", "SEMISTRUCT"}:
            raise invalid(f"Column {name} of type {each['Type']} needs the new data preparation experience.")
        columns.add(Column(name, _TYPES.get(each["Type"], str(each["Type"])), each.get("SubType")))
    return columns


def output_columns(
    physical: Mapping[str, Columns], logical: Mapping[str, Json], of_data_set: Callable[[str], Columns]
) -> Columns:
    """The columns of the logical table that no other joins.

    Raises:
        ServiceError: a table or a column is not there, or is not allowed.
    """
    joined = {operand for table in logical.values() for operand in _operands(table)}
    if unknown := sorted(joined - logical.keys()):
        raise invalid(f"LogicalTable {unknown[0]} of a JoinInstruction is not declared.")
    roots = [name for name in logical if name not in joined]
    if len(roots) != 1:
        raise invalid(f"Exactly one LogicalTable must be joined by no other, found {len(roots)}.")
    tables = _LogicalTables(physical, logical, of_data_set)
    columns = tables.columns(roots[0])
    if len(tables.met) < len(logical):
        raise invalid("A LogicalTable is joined with itself.")
    return columns


class _LogicalTables:
    def __init__(
        self, physical: Mapping[str, Columns], logical: Mapping[str, Json], of_data_set: Callable[[str], Columns]
    ) -> None:
        self._physical = physical
        self._logical = logical
        self._of_data_set = of_data_set
        self.met: set[str] = set()

    def columns(self, name: str) -> Columns:
        if name in self.met:
            raise invalid(f"LogicalTable {name} is joined twice.")
        self.met.add(name)
        table = self._logical[name]
        columns = self._source(table["Source"])
        for transform in table.get("DataTransforms", []):
            columns = _transformed(columns, transform)
        return columns

    def _source(self, source: Json) -> Columns:
        """Columns of its own, which transforms may change."""
        kind, _ = only_member(source, _ONE_SOURCE)
        if kind == "DataSetArn":
            return self._of_data_set(source[kind])
        if kind == "PhysicalTableId":
            if source[kind] not in self._physical:
                raise invalid(f"PhysicalTable {source[kind]} is not declared.")
            return Columns(self._physical[source[kind]])
        join = source["JoinInstruction"]
        columns = self.columns(join["LeftOperand"])
        alias = self._logical[join["RightOperand"]]["Alias"]
        for column in self.columns(join["RightOperand"]):
            taken = columns.holds(column.name)
            columns.add(replace(column, name=f"{column.name}[{alias}]") if taken else column)
        return columns


def _operands(table: Json) -> tuple[str, ...]:
    join = table["Source"].get("JoinInstruction")
    return () if join is None else (join["LeftOperand"], join["RightOperand"])


def _transformed(columns: Columns, transform: Json) -> Columns:
    """The columns after a transform; those that were given may be changed."""
    kind, described = only_member(transform, "Exactly one operation must be set for TransformOperation")
    match kind:
        case "RenameColumnOperation":
            name = described["ColumnName"]
            columns.put(name, replace(columns.named(name), name=described["NewColumnName"]))
        case "TagColumnOperation":
            _tag(columns, described)
        case "ProjectOperation":
            if not described["ProjectedColumns"]:
                raise invalid("ProjectOperation must name a column.")
            return Columns(columns.named(name) for name in described["ProjectedColumns"])
        case "CastColumnTypeOperation":
            name = described["ColumnName"]
            made = replace(columns.named(name), type=described["NewColumnType"], sub_type=described.get("SubType"))
            columns.put(name, made)
        case "UntagColumnOperation":
            column = columns.named(described["ColumnName"])
            gone = {_TAGS[tag] for tag in described["TagNames"]}
            left = {name: value for name, value in column.tags.items() if name not in gone}
            columns.put(column.name, replace(column, tags=left))
        case "CreateColumnsOperation":
            for each in described["Columns"]:
                columns.add(Column(each["ColumnName"], "STRING"))
        case _:
            raise invalid(f"The double of QuickSight does not know {kind}.")
    return columns


def _tag(columns: Columns, described: Json) -> None:
    name = described["ColumnName"]
    refusal = f"Invalid ColumnTag added for column with name {name}"
    column = columns.find(name)
    if column is None:
        raise invalid(refusal)
    tags: dict[str, Any] = {}
    for tag in described["Tags"]:
        kind, value = only_member(tag, refusal)
        said = value.get("Text") if kind == "ColumnDescription" else value
        if said is None or kind in tags:
            raise invalid(refusal)
        tags[kind] = said
    columns.put(name, replace(column, tags={**column.tags, **tags}))
