"""What CSN says of the landscape's objects, laid over them: a short notation for designs.

A path is written `ALIAS.COLUMN`; the alias of a source is what stands behind the last dot of its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spheresync.dog.design import (
    ColumnDesign,
    Design,
    DesignAssociation,
    Join,
    Path,
    Pick,
    Remote,
    Select,
    SourceObject,
    Use,
)
from spheresync.dog.objects import DogColumn, DogObject, DogSpace
from spheresync.model import AssetKind

ColumnDesigns = Mapping[str, ColumnDesign]


def designed(
    space: DogSpace, designs: Mapping[str, Design], columns: Mapping[str, ColumnDesigns], *more: DogObject
) -> DogSpace:
    """The space with designs of its objects and of their columns, and with more objects behind them."""
    known = {item.name for item in (*space.objects, *more)}
    if unknown := sorted((designs.keys() | columns.keys()) - known):
        raise ValueError(f"{space.name} has no {', '.join(unknown)}")
    objects = (*space.objects, *more)
    return replace(
        space, objects=tuple(_designed(item, designs.get(item.name), columns.get(item.name, {})) for item in objects)
    )


def under(space: DogSpace, view: str, name: str, label: str, *, remote: Remote | None = None) -> DogObject:
    """A local or remote table with the columns of a view."""
    found = space.find(view)
    if found is None:
        raise ValueError(f"{space.name} has no {view}")
    columns = tuple(
        DogColumn(each.name, each.type, each.label, key=each.key, nullable=each.nullable) for each in found.columns
    )
    kind = AssetKind.LOCAL_TABLE if remote is None else AssetKind.REMOTE_TABLE
    return DogObject(kind, name, label, columns, exposed=False, design=Design(remote=remote))


def reads(source: str, *joins: Join, space: str = "", distinct: bool = False, **picks: str) -> Select:
    """A SELECT of a source; `picks` are columns with their paths."""
    return picked(source, {column: path_of(text) for column, text in picks.items()}, *joins, space=space, dist=distinct)


def picked(source: str, picks: Mapping[str, Path | Pick], *joins: Join, space: str = "", dist: bool = False) -> Select:
    """As `reads`, for columns whose names are no identifiers, and for calculated ones."""
    made = tuple(each if isinstance(each, Pick) else Pick(column, each) for column, each in picks.items())
    return Select(SourceObject(source, space=space), joins, made, dist)


def join(source: str, *pairs: str, how: str = "inner", space: str = "") -> Join:
    """A further source; a pair reads `A.X = B.Y`."""
    on = tuple((path_of(left), path_of(right)) for left, _, right in (pair.partition(" = ") for pair in pairs))
    return Join(SourceObject(source, space=space), on, how)


def calculated(column: str, function: str, *arguments: str) -> Pick:
    """A column made by a function or an operator."""
    return Pick(column, function=function, arguments=tuple(path_of(text) for text in arguments))


def path_of(text: str) -> Path:
    alias, _, column = text.strip().partition(".")
    return (alias, column) if column else (alias,)


def to(target: str, *pairs: str, name: str = "", space: str = "", use: Use = Use.FOREIGN_KEY) -> DesignAssociation:
    """An association; a pair reads `OWN = FAR`, or `BOTH` where they have one name."""
    columns = tuple(
        (own.strip(), far.strip() or own.strip()) for own, _, far in (pair.partition("=") for pair in pairs)
    )
    return DesignAssociation(name or f"_{target.rpartition('.')[2]}", target, columns, space, use)


def translated(language: str, **labels: str) -> dict[str, ColumnDesign]:
    """Labels of columns in another language."""
    return {column: ColumnDesign(labels=((language, label),)) for column, label in labels.items()}


def both(*each_of: Mapping[str, ColumnDesign]) -> dict[str, ColumnDesign]:
    """What several say of the same columns, together; of one fact the later counts."""
    found: dict[str, ColumnDesign] = {}
    for columns in each_of:
        for name, design in columns.items():
            before = found.get(name)
            found[name] = design if before is None else replace(design, labels=design.labels or before.labels)
    return found


def _designed(item: DogObject, design: Design | None, columns: ColumnDesigns) -> DogObject:
    if unknown := sorted(columns.keys() - {column.name for column in item.columns}):
        raise ValueError(f"{item.name} has no {', '.join(unknown)}")
    made = tuple(
        replace(column, design=columns[column.name]) if column.name in columns else column for column in item.columns
    )
    return replace(item, columns=made, design=design or item.design)
