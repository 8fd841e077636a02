"""How an asset relates to others: associations, foreign keys, and what its columns are made from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spheresync.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Association:
    """A relation to another object that a reader can follow; no data flows along it by itself.

    `target` is the object as the document names it: `NAME`, or `SPACE.NAME` where another space shares it. `columns`
    pairs own columns with those of the target, as far as the condition is of such equalities; `exact` says that it is
    nothing else.
    """

    name: str
    target: str
    columns: tuple[tuple[str, str], ...] = ()
    exact: bool = True
    composition: bool = False
    to_many: bool = False
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that hold a key of another object, by the association that says so."""

    association: str
    target: str
    columns: tuple[tuple[str, str], ...]  # (own column, column of the target)


class Derivation(StrEnum):
    """How a column's values come from another column's."""

    DIRECT = "direct"
    CALCULATED = "calculated"
    AGGREGATED = "aggregated"


class Reads(StrEnum):
    """How an object comes into the data of another."""

    QUERY = "query"  # selected from
    JOIN = "join"
    UNION = "union"
    FILTER = "filter"  # only decides which rows there are
    ASSOCIATION = "association"  # followed by a path expression
    FLOW = "flow"  # a data or transformation flow writes it
    REPLICATION = "replication"
    REMOTE = "remote"  # a remote table of a connection


@dataclass(frozen=True, slots=True)
class ObjectOrigin:
    """An object that another one reads, as the document names it."""

    object: str
    how: Reads
    task: str = ""  # of a flow with several: what is read in a task is written in that task


@dataclass(frozen=True, slots=True)
class WrittenColumn:
    """A column of another object that a flow fills; the rest as of `ColumnOrigin`."""

    object: str
    column: str
    objects: tuple[str, ...]
    path: tuple[str, ...]
    how: Derivation


@dataclass(frozen=True, slots=True)
class ColumnOrigin:
    """A column that another one is made from.

    `objects` are those that it may be of: several where a query names a column without its table, of which those count
    that have one. `path` leads from there to the column, over associations where it has several steps.
    """

    column: str
    objects: tuple[str, ...]
    path: tuple[str, ...]
    how: Derivation


@dataclass(frozen=True, slots=True)
class AssociationPath:
    """Associations that are followed one behind the other, from one of `objects`, whatever is read at their end."""

    objects: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origins:
    """What an object is made from, and what a flow makes.

    Attributes:
        objects: what it reads.
        columns: what its columns come from.
        writes: what a flow fills.
        written: what the columns of that come from.
        runs: what a task chain runs.
        unknown: for people, what could not be followed.
        paths: the associations on the way, which only the definitions of those objects lead anywhere.
    """

    objects: tuple[ObjectOrigin, ...] = ()
    columns: tuple[ColumnOrigin, ...] = ()
    writes: tuple[ObjectOrigin, ...] = ()
    written: tuple[WrittenColumn, ...] = ()
    runs: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    paths: tuple[AssociationPath, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every object that the document names as read, written or run."""
        return tuple(sorted({*(each.object for each in (*self.objects, *self.writes)), *self.runs}))

    @property
    def followed(self) -> tuple[AssociationPath, ...]:
        """The associations that are followed, whether to a column that is made of it or only to decide on rows."""
        told: tuple[ColumnOrigin | WrittenColumn, ...] = (*self.columns, *self.written)
        of_columns = (AssociationPath(each.objects, each.path[:-1]) for each in told if len(each.path) > 1)
        return tuple(dict.fromkeys((*of_columns, *self.paths)))


OUTSIDE = "connection:"
"""Begins the name of an object that a connection leads to: `connection:NAME/OBJECT`."""
