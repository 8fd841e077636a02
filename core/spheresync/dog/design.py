"""What a design-time document (CSN) says of an object and its EDMX does not; everything is optional.

Paths are tuples of names: `("ORDERS", "NET")` is a column of a source by its alias, or one behind an association.
The JSON form has the names of the fields; what has its default is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from spheresync.errors import UsageError
from spheresync.model import JsonValue

Path = tuple[str, ...]
_T = TypeVar("_T")


class _Exact:
    """In the JSON form no member may have another name."""

    __slots__ = ()
    __pydantic_config__ = ConfigDict(extra="forbid")


class Use(StrEnum):
    """What a column uses an association for."""

    FOREIGN_KEY = "foreign_key"
    TEXT = "text"
    NONE = "none"


class MeasureKind(StrEnum):
    """How an analytic model makes a measure; those that are not told are of the source."""

    SOURCE = "source"
    RESTRICTED = "restricted"
    CALCULATED = "calculated"


@dataclass(frozen=True, slots=True)
class ColumnDesign(_Exact):
    """Of one column.

    Attributes:
        labels: (language, label) in other languages than the object's own.
        cds_type: its exact type where the EDMX loses it, as `cds.hana.ST_POINT`.
        native_type: the type in the remote system.
        text_column: the column that holds its text.
        currency_column: of an amount.
        unit_column: of a quantity.
        is_text: it is a text of others.
        is_language: it says in which language the texts are.
        personal: potentially personal data; `sensitive` potentially sensitive.
        personal_data: its `@PersonalData.fieldSemantics`.
    """

    labels: tuple[tuple[str, str], ...] = ()
    cds_type: str = ""
    native_type: str = ""
    text_column: str = ""
    currency_column: str = ""
    unit_column: str = ""
    is_text: bool = False
    is_language: bool = False
    personal: bool = False
    sensitive: bool = False
    personal_data: str = ""


@dataclass(frozen=True, slots=True)
class DesignAssociation(_Exact):
    """A relation to another object; `columns` pairs own columns with those of the target.

    The last own column is annotated with the use. `space` is that of the target where it is another one.
    """

    name: str
    target: str
    columns: tuple[tuple[str, str], ...]
    space: str = ""
    use: Use = Use.FOREIGN_KEY
    label: str = ""
    to_many: bool = False


@dataclass(frozen=True, slots=True)
class SourceObject(_Exact):
    """An object in the FROM of a query; `alias` is its name, what stands behind the last dot, unless told."""

    object: str
    alias: str = ""
    space: str = ""

    @property
    def name(self) -> str:
        """What the columns of the query call it."""
        return self.alias or self.object.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Join(_Exact):
    """A further source, and the columns that must be equal."""

    source: SourceObject
    on: tuple[tuple[Path, Path], ...] = ()
    how: str = "inner"


@dataclass(frozen=True, slots=True)
class Pick(_Exact):
    """How a query makes one column: from a path, from a function or an operator of paths, or from a constant."""

    column: str
    path: Path = ()
    function: str = ""
    arguments: tuple[Path, ...] = ()
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class Select(_Exact):
    """One SELECT. A column of the object that has no pick is selected by its own name."""

    source: SourceObject
    joins: tuple[Join, ...] = ()
    picks: tuple[Pick, ...] = ()
    distinct: bool = False

    @property
    def sources(self) -> tuple[SourceObject, ...]:
        return (self.source, *(join.source for join in self.joins))

    def pick(self, column: str) -> Pick | None:
        return next((pick for pick in self.picks if pick.column == column), None)


@dataclass(frozen=True, slots=True)
class Measure(_Exact):
    """A measure of an analytic model that the source does not have.

    Attributes:
        column: its column.
        kind: restricted or calculated.
        of: the measures that it is made of.
        formula: of a calculated one, over the names in brackets.
        restriction: of a restricted one, a column and its value.
        auxiliary: only there for other measures.
    """

    column: str
    kind: MeasureKind
    of: tuple[str, ...]
    formula: str = ""
    restriction: tuple[str, str] | None = None
    auxiliary: bool = False


@dataclass(frozen=True, slots=True)
class Remote(_Exact):
    """What is behind a remote table; `entity` as in `"SCHEMA"."TABLE"`."""

    connection: str
    entity: str


@dataclass(frozen=True, slots=True)
class FlowSource(_Exact):
    """A table that a data or transformation flow reads: of the space, or of a connection."""

    object: str
    connection: str = ""


@dataclass(frozen=True, slots=True)
class FlowTarget(_Exact):
    """A table that a flow fills; `mappings` pairs its columns with expressions such as `"NAME"`."""

    object: str
    mappings: tuple[tuple[str, str], ...] = ()
    connection: str = ""


@dataclass(frozen=True, slots=True)
class ReplicationSystem(_Exact):
    """One end of a replication flow; the space itself is the connection `$DWC`."""

    connection: str = "$DWC"
    type: str = "HANA"
    container: str = ""


@dataclass(frozen=True, slots=True)
class Replication(_Exact):
    """What a replication flow copies: pairs of a source object and a target object."""

    tasks: tuple[tuple[str, str], ...]
    source: ReplicationSystem = ReplicationSystem()
    target: ReplicationSystem = ReplicationSystem()


@dataclass(frozen=True, slots=True)
class ChainStep(_Exact):
    """An object that a task chain runs, of its own space or another."""

    object: str
    space: str = ""


@dataclass(frozen=True, slots=True)
class AccessControl(_Exact):
    """A data access control; `columns` pairs columns of the object with criteria of the control."""

    name: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Design(_Exact):
    """Of one object.

    Attributes:
        language: of the object's own labels; written once there are others.
        labels: (language, label) in other languages.
        description: a longer text.
        folder: the folder that it lies in.
        deployed: whether there is a run-time version.
        associations: relations to other objects.
        reads: what a view or an analytic model selects; several are a union.
        sql: the text of an SQL view.
        measures: of an analytic model.
        remote: of a remote table.
        flow_reads: what a data or transformation flow reads.
        flow_writes: what it fills.
        replication: of a replication flow.
        steps: of a task chain.
        access_controls: row-level security.
        personal_data: `@PersonalData.entitySemantics`.
        data_subject_role: `@PersonalData.dataSubjectRole`.
    """

    language: str = "en"
    labels: tuple[tuple[str, str], ...] = ()
    description: str = ""
    folder: str = ""
    deployed: bool = True
    associations: tuple[DesignAssociation, ...] = ()
    reads: tuple[Select, ...] = ()
    sql: str = ""
    measures: tuple[Measure, ...] = ()
    remote: Remote | None = None
    flow_reads: tuple[FlowSource, ...] = ()
    flow_writes: tuple[FlowTarget, ...] = ()
    replication: Replication | None = None
    steps: tuple[ChainStep, ...] = ()
    access_controls: tuple[AccessControl, ...] = ()
    personal_data: str = ""
    data_subject_role: str = ""

    def measure(self, column: str) -> Measure | None:
        return next((measure for measure in self.measures if measure.column == column), None)

    def association(self, name: str) -> DesignAssociation | None:
        return next((each for each in self.associations if each.name == name), None)


NO_DESIGN = Design()
NO_COLUMN_DESIGN = ColumnDesign()


def design_to_json(design: Design | ColumnDesign) -> dict[str, JsonValue]:
    """The JSON form; empty where everything has its default."""
    document: dict[str, JsonValue]
    if isinstance(design, Design):
        document = _objects().dump_python(design, mode="json", exclude_defaults=True)
    else:
        document = _columns().dump_python(design, mode="json", exclude_defaults=True)
    return document


def design_from_json(document: JsonValue) -> Design:
    """Read what `design_to_json` wrote of an object.

    Raises:
        UsageError: the document has another shape.
    """
    return _read(_objects(), document)


def column_design_from_json(document: JsonValue) -> ColumnDesign:
    """Read what `design_to_json` wrote of a column.

    Raises:
        UsageError: the document has another shape.
    """
    return _read(_columns(), document)


def _read(adapter: TypeAdapter[_T], document: JsonValue) -> _T:
    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise UsageError(f"{where or 'the design'!r} is no part of a design: {first['msg']}.") from error


@cache
def _objects() -> TypeAdapter[Design]:
    return TypeAdapter(Design)


@cache
def _columns() -> TypeAdapter[ColumnDesign]:
    return TypeAdapter(ColumnDesign)
